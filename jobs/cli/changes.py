"""Command line of `apicensus changes`; jobs/changes.py does the work."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.selection.variant import Variant
from pipelines.workflows.run import start_run


def changes(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for changes.ndjson and the documents before and after.", metavar="DIR"),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish the current state; later runs compare with it.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Compare with the state of this day instead; nothing is stored.",
            formats=["%Y-%m-%d"],
            metavar="DAY",
        ),
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(help="POST new findings to this address. Default: changes.webhook.", metavar="URL"),
    ] = None,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit with code 1 if a change is breaking.")
    ] = False,
    variant: Annotated[Variant, typer.Option(help="Variant whose endpoints are compared.")] = "ml",
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Lists the changes since the last published documents.

    Each change has its first day, the requests and clients that show it, whether it is more than chance, and whether it is
    breaking. The first run publishes the current state, and so does every run with --accept. Run it after `learn`;
    docs/changes.md explains each column.

    \b
    Examples:
      apicensus changes
      apicensus changes --out refreshed --fail-on-findings
      apicensus changes --accept --webhook https://hooks.example.com/census
      apicensus changes --since 2026-06-01 --out june
    """
    run = start_run("changes", settings, warehouse, as_json, reads="state")
    if since is not None and (accept or webhook):
        raise typer.BadParameter("--since looks back, so it cannot be combined with --accept or --webhook")
    from jobs.changes import report_changes

    report_changes(run, variant, since.date() if since else None, out, webhook, accept=accept)
    if fail_on_findings and run.summary.get("breaking"):
        raise typer.Exit(1)


main = command.as_program(changes)
