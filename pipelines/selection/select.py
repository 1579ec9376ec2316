"""Which transactions each variant looks at; after this both run the same code (D6).

Variant session selects transactions. Variant ml selects none: it gives each a probability, and the endpoint is
judged from all of its transactions (`pipelines.endpoints`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.selection.answers import media_family
from pipelines.selection.preflight import preflight
from pipelines.selection.session import has_session, with_session_key
from pipelines.selection.variant import Variant
from pipelines.settings import SelectionSettings

Scorer = Callable[[DataFrame], DataFrame]
"""transactions → the same plus `probability`; given by the job, because pipelines never imports ml."""

KEPT = (
    "host", "method", "path_shape", "status", "time", "day", "client", "scheme", "preflight", "has_session", "media_family",
    "sample_hash",
)  # fmt: skip


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
    rows = with_session_key(transactions, settings.sessions)
    rows = rows.withColumns(
        {
            "has_session": has_session(),
            "media_family": media_family(),
            "preflight": preflight(),
            "sample_hash": sample_hash(),
        }
    )
    rows = (
        scored["ml"](rows) if "ml" in variants else rows.withColumn("probability", F.lit(None).cast("float"))
    )
    takes = {"ml": F.lit(True), "session": F.col("has_session")}
    chosen = F.array_compact(F.array(*(F.when(takes[variant], F.lit(variant)) for variant in variants)))
    exploded = rows.select(*KEPT, "probability", F.explode(chosen).alias("variant"))
    return exploded.withColumn("probability", F.when(F.col("variant") == "ml", F.col("probability")))


def sample_hash() -> Column:
    """By which transactions are drawn: 64 bits of the id, the same in every run and independent of the traffic."""
    return F.xxhash64("transaction_id")
