"""Operators' decisions on paths, endpoints and hosts: a file under version control → the warehouse."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from pipelines import cli
from pipelines.decisions.file import plain, read, written
from pipelines.decisions.model import KINDS, Decision
from pipelines.decisions.table import store, stored


def store_decisions(run: cli.Run, decisions: Sequence[Decision]) -> dict[str, int]:
    """Rewrites table decisions; returns the counts for the summary, of the kinds that occur."""
    counts = Counter(decision.kind for decision in decisions)
    warehouse = run.warehouse
    with run.reporter.stage("Storing the decisions") as outcome:
        store(decisions, warehouse)
        outcome.append(f"{len(decisions):,} in place of all before")
    return {"decisions": len(decisions), **{kind: counts[kind] for kind in KINDS if counts[kind]}}


def show(run: cli.Run) -> None:
    """Prints the stored decisions: as a file that `decide` takes, or in the JSON summary."""
    decisions = stored(run.warehouse)
    if run.as_json:
        run.finish(decisions=[plain(decision) for decision in decisions])
    else:
        sys.stdout.write(written(decisions))


def decide(
    file: Annotated[Path | None, typer.Argument(help="YAML with the decisions.", metavar="FILE")] = None,
    show_stored: Annotated[
        bool, typer.Option("--show", help="Print the stored decisions as YAML; without FILE.")
    ] = False,
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
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
    run = cli.start("decide", settings, warehouse, as_json, writes=file is not None)
    if file is None:
        show(run)
        return
    counts = store_decisions(run, read(file))
    run.reporter.note("  the next `apicensus discover` applies them")
    run.finish(**counts, warehouse=warehouse)


main = cli.command(decide)

if __name__ == "__main__":
    sys.exit(main())
