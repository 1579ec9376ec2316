"""`evidence.KindEvidence` as Spark aggregations: build, merge and read states.

Fields and merges are those of the value layer; only the sets of clients and values are HyperLogLog sketches here (exact while
few, else within 1.04 / sqrt(2^sketch_log2): Flajolet et al. 2007).
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http.value_patterns import BITS
from pipelines.runtime.columns import estimate_distinct
from pipelines.schemas.statistics.growth import HOURS
from pipelines.schemas.statistics.prefix import PREFIX_CHARACTERS
from pipelines.schemas.statistics.value_counts import MAX_DISTINCT_VALUES, MAX_EXTREME_VALUES
from pipelines.schemas.tables import EXTREME_VALUES_SCHEMA, PEAKS_SCHEMA

COUNTS = ("n", "requests")
SKETCHES = ("clients", "values")


def slice_state() -> list[Column]:
    """Returns aggregations over a slice's states, except those of `stored_values`."""
    counts = F.array(*(F.sum(F.col("classes")[place]) for place in range(len(BITS))))
    return [
        *(F.sum(name).alias(name) for name in COUNTS),
        *(F.hll_union_agg(name, F.lit(False)).alias(name) for name in SKETCHES),
        F.min("integer_min").alias("integer_min"),
        F.max("integer_max").alias("integer_max"),
        counts.alias("classes"),
        F.filter(F.array(*map(_peak, range(HOURS))), lambda peak: peak["size"].isNotNull())
        .cast(PEAKS_SCHEMA)
        .alias("peaks"),
        _shared_prefix(F.col("prefix")).alias("prefix"),
        F.bool_or("is_open").alias("is_open"),
    ]


KEPT_KEY = ("role", "value", "size", "digest")
"""Columns that identify a kept value; `role` names the column that keeps it."""


def kept_values() -> Column:
    """Returns all values that a state keeps, with their `KEPT_KEY`."""

    def of(role: str, *names: str) -> Column:
        return F.transform(
            role,
            lambda one: F.struct(
                F.lit(role).alias("role"),
                (one["value"] if "value" in names else F.lit(None).cast("string")).alias("value"),
                (one["size"] if "size" in names else F.lit(None).cast("double")).alias("size"),
                (one["digest"] if "digest" in names else F.lit(None).cast("string")).alias("digest"),
                one["n"].alias("n"),
                one["clients"].alias("clients"),
            ),
        )

    sizes = ("size", "digest")
    return F.concat(of("common", "value"), of("high", *sizes), of("low", *sizes))


def sum_counts() -> list[Column]:
    """Returns aggregations over one value in several batches: `n, clients` (bits)."""
    return [F.sum("n").alias("n"), F.bit_or("clients").alias("clients")]


def kept_state() -> list[Column]:
    """Returns aggregations over different values of `kept_values`.

    They are `high`, `low` and `common`, of which one more than `MAX_DISTINCT_VALUES` shows that they are too many.
    """
    sized = "struct(size, digest, n, clients), struct(size, digest)"
    return [
        F.expr(
            f"max_by(struct(value, n, clients), xxhash64(value), {MAX_DISTINCT_VALUES + 1}) FILTER (WHERE role = 'common')"
        ).alias("common"),
        F.expr(f"max_by({sized}, {MAX_EXTREME_VALUES}) FILTER (WHERE role = 'high')").alias("high"),
        F.expr(f"min_by({sized}, {MAX_EXTREME_VALUES}) FILTER (WHERE role = 'low')").alias("low"),
    ]


def stored_values() -> dict[str, Column]:
    """Returns the columns that are stored, from `kept_state` and `is_open`.

    If nothing is kept, no value is of a kind that is kept.
    """
    is_closed = ~F.col("is_open") & (F.size("common") <= MAX_DISTINCT_VALUES)
    return {
        "common": F.when(is_closed, F.array_sort("common")),
        **{name: F.coalesce(name, F.array().cast(EXTREME_VALUES_SCHEMA)) for name in ("high", "low")},
    }


def _shared_prefix(text: Column) -> Column:
    """Returns the common prefix of the texts of a group.

    It is the prefix that the first and the last of them in order share.
    """
    first, last = F.min(text), F.max(text)

    def is_shared(length: Column) -> Column:
        beginning = F.substr(first, F.lit(1), length)
        return (F.length(beginning) == length) & (beginning == F.substr(last, F.lit(1), length))

    lengths = F.filter(F.sequence(F.lit(1), F.lit(PREFIX_CHARACTERS)), is_shared)
    return F.when(first.isNotNull(), F.substr(first, F.lit(1), F.size(lengths)))


def _peak(hour: int) -> Column:
    """Returns the largest number of an hour of the day that the rows are grouped by."""
    since_1970 = F.unix_date("day") * HOURS + hour
    return F.struct(since_1970.alias("hour"), F.max(F.col("peaks")[hour]).alias("size"))


def merged_state() -> list[Column]:
    """Returns aggregations over slices: the same columns, and `days`, sorted.

    The few values that are kept stay apart by day (`common`, `high`, `low`, `peaks`): `learning.spark.evidence_from_row` merges
    them.
    """
    counts = F.array(*(F.sum(F.col("classes")[place]) for place in range(len(BITS))))
    return [
        *(F.sum(name).alias(name) for name in COUNTS),
        *(F.hll_union_agg(name, F.lit(True)).alias(name) for name in SKETCHES),
        F.min("integer_min").alias("integer_min"),
        F.max("integer_max").alias("integer_max"),
        F.array_sort(F.collect_set("day")).alias("days"),
        counts.alias("classes"),
        _shared_prefix(F.col("prefix")).alias("prefix"),
        F.bool_or(F.col("common").isNull()).alias("is_open"),
        *(F.flatten(F.collect_list(name)).alias(name) for name in ("common", "high", "low", "peaks")),
    ]


def evidence_columns() -> list[Column]:
    """Returns aggregations over a parameter's merged kinds.

    They are the fields of `evidence.Evidence` with `first_day` and `last_day`.
    """
    kinds = F.struct(
        "kind",
        "n",
        # an estimate may be a few per cent too high, but there are never more than values
        F.least(estimate_distinct("clients"), F.col("n")).alias("clients"),
        F.least(estimate_distinct("values"), F.col("n")).alias("distinct"),
        F.size("days").alias("days"),
        F.col("integer_min").alias("low"),
        F.col("integer_max").alias("high"),
        "classes",
        "is_open",
        F.array_sort("common").alias("common"),
        F.array_sort("high").alias("highest"),
        F.array_sort("low").alias("lowest"),
        F.array_sort("peaks").alias("peaks"),
        "prefix",
    )
    days = F.flatten(F.collect_list("days"))
    return [
        *(F.sum(name).alias(name) for name in COUNTS),
        estimate_distinct(F.hll_union_agg("clients", F.lit(True))).alias("clients"),
        F.size(F.array_distinct(days)).alias("days"),
        F.array_sort(F.collect_list(kinds)).alias("kinds"),
        F.array_min(days).alias("first_day"),
        F.array_max(days).alias("last_day"),
    ]
