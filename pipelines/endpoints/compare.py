"""The two variants side by side: endpoints per host under each, shared and exclusive; histogram over hosts (D8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, LongType, StringType, StructField, StructType

from pipelines.tables import Table

COUNTS = ("ml", "session", "both", "only_ml", "only_session")
BUCKETS = ("unchanged", "up to 50 more", "over 50 more", "fewer", "not covered")
MANY_MORE = 50  # the source's own boundary: "1 to 50 more" and "more than 50 more"

COMPARISONS = Table(
    name="comparisons",
    schema=StructType(
        [
            StructField("host", StringType(), False),
            StructField("covered", BooleanType(), False),
            *(StructField(name, LongType(), False) for name in COUNTS),
            StructField("bucket", StringType(), False),
        ]
    ),
)


def compared(endpoints: DataFrame, covered: DataFrame) -> DataFrame:
    """endpoints of both variants, (host, session_key) of all hosts → rows of `comparisons`, one a host with an endpoint.

    A host without a session identifier is in bucket "not covered": variant "session" cannot speak about it.
    """
    found = endpoints.groupBy("host", "method", "path_template").agg(
        F.bool_or(F.col("variant") == "ml").alias("in_ml"),
        F.bool_or(F.col("variant") == "session").alias("in_session"),
    )
    in_ml, in_session = F.col("in_ml"), F.col("in_session")
    per_host = found.groupBy("host").agg(
        F.count_if(in_ml).alias("ml"),
        F.count_if(in_session).alias("session"),
        F.count_if(in_ml & in_session).alias("both"),
        F.count_if(in_ml & ~in_session).alias("only_ml"),
        F.count_if(in_session & ~in_ml).alias("only_session"),
    )
    known = covered.select("host", F.col("session_key").isNotNull().alias("covered"))
    joined = per_host.join(known, "host", "left").withColumn("covered", F.coalesce("covered", F.lit(False)))
    return joined.withColumn("bucket", _bucket())


def _bucket() -> Column:
    more = F.col("ml") - F.col("session")
    changed = (F.col("only_ml") > 0) | (F.col("only_session") > 0)
    return (
        F.when(~F.col("covered"), F.lit("not covered"))
        .when(more < 0, F.lit("fewer"))
        .when(more > MANY_MORE, F.lit("over 50 more"))
        .when((more > 0) | changed, F.lit("up to 50 more"))
        .otherwise(F.lit("unchanged"))
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """Hosts by number of endpoints: `labels[i]` says the range, `ml[i]` and `session[i]` how many hosts are in it."""

    labels: tuple[str, ...]
    ml: tuple[int, ...]
    session: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison in figures. `agreement` is the Jaccard index of the two endpoint sets on covered hosts."""

    hosts: int
    covered_hosts: int
    endpoints_ml: int
    endpoints_session: int
    only_ml: int
    only_session: int
    agreement: float | None
    buckets: dict[str, int]
    histogram: Histogram


def summarised(comparisons: DataFrame, edges: Sequence[int]) -> Comparison:
    """Rows of `comparisons` → figures. Bins are (edges[i-1], edges[i]], the first is [0, edges[0]], the last is open."""
    sums = comparisons.agg(
        F.count("*").alias("hosts"),
        F.count_if("covered").alias("covered_hosts"),
        *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in COUNTS),
        *(
            F.coalesce(F.sum(F.when(F.col("covered"), F.col(name))), F.lit(0)).alias(f"covered_{name}")
            for name in COUNTS
        ),
    ).collect()[0]
    buckets = {row["bucket"]: row["count"] for row in comparisons.groupBy("bucket").count().collect()}
    union = sums["covered_both"] + sums["covered_only_ml"] + sums["covered_only_session"]
    return Comparison(
        hosts=sums["hosts"],
        covered_hosts=sums["covered_hosts"],
        endpoints_ml=sums["ml"],
        endpoints_session=sums["session"],
        only_ml=sums["only_ml"],
        only_session=sums["only_session"],
        agreement=sums["covered_both"] / union if union else None,
        buckets={name: buckets.get(name, 0) for name in BUCKETS},
        histogram=_histogram(comparisons, edges),
    )


def _histogram(comparisons: DataFrame, edges: Sequence[int]) -> Histogram:
    counts: dict[str, dict[int, int]] = {}
    for variant in ("ml", "session"):
        position = reduce(add, ((F.col(variant) > edge).cast("int") for edge in edges))
        rows = comparisons.groupBy(position.alias("bin")).count().collect()
        counts[variant] = {row["bin"]: row["count"] for row in rows}
    labels = [str(edges[0])]
    for low, high in pairwise(edges):
        labels.append(str(high) if high == low + 1 else f"{low + 1}–{high}")
    labels.append(f"over {edges[-1]}")
    numbers = range(len(labels))
    return Histogram(tuple(labels), *(tuple(counts[v].get(n, 0) for n in numbers) for v in ("ml", "session")))
