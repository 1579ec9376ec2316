"""Selection by session identifier (D1): what a host's configured header, cookie or JWT claim rides on counts as API."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.settings import SessionIdentifier

IDENTIFIER = "session_key"


def with_session_key(transactions: DataFrame, sessions: Mapping[str, SessionIdentifier]) -> DataFrame:
    """`host, ...` → the same plus `session_key` ("cookie:sid"), NULL where nobody configured one for the host.

    An exact host name wins over a pattern, a longer pattern over a shorter one. Exact names are looked up in a broadcast
    table (an organisation has thousands); patterns are few and become one expression.
    """
    exact = [(host.lower(), identifier.key) for host, identifier in sessions.items() if "*" not in host]
    patterns = sorted(
        ((host.lower(), identifier.key) for host, identifier in sessions.items() if "*" in host),
        key=lambda p: -len(p[0]),
    )
    by_pattern: Column = F.lit(None).cast("string")
    for pattern, key in reversed(patterns):
        by_pattern = F.when(F.col("host").endswith(pattern.removeprefix("*")), F.lit(key)).otherwise(
            by_pattern
        )
    names = transactions.sparkSession.createDataFrame(exact, "host string, exact_key string")
    found = transactions.join(F.broadcast(names), "host", "left")
    return found.withColumn(IDENTIFIER, F.coalesce("exact_key", by_pattern)).drop("exact_key")


def has_session() -> Column:
    """Whether the transaction carries its host's identifier. Needs `session_key` and `identifiers`."""
    return F.coalesce(F.try_element_at("identifiers", F.col(IDENTIFIER)).isNotNull(), F.lit(False))
