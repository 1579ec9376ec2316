"""Files or directories → tables transactions and quarantine."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipelines import cli
from pipelines.errors import QualityError
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
    for problem in done.refused:
        run.reporter.note(f"  not ingested: {problem}")
    for problem in done.unreadable:
        run.reporter.note(f"  unreadable, left out: {problem}")
    for warning in done.warnings:
        run.reporter.note(f"  data quality: {warning}")
    if done.not_requests:
        reasons = ", ".join(f"{times:,} {why}" for why, times in sorted(done.not_requests.items()))
        run.reporter.note(f"  entries that never were requests: {reasons}")
    return done


def left_out(done: Ingested) -> dict[str, Any]:
    """What did not become transactions, for the summary of a command."""
    return {
        "quarantined": done.quarantined,
        "not_requests": sum(done.not_requests.values()),
        "not_requests_by_reason": dict(done.not_requests),
        "files_not_ingested": list(done.refused),
    }


def notice_refused(done: Ingested) -> None:
    """Ends the command with the exit code of a batch that failed its checks where files did, so that a schedule notices."""
    if done.refused:
        raise typer.Exit(QualityError.exit_code)


def ingest(
    inputs: cli.Inputs,
    format: cli.Format = "auto",
    host: cli.Host = None,
    data_docs: Annotated[
        Path | None, typer.Option(help="Write Great Expectations Data Docs there.", metavar="DIR")
    ] = None,
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
) -> None:
    """Reads HAR, Logpush NDJSON and Apache/nginx combined logs into the tables transactions and quarantine.

    Every record becomes a transaction or is quarantined with its source, line and reasons. The same file twice adds nothing.
    A file of which most would be quarantined is not ingested, said first, and the exit code is 3; other files are.

    \b
    Examples:
      apicensus ingest access.log.gz --host shop.example.com
      apicensus ingest captures/ 'logs/2026-11-*.ndjson.gz' --warehouse /data/census
    """
    run = cli.start("ingest", settings, warehouse, as_json)
    done = ingest_inputs(run, inputs, format, host, data_docs)
    run.finish(
        files=done.files,
        files_known=done.known,
        records=done.records,
        valid=done.valid,
        **left_out(done),
        warnings=list(done.warnings),
        data_docs=data_docs,
        warehouse=warehouse,
    )
    notice_refused(done)


main = cli.command(ingest)

if __name__ == "__main__":
    sys.exit(main())
