"""Which transactions are API calls, by either variant; after this both run the same code (D6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.selection.session import has_session, with_session_key
from pipelines.settings import SelectionSettings

Variant = Literal["ml", "session"]
Scorer = Callable[[DataFrame], DataFrame]
"""transactions → the same plus `probability`; given by the job, because pipelines never imports ml."""

KEPT = ("host", "method", "path", "status", "time", "day", "client", "response_bytes")


def selected(
    transactions: DataFrame,
    *,
    variants: Sequence[Variant],
    settings: SelectionSettings,
    scored: Mapping[str, Scorer],
) -> DataFrame:
    """transactions → `KEPT` columns, `variant` and `probability` (NULL for session): one row for each variant that takes it.

    One scan and one scoring serve both variants.
    """
    rows = with_session_key(transactions, settings.sessions).withColumn("has_session", has_session())
    rows = (
        scored["ml"](rows) if "ml" in variants else rows.withColumn("probability", F.lit(None).cast("float"))
    )
    takes = {
        "ml": F.coalesce(F.col("probability") >= settings.threshold, F.lit(False)),
        "session": F.col("has_session"),
    }
    chosen = F.array_compact(F.array(*(F.when(takes[variant], F.lit(variant)) for variant in variants)))
    exploded = rows.select(*KEPT, "probability", F.explode(chosen).alias("variant"))
    return exploded.withColumn("probability", F.when(F.col("variant") == "ml", F.col("probability")))


def coverage(transactions: DataFrame, sessions: Mapping[str, object]) -> tuple[int, int]:
    """(hosts with a configured session identifier, all hosts): what variant "session" can and cannot speak about."""
    hosts = with_session_key(transactions.select("host").distinct(), sessions)  # type: ignore[arg-type]
    row = hosts.agg(F.count("session_key").alias("covered"), F.count("*").alias("hosts")).collect()[0]
    return row["covered"], row["hosts"]
