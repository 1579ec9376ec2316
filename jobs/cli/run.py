"""Arguments of `apicensus run`; the work is done by jobs/run.py."""

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
        str | None, typer.Option(help="Root of the tables. Default: OUT/warehouse.", metavar="DIR")
    ] = None,
    as_json: command.AsJson = False,
) -> None:
    """Reads traffic and writes what is in it: endpoints, schemas, OpenAPI documents, comparison, report.

    Nothing needs to be configured. Session identifiers (selection.sessions) add the comparison with discovery by session.

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
