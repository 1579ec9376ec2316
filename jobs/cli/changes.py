"""Arguments of `apicensus changes`; the work is done by jobs/changes.py."""

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
        typer.Option("--out", help="Folder for changes.ndjson and both documents.", metavar="DIR"),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Then publish what was found: later runs compare with it.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(help="Compare with that day instead; stores nothing.", formats=["%Y-%m-%d"]),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(help="POST new findings there. Default: changes.webhook.", metavar="URL")
    ] = None,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit code 1 where a change is breaking.")
    ] = False,
    variant: Annotated[Variant, typer.Option(help="Whose endpoints are compared.")] = "ml",
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Says what changed since the published documents: since when, for whom, more than chance or not, breaking or not.

    The first run publishes what there is; `--accept` does so again. Run it after `learn`. docs/changes.md explains each column.

    \b
    Examples:
      apicensus changes
      apicensus changes --out refreshed --fail-on-findings
      apicensus changes --accept --webhook https://hooks.example.com/census
      apicensus changes --since 2026-06-01 --out june
    """
    run = start_run("changes", settings, warehouse, as_json, reads="state")
    if since is not None and (accept or webhook):
        raise typer.BadParameter("--since looks back: it goes with neither --accept nor --webhook")
    from jobs.changes import report_changes

    report_changes(run, variant, since.date() if since else None, out, webhook, accept=accept)
    if fail_on_findings and run.summary.get("breaking"):
        raise typer.Exit(1)


main = command.as_program(changes)
