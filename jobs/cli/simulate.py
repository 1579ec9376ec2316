"""Arguments of `apicensus simulate`; the work is done by jobs/simulate.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from jobs.cli import command
from pipelines.workflows.run import start_run


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
    settings: command.SettingsFile = None,
    as_json: command.AsJson = False,
) -> None:
    """Writes labelled traffic of declared sites: NDJSON, HAR or access logs, with the truth beside it.

    Besides the traffic: truth.csv.gz, endpoints.csv, params.csv, hosts.csv, and settings.yaml with the session
    identifiers of the hosts, ready for --settings.

    \b
    Examples:
      apicensus simulate --out traffic
      apicensus simulate --out traffic --hosts 100 --transactions 1000000 --format har
    """
    run = start_run("simulate", settings, ".", as_json, writes=False)
    from jobs.simulate import write_simulated

    write_simulated(run, out, hosts=hosts, transactions=transactions, seed=seed, format=format)


main = command.as_program(simulate)
