"""Counts per file of a staged batch, in one pass.

Counted are valid records, quarantined records by reason, and entries that were not requests.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.runtime.settings import QualitySettings
from pipelines.runtime.tables import Warehouse
from pipelines.transactions.expectations import SAMPLED, BatchCounts, volume_ratio
from pipelines.transactions.sources.combined import AMBIGUOUS_CLIENT, NOT_A_LOG_LINE
from pipelines.transactions.spark.columns import NO_ZONE
from pipelines.transactions.tables import BATCHES, FILE_ERROR

WAYS_OUT: Final[Mapping[str, str]] = {
    NO_ZONE: "Set ingest.time_zone in --settings to the zone of the log (UTC, Europe/Berlin)",
    AMBIGUOUS_CLIENT: "Log the combined format (a virtual host first and with its port: %v:%p %h), or remove everything before "
    "the client",
    NOT_A_LOG_LINE: "Log the common or combined format, or give the right --format",
    "time is missing or not a timestamp": "Log the time as Apache and nginx do, or as ISO 8601 with its zone",
    "host is missing": "Log the host (Logpush: ClientRequestHost; HAR: absolute URLs)",
}
"""By reason: how to make a log readable. For other reasons: the right --format, or leave the file out."""
_ANY_WAY_OUT: Final = "Give the right --format, or leave the file out"


class FileCounts(TypedDict):
    """Counts of one file.

    `read` counts records that are or could have been requests: valid and quarantined.
    """

    source: str
    read: int
    valid: int
    last_line: int | None
    first_time: datetime | None
    last_time: datetime | None
    reasons: Counter[str]  # of quarantined records, by the first reason of each
    not_requests: Counter[str]  # by reason, in no other count


def count_files(rows: DataFrame) -> list[FileCounts]:
    """Counts the records of each file, from a few staged columns."""
    found = (
        rows.groupBy("source", "not_request", F.get("violations", F.lit(0)).alias("reason"))
        .agg(
            F.count("*").alias("n"),
            F.max("line").alias("last_line"),
            F.min("time").alias("first_time"),
            F.max("time").alias("last_time"),
        )
        .collect()
    )
    files: dict[str, FileCounts] = {}
    for row in found:
        file = files.setdefault(row["source"], _empty_counts(row["source"]))
        file["last_line"] = max(filter(None, (file["last_line"], row["last_line"])), default=None)
        if row["not_request"] is not None:
            file["not_requests"][row["not_request"]] += row["n"]
            continue
        file["read"] += row["n"]
        if row["reason"] is None:
            file["valid"], file["first_time"], file["last_time"] = (
                row["n"],
                row["first_time"],
                row["last_time"],
            )
        else:
            file["reasons"][row["reason"]] += row["n"]
    return [files[source] for source in sorted(files)]


def find_file_problems(counted: Iterable[FileCounts]) -> dict[str, str]:
    """Returns source → problem of every file that could not be read to its end."""
    return {
        file["source"]: min(errors).removeprefix(FILE_ERROR)
        for file in counted
        if (errors := [reason for reason in file["reasons"] if reason.startswith(FILE_ERROR)])
    }


def find_mostly_quarantined(counted: Sequence[FileCounts], settings: QualitySettings) -> dict[str, str]:
    """Returns source → problem and way out of each file that is mostly unusable.

    Shares of a small file (`quality.min_rows_for_shares`) prove nothing, unless all of it is quarantined.
    """
    problems = {}
    for file in counted:
        quarantined = file["read"] - file["valid"]
        is_large = file["read"] >= settings.min_rows_for_shares
        share = quarantined / max(file["read"], 1)
        if quarantined and (not file["valid"] or (is_large and share > settings.max_quarantined_share)):
            reason, times = min(file["reasons"].items(), key=lambda one: (-one[1], one[0]))
            way_out = WAYS_OUT.get(reason, _ANY_WAY_OUT)
            problems[file["source"]] = (
                f"{quarantined:,} of {file['read']:,} records cannot be used, {times:,} of them for one reason: "
                f"{reason}. {way_out}"
            )
    return problems


def sum_not_requests(counted: Iterable[FileCounts]) -> Counter[str]:
    """Sums the entries that were not requests, by reason."""
    return sum((file["not_requests"] for file in counted), Counter())


def first_and_last_times(counted: Iterable[FileCounts]) -> list[datetime]:
    """Returns the first and last times of the files that have any."""
    return [time for file in counted for time in (file["first_time"], file["last_time"]) if time is not None]


def _empty_counts(source: str) -> FileCounts:
    return FileCounts(
        source=source,
        read=0,
        valid=0,
        last_line=None,
        first_time=None,
        last_time=None,
        reasons=Counter(),
        not_requests=Counter(),
    )


BATCHES_BEFORE = 30  # a month of daily batches, for the usual volume


def count_batch(
    rows: DataFrame,
    counted: Sequence[FileCounts],
    earlier: Sequence[int],
    settings: QualitySettings,
    now: datetime,
) -> BatchCounts:
    """Returns the figures of a batch that the checkpoint checks.

    `earlier` holds the number of records of each previous batch.
    """
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


def read_earlier_batch_sizes(warehouse: Warehouse) -> list[int]:
    """Returns the numbers of records of the latest published batches."""
    if not BATCHES.exists(warehouse):
        return []
    batches = BATCHES.read(warehouse).where("state = 'published'").groupBy("batch_id")
    newest = batches.agg(F.sum("records").alias("records"), F.max("ingested_at").alias("at"))
    return [row["records"] for row in newest.orderBy(F.desc("at")).limit(BATCHES_BEFORE).collect()]


def sample_rows(rows: DataFrame, valid: int, wanted: int):  # type: ignore[no-untyped-def]  # pandas frame
    """Samples at most `wanted` valid rows, spread over the batch.

    The sample is the same at every rerun; of a body it has only the hash.
    """
    body = F.when(F.col("request_body").isNotNull(), F.xxhash64("request_body")).alias("body")
    chosen = rows.where(F.size("violations") == 0).select(
        "status", "response_content_type", body, "transaction_id"
    )
    if valid > wanted:
        share = F.pmod(F.xxhash64("transaction_id"), F.lit(1_000_000)) < math.ceil(1_000_000 * wanted / valid)
        chosen = chosen.where(share).limit(wanted)
    return chosen.select(*SAMPLED).toPandas()


def _hour(time: datetime) -> int:
    """Returns hours since the epoch; `time` is naive and UTC.

    Times collected from Spark are (pipelines.runtime.spark).
    """
    return int(time.replace(tzinfo=UTC).timestamp() // 3600)
