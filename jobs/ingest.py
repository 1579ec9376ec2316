"""Reads files into the tables transactions and quarantine."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from pipelines.runtime.errors import QualityError
from pipelines.transactions.inputs.scan import Limits
from pipelines.transactions.inputs.spark.files import Inputs, find_inputs
from pipelines.transactions.spark.publication import IngestResult
from pipelines.transactions.spark.publication import ingest as ingest_files
from pipelines.workflows.run import Run

MAX_FILES_SHOWN = (
    20  # skipped files listed by name, so that a folder of photographs does not hide the other messages
)


def find_files(run: Run, inputs: Sequence[str], format: str) -> Inputs:
    """Finds the files that the arguments name, within the limits of the settings.

    Skipped files are listed in the summary.
    """
    ingest = run.settings.ingest
    located = find_inputs(
        inputs,
        format,
        ingest.unreadable_files,
        limits=Limits(ingest.line_max_bytes, ingest.unpacked_max_bytes),
        spark=lambda: run.warehouse.spark,
    )
    run.summary["left_out"] = [{"file": path, "reason": why} for path, why in located.skipped]
    return located


def ingest_inputs(
    run: Run, inputs: list[str], format: str, host: str | None, docs: Path | None = None
) -> IngestResult:
    """Finds, checks and adds the inputs; notes report what was skipped."""
    located = find_files(run, inputs, format)
    settings = run.settings
    if host:
        settings = settings.model_copy(
            update={"ingest": settings.ingest.model_copy(update={"default_host": host})}
        )
    for path, why in located.skipped[:MAX_FILES_SHOWN]:
        run.reporter.note(f"  skipped: {path}: {why}")
    if len(located.skipped) > MAX_FILES_SHOWN:
        run.reporter.note(f"  skipped: {len(located.skipped) - MAX_FILES_SHOWN:,} more files")
    warehouse = run.warehouse
    with run.reporter.stage(f"Reading {len(located.files):,} files") as outcome:
        done = ingest_files(warehouse, located.files, settings, now=datetime.now(UTC), docs=docs)
        outcome.append(
            f"{done.valid:,} transactions, {done.quarantined:,} quarantined, {done.unchanged:,} files already ingested"
            + (f", {done.repeated:,} records already ingested" if done.repeated else "")
        )
    for note in done.notes:
        run.reporter.note(f"  {note}")
    for problem in done.refused:
        run.reporter.note(f"  not ingested: {problem}")
    for problem in done.unreadable:
        run.reporter.note(f"  unreadable, skipped: {problem}")
    for warning in done.warnings:
        run.reporter.note(f"  data quality: {warning}")
    if done.not_requests:
        reasons = ", ".join(f"{times:,} {why}" for why, times in sorted(done.not_requests.items()))
        run.reporter.note(f"  entries that are not requests: {reasons}")
    return done


def count_left_out(done: IngestResult) -> dict[str, Any]:
    """Counts the records and files that did not become transactions, for the summary."""
    return {
        "quarantined": done.quarantined,
        "not_requests": sum(done.not_requests.values()),
        "not_requests_by_reason": dict(done.not_requests),
        "files_not_ingested": list(done.refused),
    }


def exit_if_refused(done: IngestResult) -> None:
    """Exits with the code of failed checks if files were refused.

    A scheduler notices the failure by it.

    Raises:
        typer.Exit: files were refused.
    """
    if done.refused:
        raise typer.Exit(QualityError.exit_code)
