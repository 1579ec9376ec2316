"""Command line of `apicensus ingest`; jobs/ingest.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.workflows.run import start_run


def ingest(
    inputs: command.Inputs,
    format: command.Format = "auto",
    host: command.Host = None,
    data_docs: Annotated[
        Path | None, typer.Option(help="Write Great Expectations Data Docs to this folder.", metavar="DIR")
    ] = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Reads HAR, Logpush (NDJSON) and Apache/nginx combined logs into the warehouse.

    Every record goes to table transactions, or to table quarantine with its source, line and reasons. Reading the same file
    again adds nothing. A file most of whose records would be quarantined is not ingested: it is reported, the other files are
    ingested, and the exit code is 3.

    \b
    Examples:
      apicensus ingest access.log.gz --host shop.example.com
      apicensus ingest captures/ 'logs/2026-11-*.ndjson.gz' --warehouse /data/census
    """
    run = start_run("ingest", settings, warehouse, as_json, inputs=inputs, reads="nothing")
    from jobs.ingest import count_left_out, exit_if_refused, ingest_inputs

    done = ingest_inputs(run, inputs, format, host, data_docs)
    run.finish(
        files=done.files,
        files_known=done.unchanged,
        records=done.records,
        valid=done.valid,
        repeated=done.repeated,
        **count_left_out(done),
        warnings=list(done.warnings),
        data_docs=data_docs,
        warehouse=warehouse,
    )
    exit_if_refused(done)


main = command.as_program(ingest)
