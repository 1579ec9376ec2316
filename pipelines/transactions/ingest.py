"""Ingest: files → transactions and quarantine. Stage, count, check, publish: the tables change only at the last step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import orjson
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from pipelines.errors import InputError, QualityError
from pipelines.settings import QualitySettings, Settings
from pipelines.tables import Warehouse
from pipelines.transactions.expectations import SAMPLED, BatchCounts, QualityResult, check, volume_ratio
from pipelines.transactions.inputs import Input
from pipelines.transactions.privacy import secret_key
from pipelines.transactions.staging import Batch, staged
from pipelines.transactions.table import BATCHES, QUARANTINE, TRANSACTIONS

ROWS_PER_FILE = 1_000_000  # about 100 MB of Parquet: the size that Delta's own optimiser aims at
BATCHES_BEFORE = 30  # a month of days: what volume is usual


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one ingest did. valid + quarantined == records, always."""

    files: int
    known: int
    records: int
    valid: int
    quarantined: int
    unreadable: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


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
            counted, quality = _published(warehouse, batch, batch_id, settings, now=now, docs=docs)
    except InputError as error:
        if not known or settings.ingest.unreadable_files == "error":
            raise
        # What can be read is in the tables already: the same command again is no error.
        return Ingested(0, known, 0, 0, 0, unreadable=(f"{error.source}: {error.problem}",))
    return Ingested(
        files=len(batch.files),
        known=known,
        records=sum(row["read"] for row in counted),
        valid=sum(row["valid"] for row in counted),
        quarantined=sum(row["read"] - row["valid"] for row in counted),
        unreadable=batch.unreadable,
        warnings=quality.warnings,
    )


def _published(
    warehouse: Warehouse, batch: Batch, batch_id: str, settings: Settings, *, now: datetime, docs: Path | None
) -> tuple[list[Row], QualityResult]:
    """Counts, checks and publishes; the counts per source, and what the checks said."""
    counted = _counted(batch.rows)
    first = batch.files[0].path or batch.files[0].uri
    counts = _counts(batch.rows, counted, _earlier_records(warehouse), settings.quality, now)
    sample = _sample(batch.rows, counts.valid, settings.quality.sample_rows)
    quality = check(counts, sample, settings.quality, docs)
    if quality.critical:
        raise QualityError(
            f"batch of {len(batch.files)} files (first: {first}) failed its checks and was not ingested: "
            f"{'; '.join(quality.critical)}. Give the right --format, or change section quality in --settings."
        )
    rows_of = {row["source"]: row for row in counted}
    records = [_batch_row(item, batch_id, rows_of.get(item.uri), quality, now) for item in batch.files]
    _publish(warehouse, batch.rows, records, now)
    return counted, quality


def _unpublished(warehouse: Warehouse, inputs: Sequence[Input]) -> list[Input]:
    """The inputs whose checksum is not in the ledger."""
    ledger = BATCHES.read(warehouse).where(F.col("source_id").isin([item.checksum for item in inputs]))
    published = {row["source_id"] for row in ledger.select("source_id").collect()}
    return [item for item in inputs if item.checksum not in published]


def _earlier_records(warehouse: Warehouse) -> list[int]:
    """Records of each of the newest published batches."""
    if not BATCHES.exists(warehouse):
        return []
    batches = BATCHES.read(warehouse).where("state = 'published'").groupBy("batch_id")
    newest = batches.agg(F.sum("records").alias("records"), F.max("ingested_at").alias("at"))
    return [row["records"] for row in newest.orderBy(F.desc("at")).limit(BATCHES_BEFORE).collect()]


def _counted(rows: DataFrame) -> list[Row]:
    """Counts per file: one small row each, from a few staged columns."""
    is_valid = F.size("violations") == 0
    return (
        rows.groupBy("source")
        .agg(
            F.count("*").alias("read"),
            F.count_if(is_valid).alias("valid"),
            F.min(F.when(is_valid, F.col("time"))).alias("first_time"),
            F.max(F.when(is_valid, F.col("time"))).alias("last_time"),
        )
        .collect()
    )


def _counts(
    rows: DataFrame, counted: Sequence[Row], earlier: Sequence[int], settings: QualitySettings, now: datetime
) -> BatchCounts:
    records, valid = sum(row["read"] for row in counted), sum(row["valid"] for row in counted)
    latest = now + timedelta(minutes=settings.clock_tolerance_minutes)
    seen = (
        rows.where(F.size("violations") == 0)
        .agg(
            F.approx_count_distinct("transaction_id", 0.02).alias("ids"),
            F.approx_count_distinct("host", 0.02).alias("hosts"),
            F.approx_count_distinct(F.date_trunc("hour", "time"), 0.02).alias("hours"),
            F.count_if(F.col("time") > F.lit(latest)).alias("future"),
            F.min("time").alias("first"),
            F.max("time").alias("last"),
        )
        .collect()[0]
    )
    hours = _hour(seen["last"]) - _hour(seen["first"]) + 1 if valid else 0
    enough = valid >= settings.min_rows_for_shares
    return BatchCounts(
        records=records,
        valid=valid,
        quarantined=records - valid,
        quarantined_share=(records - valid) / max(records, 1),
        duplicate_share=max(0.0, 1 - min(seen["ids"], valid) / max(valid, 1)),
        hosts=seen["hosts"],
        hosts_per_transaction=min(1.0, seen["hosts"] / max(valid, 1)) if valid > 1 else 0.0,
        hours_spanned=(seen["last"] - seen["first"]).total_seconds() / 3600 if valid else 0.0,
        future_share=seen["future"] / valid if valid else None,
        age_days=(now.astimezone(UTC) - seen["last"].replace(tzinfo=UTC)).total_seconds() / 86400
        if valid
        else None,
        missing_hours_share=max(0.0, 1 - seen["hours"] / hours) if enough else None,
        volume_ratio=volume_ratio(records, earlier, settings),
    )


def _hour(time: datetime) -> int:
    """Hours since the epoch; collected times are naive and UTC (pipelines.spark)."""
    return int(time.replace(tzinfo=UTC).timestamp() // 3600)


def _sample(rows: DataFrame, valid: int, wanted: int):  # type: ignore[no-untyped-def]  # pandas frame
    """At most `wanted` valid rows, spread over the batch, the same ones at every rerun; of a body only its hash."""
    body = F.when(F.col("request_body").isNotNull(), F.xxhash64("request_body")).alias("body")
    chosen = rows.where(F.size("violations") == 0).select(
        "status", "response_content_type", body, "transaction_id"
    )
    if valid > wanted:
        share = F.pmod(F.xxhash64("transaction_id"), F.lit(1_000_000)) < math.ceil(1_000_000 * wanted / valid)
        chosen = chosen.where(share).limit(wanted)
    return chosen.select(*SAMPLED).toPandas()


def _batch_row(
    item: Input, batch_id: str, counted: Row | None, quality: QualityResult, now: datetime
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
        bad = rows.where(F.size("violations") > 0).withColumns(
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
