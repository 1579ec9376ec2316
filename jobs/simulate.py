"""Labelled traffic of declared sites."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from datetime import date
from typing import Annotated, Literal

import typer

from pipelines import cli
from pipelines import settings as settings_module
from pipelines.progress import Reporter
from pipelines.simulator.writers import simulate as write_traffic


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for traffic and truth.", metavar="DIR")],
    hosts: Annotated[int | None, typer.Option(min=1, help="Sites. Default: simulator.hosts.")] = None,
    transactions: Annotated[int | None, typer.Option(min=1, help="Default: simulator.transactions.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same seed, same bytes. Default: simulator.seed.")
    ] = None,
    format: Annotated[
        Literal["logpush", "har", "combined"], typer.Option(help="Form of the traffic.")
    ] = "logpush",
    settings: cli.SettingsFile = None,
    as_json: cli.AsJson = False,
) -> None:
    """Writes labelled traffic of declared sites: NDJSON, HAR or access logs, with the truth beside it.

    Besides the traffic: truth.csv.gz, endpoints.csv, params.csv, hosts.csv, and settings.yaml with the session
    identifiers of the hosts, ready for --settings.

    \b
    Examples:
      apicensus simulate --out traffic
      apicensus simulate --out traffic --hosts 100 --transactions 1000000 --format har
    """
    chosen = settings_module.load(settings).simulator
    run = cli.start("simulate", settings, ".", as_json, writes=False)
    with Reporter().stage(f"Writing {transactions or chosen.transactions:,} transactions"):
        made = write_traffic(
            out,
            hosts=hosts or chosen.hosts,
            transactions=transactions or chosen.transactions,
            seed=chosen.seed if seed is None else seed,
            days=chosen.days,
            end_date=date.fromisoformat(chosen.end_date),
            format=format,
        )
    run.finish(
        hosts=made.hosts, transactions=made.transactions, api=made.api, endpoints=made.endpoints, out=str(out)
    )


main = cli.command(simulate)

if __name__ == "__main__":
    sys.exit(main())
