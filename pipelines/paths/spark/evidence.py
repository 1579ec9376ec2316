"""Evidence of path rules on Spark: who called each path, when and how."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http.methods import METHODS

EVIDENCE = ("host", "path_shape", "clients", "first_day", "last_day", "calls")
"""One row per distinct masked path. `calls` are its client-days by method, an array in the order of `METHODS`."""


def count_calls_by_method() -> Column:
    """Counts rows of `method`, one per client, day and method, as the array `calls`."""
    known = F.when(F.col("method") == "HEAD", "GET").otherwise(F.col("method"))
    named = METHODS[:-1]
    counts = [F.count_if(known == name) for name in named]
    return F.array(*counts, F.count_if(~known.isin(*named)))


def summarise_client_days() -> list[Column]:
    """Returns the evidence of one path from rows of `client, day, method`."""
    return [
        F.approx_count_distinct("client").alias("clients"),
        F.min("day").alias("first_day"),
        F.max("day").alias("last_day"),
        count_calls_by_method().alias("calls"),
    ]


def merge_calls() -> list[Column]:
    """Merges rows of `EVIDENCE` of one path whose calls are different ones."""
    calls = [F.sum(F.col("calls")[place]) for place in range(len(METHODS))]
    return [
        F.max("clients").alias("clients"),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
        F.array(*calls).alias("calls"),
    ]
