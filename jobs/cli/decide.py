"""Command line of `apicensus decide`; jobs/decide.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.decisions.file import read_decisions
from pipelines.workflows.run import start_run


def decide(
    file: Annotated[Path | None, typer.Argument(help="YAML file with the decisions.", metavar="FILE")] = None,
    show_stored: Annotated[
        bool, typer.Option("--show", help="Print the stored decisions as YAML (without FILE).")
    ] = False,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Stores operators' decisions on paths and endpoints.

    Decisions say, for example, which path segments are variables and which endpoints to list.

    The file replaces all earlier decisions; they apply to every later `discover`. Kinds: pin, split, merge, never_template,
    rename, ignore, save, host_alias.

    \b
    Examples:
      apicensus decide decisions.yaml
      apicensus decide --show --warehouse /data/census > decisions.yaml
    """
    if (file is None) != show_stored:
        raise typer.BadParameter("give either a FILE with decisions or --show")
    run = start_run("decide", settings, warehouse, as_json, writes=file is not None, reads="state")
    decisions = () if file is None else read_decisions(file)
    from jobs.decide import print_decisions, store_decisions

    if file is None:
        print_decisions(run)
        return
    counts = store_decisions(run, decisions)
    run.reporter.note("  the next `apicensus discover` applies them")
    run.finish(**counts, warehouse=warehouse)


main = command.as_program(decide)
