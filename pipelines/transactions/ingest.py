"""Ingest: files → transactions and quarantine. Stage, count, check, publish: the tables change only at the last step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.errors import InputError, QualityError
from pipelines.settings import Settings
from pipelines.tables import Warehouse
from pipelines.transactions.counted import FileCounts, counted_files, mostly_quarantined, not_requests
from pipelines.transactions.expectations import BatchCounts, QualityResult, check
from pipelines.transactions.inputs import Input
from pipelines.transactions.privacy import secret_key
from pipelines.transactions.staging import Batch, staged
from pipelines.transactions.table import BATCHES, QUARANTINE, TRANSACTIONS

ROWS_PER_FILE = 1_000_000  # about 100 MB of Parquet: the size that Delta's own optimiser aims at
SAMPLED = ("transaction_id", "host", "method", "path", "status", "response_content_type")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one ingest did. valid + quarantined == records, always; `not_requests` (by reason) are in neither.

    `refused`: "path: problem and way out" of each file that was not ingested as most of it would be quarantined.
    """

    files: int
    known: int
    records: int
    valid: int
    quarantined: int
    unreadable: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    not_requests: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def ingest(
    warehouse: Warehouse,
    inputs: Sequence[Input],
    settings: Settings,
    *,
    now: datetime,
    docs: Path | None = None,
) -> Ingested:
    """Adds the files that the warehouse does not hold yet; the same file again adds nothing.

    Raises:
        InputError: a file cannot be read to its end, and `ingest.unreadable_files` says error or nothing else was given.
        QualityError: a critical expectation failed; the tables are as they were.
    """
    _recover(warehouse)
    new = _unpublished(warehouse, inputs)
    known = len(inputs) - len(new)
    if not new:
        return Ingested(0, known, 0, 0, 0)
    batch_id = sha256("".join(sorted(item.checksum for item in new)).encode()).hexdigest()[:16]
    key = secret_key(warehouse.root, settings.privacy)
    folder = warehouse.path(f"_staging/{batch_id}")
    try:
        with staged(warehouse.spark, new, folder, key=key, now=now, settings=settings) as batch:
            counted, quality, refused = _published(warehouse, batch, batch_id, settings, now=now, docs=docs)
    except InputError as error:
        if not known or settings.ingest.unreadable_files == "error":
            raise
        # What can be read is in the tables already: the same command again is no error.
        return Ingested(0, known, 0, 0, 0, unreadable=(f"{error.source}: {error.problem}",))
    return Ingested(
        files=len(batch.files) - len(refused),
        known=known,
        records=sum(row["read"] for row in counted),
        valid=sum(row["valid"] for row in counted),
        quarantined=sum(row["read"] - row["valid"] for row in counted),
        unreadable=batch.unreadable,
        warnings=quality.warnings,
        not_requests=not_requests(counted),
        refused=refused,
    )


def _published(
    warehouse: Warehouse, batch: Batch, batch_id: str, settings: Settings, *, now: datetime, docs: Path | None
) -> tuple[list[FileCounts], QualityResult, tuple[str, ...]]:
    """Counts, checks and publishes; the counts per source, what the checks said, and files that are not worth it."""
    counted = counted_files(batch.rows)
    refused = mostly_quarantined(counted, settings.quality)
    problems = tuple(
        f"{item.path or item.uri}: {refused[item.uri]}" for item in batch.files if item.uri in refused
    )
    files, rows = batch.files, batch.rows
    if len(problems) == len(files):  # nothing is left: the checks are told, too
        _checked(rows, counted, settings, docs, _named(files), problems)
    if refused:
        files = tuple(item for item in files if item.uri not in refused)
        rows = rows.where(~F.col("source").isin(*refused))
        counted = [row for row in counted if row["source"] not in refused]
    quality = _checked(rows, counted, settings, docs, _named(files))
    rows_of = {row["source"]: row for row in counted}
    records = [_batch_row(item, batch_id, rows_of.get(item.uri), quality, now) for item in files]
    _publish(warehouse, rows, records, now)
    return counted, quality, problems


def _named(files: Sequence[Input]) -> str:
    return f"{len(files)} files (first: {files[0].path or files[0].uri})"


def _unpublished(warehouse: Warehouse, inputs: Sequence[Input]) -> list[Input]:
    """The inputs whose checksum is not in the ledger."""
    ledger = BATCHES.read(warehouse).where(F.col("source_id").isin([item.checksum for item in inputs]))
    published = {row["source_id"] for row in ledger.select("source_id").collect()}
    return [item for item in inputs if item.checksum not in published]


def _checked(
    rows: DataFrame,
    counted: Sequence[FileCounts],
    settings: Settings,
    docs: Path | None,
    batch: str,
    problems: Sequence[str] = (),
) -> QualityResult:
    """The checkpoint's result; raises where it is critical, or where there are `problems`, which are said first."""
    quality = check(_counts(rows, counted), _sample(rows, counted, settings), settings.quality, docs)
    if problems or quality.critical:
        more = f" ({len(problems) - 1} more files like it)" if len(problems) > 1 else ""
        found = (*(f"{problem}{more}" for problem in problems[:1]), *quality.critical)
        raise QualityError(
            f"batch of {batch} failed its checks and was not ingested: {'; '.join(found)}. "
            "Give the right --format, or change section quality in --settings."
        )
    return quality


def _counts(rows: DataFrame, counted: Sequence[FileCounts]) -> BatchCounts:
    records, valid = sum(row["read"] for row in counted), sum(row["valid"] for row in counted)
    distinct = (
        rows.where(F.size("violations") == 0)
        .agg(
            F.approx_count_distinct("transaction_id", 0.02).alias("ids"),
            F.approx_count_distinct("host", 0.02).alias("hosts"),
            F.count_distinct(F.floor(F.col("status") / 100)).alias("classes"),
        )
        .collect()[0]
    )
    times = [time for row in counted for time in (row["first_time"], row["last_time"]) if time is not None]
    return BatchCounts(
        records=records,
        valid=valid,
        quarantined=records - valid,
        quarantined_share=(records - valid) / max(records, 1),
        duplicate_share=max(0.0, 1 - min(distinct["ids"], valid) / max(valid, 1)),
        hosts=distinct["hosts"],
        hosts_per_transaction=min(1.0, distinct["hosts"] / max(valid, 1)) if valid > 1 else 0.0,
        distinct_status_classes=distinct["classes"],
        hours_spanned=(max(times) - min(times)).total_seconds() / 3600 if times else 0.0,
    )


def _sample(rows: DataFrame, counted: Sequence[FileCounts], settings: Settings):  # type: ignore[no-untyped-def]  # pandas frame
    """At most `quality.sample_rows` valid rows, spread over the batch, the same ones at every rerun."""
    valid, wanted = sum(row["valid"] for row in counted), settings.quality.sample_rows
    chosen = rows.where(F.size("violations") == 0).select(*SAMPLED)
    if valid > wanted:
        share = F.pmod(F.xxhash64("transaction_id"), F.lit(1_000_000)) < math.ceil(1_000_000 * wanted / valid)
        chosen = chosen.where(share).limit(wanted)
    return chosen.toPandas()


def _batch_row(
    item: Input, batch_id: str, counted: FileCounts | None, quality: QualityResult, now: datetime
) -> dict[str, object]:
    read = counted["read"] if counted else 0
    valid = counted["valid"] if counted else 0
    return {
        "batch_id": batch_id,
        "source_id": item.checksum,
        "source": str(item.path or item.uri),
        "format": item.format,
        "records": read,
        "valid": valid,
        "quarantined": read - valid,
        "not_requests": counted["not_requests"].total() if counted else 0,
        "first_time": counted["first_time"] if counted else None,
        "last_time": counted["last_time"] if counted else None,
        "ingested_at": now,
        "state": "publishing",
        "expectations": orjson.dumps(quality.document).decode(),
    }


def _publish(warehouse: Warehouse, rows: DataFrame, records: list[dict[str, object]], now: datetime) -> None:
    """Both tables, then the ledger says so. A crash in between is undone by the next ingest (`_recover`)."""
    batch = f"batch_id = '{records[0]['batch_id']}'" if records else "false"
    ledger = warehouse.spark.createDataFrame([{**record} for record in records], BATCHES.schema)
    valid = sum(int(str(record["valid"])) for record in records)
    BATCHES.replace(ledger, warehouse, batch)
    good = rows.where(F.size("violations") == 0).withColumnRenamed("line", "source_line")
    if valid:
        files = max(1, math.ceil(valid / ROWS_PER_FILE))
        TRANSACTIONS.append(good.repartitionByRange(files, "day", "host", "time"), warehouse)
    if any(record["quarantined"] for record in records):
        bad = rows.where((F.size("violations") > 0) & F.col("not_request").isNull()).withColumns(
            {"reasons": F.col("violations"), "day": F.lit(now.date())}
        )
        QUARANTINE.append(bad.coalesce(1), warehouse)
    BATCHES.replace(ledger.withColumn("state", F.lit("published")), warehouse, batch)


def _recover(warehouse: Warehouse) -> None:
    """Takes back what an interrupted publication left, so that its files count as new."""
    if not BATCHES.exists(warehouse):
        return
    broken = [
        r["source_id"]
        for r in BATCHES.read(warehouse).where("state = 'publishing'").select("source_id").collect()
    ]
    if broken:
        where = F.col("source_id").isin(broken)
        for table in (TRANSACTIONS, QUARANTINE, BATCHES):
            table.delete(warehouse, where)
