"""Figures of a staged batch: per file for the ledger, in all and as a sample for the checkpoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from pipelines.settings import Settings
from pipelines.transactions.expectations import BatchCounts

SAMPLED = ("transaction_id", "host", "method", "path", "status", "response_content_type")


def times_of(counted: Sequence[Row]) -> list[datetime]:
    """First and last times of the files, where they have any."""
    return [row[name] for row in counted for name in ("first_time", "last_time") if row[name] is not None]


def counted_files(rows: DataFrame) -> list[Row]:
    """Counts per file: one small row each, from a few staged columns."""
    is_valid = F.size("violations") == 0
    return (
        rows.groupBy("source")
        .agg(
            F.count("*").alias("read"),
            F.count_if(is_valid).alias("valid"),
            F.max("line").alias("last_line"),
            F.min(F.when(is_valid, F.col("time"))).alias("first_time"),
            F.max(F.when(is_valid, F.col("time"))).alias("last_time"),
        )
        .collect()
    )


def batch_counts(rows: DataFrame, counted: Sequence[Row]) -> BatchCounts:
    """The figures of a batch that the checkpoint judges."""
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
    times = times_of(counted)
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


def sampled(rows: DataFrame, counted: Sequence[Row], settings: Settings):  # type: ignore[no-untyped-def]  # pandas frame
    """At most `quality.sample_rows` valid rows, spread over the batch, the same ones at every rerun."""
    valid, wanted = sum(row["valid"] for row in counted), settings.quality.sample_rows
    chosen = rows.where(F.size("violations") == 0).select(*SAMPLED)
    if valid > wanted:
        share = F.pmod(F.xxhash64("transaction_id"), F.lit(1_000_000)) < math.ceil(1_000_000 * wanted / valid)
        chosen = chosen.where(share).limit(wanted)
    return chosen.toPandas()
