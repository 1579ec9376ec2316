"""Command line of `apicensus discover`; jobs/discover.py does the work."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from jobs.cli import command
from pipelines.workflows.run import start_run


def discover(
    inputs: command.OptionalInputs = None,
    variant: Annotated[
        Literal["ml", "session", "both"], typer.Option(help="How API calls are recognised.")
    ] = "both",
    days: command.Days = None,
    since: command.Since = None,
    full: command.Full = False,
    format: command.Format = "auto",
    host: command.Host = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Finds the API endpoints in the warehouse's transactions.

    With INPUT, the files are ingested first.

    Variant ml needs no configuration: a classifier gives every transaction a probability, and an endpoint is rated by all of
    its transactions, each client counted once a day. Variant session takes the transactions that carry the header, cookie or
    JWT claim that selection.sessions names for their host.

    Only days with new or changed traffic are read. Another model or other session identifiers change all days.

    \b
    Examples:
      apicensus discover
      apicensus discover access.ndjson.gz --variant ml
      apicensus discover --days 2026-06-01 --days 2026-06-02
      apicensus discover --full
      apicensus discover --variant both --settings sessions.yaml --warehouse /data/census
    """
    choice = command.choose_days(days, since, full)
    run = start_run(
        "discover",
        settings,
        warehouse,
        as_json,
        inputs=inputs or (),
        reads="all" if choice.is_by_hand else "unscored",
    )
    from jobs.discover import VARIANTS, discover_endpoints
    from jobs.ingest import exit_if_refused, ingest_inputs

    done = ingest_inputs(run, inputs, format, host) if inputs else None
    run.finish(**discover_endpoints(run, VARIANTS[variant], choice), warehouse=warehouse)
    if done is not None:
        exit_if_refused(done)


main = command.as_program(discover)
