"""Figures of a staged batch for the checkpoint: counts of all of it, and a sample of its rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.settings import QualitySettings
from pipelines.tables import Warehouse
from pipelines.transactions.counted import FileCounts
from pipelines.transactions.expectations import SAMPLED, BatchCounts, volume_ratio
from pipelines.transactions.table import BATCHES

BATCHES_BEFORE = 30  # a month of days: what volume is usual


def batch_counts(
    rows: DataFrame,
    counted: Sequence[FileCounts],
    earlier: Sequence[int],
    settings: QualitySettings,
    now: datetime,
) -> BatchCounts:
    """The figures of a batch that the checkpoint judges; `earlier` are records of each of the batches before."""
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


def earlier_records(warehouse: Warehouse) -> list[int]:
    """Records of each of the newest published batches."""
    if not BATCHES.exists(warehouse):
        return []
    batches = BATCHES.read(warehouse).where("state = 'published'").groupBy("batch_id")
    newest = batches.agg(F.sum("records").alias("records"), F.max("ingested_at").alias("at"))
    return [row["records"] for row in newest.orderBy(F.desc("at")).limit(BATCHES_BEFORE).collect()]


def sampled(rows: DataFrame, valid: int, wanted: int):  # type: ignore[no-untyped-def]  # pandas frame
    """At most `wanted` valid rows, spread over the batch, the same ones at every rerun; of a body only its hash."""
    body = F.when(F.col("request_body").isNotNull(), F.xxhash64("request_body")).alias("body")
    chosen = rows.where(F.size("violations") == 0).select(
        "status", "response_content_type", body, "transaction_id"
    )
    if valid > wanted:
        share = F.pmod(F.xxhash64("transaction_id"), F.lit(1_000_000)) < math.ceil(1_000_000 * wanted / valid)
        chosen = chosen.where(share).limit(wanted)
    return chosen.select(*SAMPLED).toPandas()


def _hour(time: datetime) -> int:
    """Hours since the epoch; collected times are naive and UTC (pipelines.spark)."""
    return int(time.replace(tzinfo=UTC).timestamp() // 3600)
