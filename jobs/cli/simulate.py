"""Command line of `apicensus simulate`; jobs/simulate.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from jobs.cli import command
from pipelines.workflows.run import start_run


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the traffic and the truth.", metavar="DIR")],
    hosts: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Number of sites. Default: simulator.hosts.")
    ] = None,
    transactions: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of transactions. Default: simulator.transactions."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The same seed gives the same bytes. Default: simulator.seed."),
    ] = None,
    format: Annotated[
        Literal["logpush", "har", "combined"], typer.Option(help="Log format of the traffic.")
    ] = "logpush",
    settings: command.SettingsFile = None,
    as_json: command.AsJson = False,
) -> None:
    """Writes labelled traffic of simulated sites, for tests and training.

    The traffic is Logpush NDJSON, HAR or access logs. The truth goes to truth.csv.gz, endpoints.csv, params.csv and hosts.csv,
    and the session identifiers of the hosts to settings.yaml, ready for --settings.

    \b
    Examples:
      apicensus simulate --out traffic
      apicensus simulate --out traffic --hosts 100 --transactions 1000000 --format har
    """
    run = start_run("simulate", settings, ".", as_json, writes=False)
    from jobs.simulate import write_simulated

    write_simulated(run, out, hosts=hosts, transactions=transactions, seed=seed, format=format)


main = command.as_program(simulate)
