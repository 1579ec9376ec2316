"""Command line of `apicensus report`; jobs/report.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.workflows.run import start_run


def report(
    out: Annotated[Path, typer.Option("--out", help="HTML file to write.", metavar="FILE")],
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Writes one HTML page about everything in the warehouse.

    It has a searchable inventory, the comparison of both variants, the learned schemas and the reasons for quarantine. The
    page is a single file and needs no network.

    \b
    Examples:
      apicensus report --out report.html
      apicensus report --out report.html --warehouse /data/census
    """
    run = start_run("report", settings, warehouse, as_json, writes=False, reads="state")
    from jobs.report import write_report

    run.finish(report=str(write_report(run, out)))


main = command.as_program(report)
