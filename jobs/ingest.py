"""Files or directories → tables transactions and quarantine."""

from __future__ import annotations

import sys
from pathlib import Path

# as a script: modules are found from the repository's root, and arguments are read before anything else is imported
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from datetime import UTC, datetime

from pipelines import cli
from pipelines.transactions.ingest import Ingested
from pipelines.transactions.ingest import ingest as ingest_files
from pipelines.transactions.inputs import find_inputs

SHOWN = 20  # files left out that are named; a folder of photographs must not bury the rest


def ingest_inputs(
    run: cli.Run, inputs: list[str], format: str, host: str | None, docs: Path | None = None
) -> Ingested:
    """Finds, checks and adds the inputs; notes what was left out."""
    found = find_inputs(inputs, format, run.settings.ingest.unreadable_files)
    settings = run.settings
    if host:
        settings = settings.model_copy(
            update={"ingest": settings.ingest.model_copy(update={"default_host": host})}
        )
    for path, why in found.skipped[:SHOWN]:
        run.reporter.note(f"  left out: {path}: {why}")
    if len(found.skipped) > SHOWN:
        run.reporter.note(f"  left out: {len(found.skipped) - SHOWN:,} more files")
    warehouse = run.warehouse
    with run.reporter.stage(f"Reading {len(found.files):,} files") as outcome:
        done = ingest_files(warehouse, found.files, settings, now=datetime.now(UTC), docs=docs)
        outcome.append(
            f"{done.valid:,} transactions, {done.quarantined:,} quarantined, {done.known:,} files known already"
        )
    for problem in done.unreadable:
        run.reporter.note(f"  unreadable, left out: {problem}")
    for warning in done.warnings:
        run.reporter.note(f"  data quality: {warning}")
    return done
