"""Arguments of `apicensus decide`; the work is done by jobs/decide.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.decisions.file import read_decisions
from pipelines.workflows.run import start_run


def decide(
    file: Annotated[Path | None, typer.Argument(help="YAML with the decisions.", metavar="FILE")] = None,
    show_stored: Annotated[
        bool, typer.Option("--show", help="Print the stored decisions as YAML; without FILE.")
    ] = False,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Takes operators' decisions (which segments are variables and their names, what to list) into the warehouse.

    The file replaces all decisions before; the next discover applies them, however often it learns anew. Kinds: pin,
    split, merge, never_template, rename, ignore, save, host_alias.

    \b
    Examples:
      apicensus decide decisions.yaml
      apicensus decide --show --warehouse /data/census > decisions.yaml
    """
    if (file is None) != show_stored:
        raise typer.BadParameter("give either a FILE of decisions or --show")
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
