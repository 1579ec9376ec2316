"""Command line of `apicensus run`; jobs/run.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.workflows.run import ensure_writable, start_run


def run(
    inputs: command.Inputs,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for documents, lists and the report.", metavar="DIR")
    ],
    format: command.Format = "auto",
    host: command.Host = None,
    settings: command.SettingsFile = None,
    warehouse: Annotated[
        str | None,
        typer.Option(help="Folder or URI of the Delta tables. Default: OUT/warehouse.", metavar="DIR"),
    ] = None,
    as_json: command.AsJson = False,
) -> None:
    """Runs the whole pipeline, from log files to OpenAPI documents and a report.

    The steps are ingest, discover, learn, compare, export and report. No configuration is needed; with session identifiers
    (selection.sessions), the two variants can be compared.

    \b
    Examples:
      apicensus run access.ndjson.gz --out found
      apicensus run captures/ 'logs/*.log.gz' --out found --host shop.example.com
      apicensus run traffic/ --out found --settings traffic/settings.yaml --json
    """
    this = start_run(
        "run", settings, warehouse or str(out / "warehouse"), as_json, inputs=inputs, reads="unlearned"
    )
    ensure_writable(str(out), "--out")
    from jobs.run import run_everything

    run_everything(this, inputs, out, format, host)


main = command.as_program(run)
