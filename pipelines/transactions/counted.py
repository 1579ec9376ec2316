"""What a staged batch holds, a file: valid, quarantined by reason, and what never was a request. Counted in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypedDict

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.settings import QualitySettings
from pipelines.transactions.record import FILE_ERROR
from pipelines.transactions.sources.combined import NO_LINE, UNSURE
from pipelines.transactions.violations import NO_ZONE

WAYS_OUT: Final[Mapping[str, str]] = {
    NO_ZONE: "Set ingest.time_zone in --settings to the zone of the log (UTC, Europe/Berlin)",
    UNSURE: "Log the combined format (a virtual host first and with its port: %v:%p %h), or cut off what is before the client",
    NO_LINE: "Log the common or combined format, or give the right --format",
    "time is missing or not a time stamp": "Log the time as Apache and nginx do, or as ISO 8601 with its zone",
    "host is missing": "Log the host (Logpush: ClientRequestHost; HAR: absolute URLs)",
}
"""By the reason: what makes a log readable. For others: the right --format, or leave the file out."""
_ANY_WAY_OUT: Final = "Give the right --format, or leave the file out"


class FileCounts(TypedDict):
    """One file. `read` counts records that are or could have been requests: valid and quarantined."""

    source: str
    read: int
    valid: int
    last_line: int | None
    first_time: datetime | None
    last_time: datetime | None
    reasons: Counter[str]  # of quarantined records, by the first reason of each
    not_requests: Counter[str]  # by reason, in no other count


def counted_files(rows: DataFrame) -> list[FileCounts]:
    """Counts of each file: a few small rows each, from a few staged columns."""
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
        file = files.setdefault(row["source"], _nothing(row["source"]))
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


def file_problems(counted: Iterable[FileCounts]) -> dict[str, str]:
    """Source → problem of every file that could not be read to its end."""
    return {
        file["source"]: min(errors).removeprefix(FILE_ERROR)
        for file in counted
        if (errors := [reason for reason in file["reasons"] if reason.startswith(FILE_ERROR)])
    }


def mostly_quarantined(counted: Sequence[FileCounts], settings: QualitySettings) -> dict[str, str]:
    """Source → what is wrong with it and the way out, of each file of which nothing or too little can be read.

    Shares of a small file (`quality.min_rows_for_shares`) prove nothing, unless all of it is quarantined.
    """
    problems = {}
    for file in counted:
        quarantined = file["read"] - file["valid"]
        is_judged = file["read"] >= settings.min_rows_for_shares
        share = quarantined / max(file["read"], 1)
        if quarantined and (not file["valid"] or (is_judged and share > settings.max_quarantined_share)):
            reason, times = min(file["reasons"].items(), key=lambda one: (-one[1], one[0]))
            way_out = WAYS_OUT.get(reason, _ANY_WAY_OUT)
            problems[file["source"]] = (
                f"{quarantined:,} of {file['read']:,} records cannot be used, {times:,} of them for one reason: "
                f"{reason}. {way_out}"
            )
    return problems


def not_requests(counted: Iterable[FileCounts]) -> Counter[str]:
    """All that never was a request, by reason."""
    return sum((file["not_requests"] for file in counted), Counter())


def times_of(counted: Iterable[FileCounts]) -> list[datetime]:
    """First and last times of the files, where they have any."""
    return [time for file in counted for time in (file["first_time"], file["last_time"]) if time is not None]


def _nothing(source: str) -> FileCounts:
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
