"""Finds the changes since the last publication: table changes, documents, notices."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

import os
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console

from pipelines.changes import notifications
from pipelines.changes.spark import summary
from pipelines.changes.spark.changes import Evidence, collect_changes, find_changed_schemas
from pipelines.changes.spark.documents import write_before_and_after, write_first_documents
from pipelines.changes.spark.inventories import find_inactive_endpoints
from pipelines.changes.tables import (
    CHANGES,
    NOTICES,
    PUBLISHED,
    UNNUMBERED,
    build_publication,
    build_publication_as_of,
)
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.tables import ENDPOINT_SLICES
from pipelines.schemas.tables import PARAMETER_SLICES, SCHEMAS
from pipelines.selection.variant import Variant
from pipelines.workflows.inventory import read_inventory, read_listed_endpoints
from pipelines.workflows.run import Run

CHANGES_FILE = "changes.ndjson"


@dataclass(frozen=True, slots=True)
class FoundChanges:
    """The changes since publication `number`, with the data they were found in.

    `schema_changes` are the changed schemas, `inactive` the inactive endpoints, `rows` those of table changes.
    """

    number: int
    evidence: Evidence
    schema_changes: DataFrame
    inactive: DataFrame
    rows: DataFrame


def load_evidence(run: Run, variant: Variant, since: date | None) -> tuple[Evidence, int]:
    """Loads the data of one variant.

    Returns:
        The data, and the number of the publication; 0 if nothing was published yet, or if `since` is given.
    """
    warehouse = run.warehouse  # starts the session, which columns need
    of_variant = F.col("variant") == variant
    listed = read_listed_endpoints(run).where(of_variant).localCheckpoint()
    stored = PUBLISHED.read(warehouse).where(of_variant)
    schemas, slices, parameters = (
        table.read(warehouse).where(of_variant) for table in (SCHEMAS, ENDPOINT_SLICES, PARAMETER_SLICES)
    )
    published = stored if since is None else build_publication_as_of(since, listed, schemas)
    number = published.agg(F.max("publication")).collect()[0][0] or UNNUMBERED
    return Evidence(published, listed, schemas, slices, parameters), number


def find_changes(run: Run, variant: Variant, evidence: Evidence, number: int) -> FoundChanges:
    """Finds the changes and rewrites the rows of this publication in table changes.

    The changes since a day in the past are not stored.
    """
    with run.reporter.stage("Comparing with the published state") as outcome:
        schema_changes = find_changed_schemas(evidence).localCheckpoint()
        inactive = find_inactive_endpoints(
            evidence.published, evidence.inventory, evidence.endpoint_slices, run.settings.changes
        ).localCheckpoint()
        rows = collect_changes(evidence, schema_changes, inactive, run.settings.changes)
        rows = rows.withColumn("publication", F.lit(number)).localCheckpoint()
        if number != UNNUMBERED:
            CHANGES.replace(rows, run.warehouse, f"variant = '{variant}' AND publication = {number}")
        counts = summary.count_changes(rows)
        run.summary.update(counts)
        outcome.append(f"{counts['changes']:,} changes, {counts['breaking']:,} breaking")
    return FoundChanges(number, evidence, schema_changes, inactive, rows)


def write_changes(run: Run, variant: Variant, found: FoundChanges, out: Path) -> int:
    """Writes changes.ndjson, and the documents of each host that changed.

    The documents are those before and after the changes.

    Returns:
        The number of documents.
    """
    with run.reporter.stage("Writing changes and documents") as outcome:
        rows = found.rows.orderBy(*summary.ORDER).toLocalIterator()
        lines = notifications.write_lines(map(summary.to_json_values, rows), out / CHANGES_FILE)
        documents = write_before_and_after(
            with_reasons(run, found.evidence),
            found.schema_changes,
            found.inactive.select(*ENDPOINT_KEY),
            found.rows.select("host").distinct(),
            out,
            run.settings.export,
            variant,
        )
        outcome.append(f"{lines:,} changes, {len(documents):,} documents")
    return len(documents)


def with_reasons(run: Run, evidence: Evidence) -> Evidence:
    """Adds the reasons of the endpoints, which documents include."""
    listed = evidence.inventory.select(*ENDPOINT_KEY)
    return replace(evidence, inventory=read_inventory(run).join(listed, [*ENDPOINT_KEY], "left_semi"))


def send_notices(run: Run, variant: Variant, found: FoundChanges, hook: notifications.Webhook) -> int:
    """POSTs the changes that were not delivered before.

    Each accepted batch is recorded in table notices.

    Returns:
        The number of delivered changes.

    Raises:
        DeliveryError: a batch was not accepted; the next run sends the rest.
    """
    with run.reporter.stage(f"Sending to {hook.public_address}") as outcome:
        delivered = NOTICES.read(run.warehouse)
        of_this = (F.col("variant") == variant) & (F.col("publication") == found.number)
        fresh = found.rows.where(summary.is_finding()).join(delivered.where(of_this), "id", "left_anti")
        sent = 0
        changes = map(summary.to_json_values, fresh.orderBy(*summary.ORDER).toLocalIterator())
        for batch in notifications.split_batches(changes, hook.settings.webhook_batch):
            notifications.post_batch(hook, batch)
            ids = [(variant, found.number, str(change["id"])) for change in batch]
            NOTICES.append(
                run.warehouse.spark.createDataFrame(ids, NOTICES.schema).coalesce(1), run.warehouse
            )
            sent += len(batch)
        outcome.append(f"{sent:,} changes")
    return sent


def publish(run: Run, variant: Variant, evidence: Evidence, number: int) -> int:
    """Publishes the current inventory and schemas; returns the number of endpoints."""
    with run.reporter.stage("Publishing") as outcome:
        rows = build_publication(evidence.inventory, evidence.schemas, evidence.endpoint_slices, number)
        PUBLISHED.replace(rows, run.warehouse, f"variant = '{variant}'")
        count = evidence.inventory.count()
        outcome.append(f"publication {number} with {count:,} endpoints")
    return count


def publish_first(run: Run, variant: Variant, evidence: Evidence, out: Path | None) -> None:
    """Publishes for the first time, with nothing to compare with.

    The folder gets an empty changes.ndjson and the documents of the publication.
    """
    run.reporter.note("  first publication: later runs are compared with this state")
    done: dict[str, Any] = {}
    if out is not None:
        with run.reporter.stage("Writing the first documents") as outcome:
            notifications.write_lines(iter(()), out / CHANGES_FILE)
            documents = write_first_documents(with_reasons(run, evidence), out, run.settings.export, variant)
            outcome.append(f"{len(documents):,} documents, no changes")
        done = {"documents": len(documents), "out": str(out)}
    count = publish(run, variant, evidence, UNNUMBERED + 1)
    run.finish(publication=UNNUMBERED + 1, published_endpoints=count, changes=0, **done, warehouse=run.root)


def deliver_changes(
    run: Run,
    variant: Variant,
    found: FoundChanges,
    out: Path | None,
    hook: notifications.Webhook | None,
    accept: bool,
) -> None:
    """Writes, notifies and publishes, in this order.

    So changes that could not be delivered are not published, and not lost.
    """
    done: dict[str, Any] = {"publication": found.number or None}
    if out is not None:
        done |= {"documents": write_changes(run, variant, found, out), "out": str(out)}
    if hook is not None:
        done["notices"] = send_notices(run, variant, found, hook)
    if accept:
        done["published_endpoints"] = publish(run, variant, found.evidence, found.number + 1)
    if not run.as_json and run.summary["changes"]:
        table = summary.build_table(summary.select_foremost(found.rows))
        width = None if sys.stdout.isatty() else summary.PIPED_CHARACTERS
        Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=width).print(table)
    run.finish(**done, warehouse=run.root)


def report_changes(
    run: Run, variant: Variant, since: date | None, out: Path | None, webhook: str | None, *, accept: bool
) -> None:
    """Reports the changes since the publication, or since the day `since`.

    The first run only publishes.
    """
    address = run.settings.changes.webhook if webhook is None else webhook
    hook = notifications.parse_webhook(
        address, run.settings.changes, os.environ.get(notifications.SECRET_VARIABLE, "")
    )
    evidence, number = load_evidence(run, variant, since)
    if since is None and number == UNNUMBERED:
        publish_first(run, variant, evidence, out)
        return
    found = find_changes(run, variant, evidence, number)
    deliver_changes(run, variant, found, out, hook if since is None else None, accept)
