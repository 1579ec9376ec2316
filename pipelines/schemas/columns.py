"""`state.KindState` as Spark aggregations: to build states from values, merge them, read the numbers.

Same fields, same merges as the value layer; only the sets of clients and values are HyperLogLog sketches here
(exact while few, else within 1.04 / sqrt(2^sketch_log2): Flajolet et al. 2007).
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.schemas.characters import BITS, CLASSES
from pipelines.schemas.evidence import NAMED_KINDS, SIZED_KINDS
from pipelines.schemas.prefix import PREFIX_CHARACTERS
from pipelines.schemas.recognisers import ARRAY, NUMBERS, RECOGNISERS, TEXT, TEXTUAL
from pipelines.schemas.seen import CLIENT_BITS, COMMON, CUT, DIGEST_CHARACTERS, KEPT_CHARACTERS, OUTERMOST
from pipelines.schemas.state import HOURS
from pipelines.schemas.table import PEAKS_SCHEMA
from pipelines.sketches import estimate

COUNTS = ("n", "requests")
SKETCHES = ("clients", "values")


def observed_state(sketch_log2: int) -> list[Column]:
    """Over rows of `parameter_values`: the columns of `PARAMETER_SLICES_SCHEMA` after its key.

    The sketch ignores empty texts, so one that no other value of the same kind can be stands in for them.
    """
    value = F.col("value")
    integers = [one.kind for one in RECOGNISERS if one.type == "integer"]
    integer = F.when(F.col("kind").isin(*integers), value.try_cast("bigint"))
    distinct = F.when(value == "", F.lit("\0")).otherwise(value)
    return [
        *(F.sum(name).alias(name) for name in COUNTS),
        F.hll_sketch_agg("client", F.lit(sketch_log2)).alias("clients"),
        F.hll_sketch_agg(distinct, F.lit(sketch_log2)).alias("values"),
        F.min(integer).alias("integer_min"),
        F.max(integer).alias("integer_max"),
    ]


def seen_state() -> list[Column]:
    """Over rows of `parameter_values`, one value at a time: `n, hours, clients` (bits)."""
    return [
        F.sum("n").alias("n"),
        F.bit_or("hours").alias("hours"),
        F.bit_or(client_bit(F.col("client"))).alias("clients"),
    ]


def digest(text: Column) -> Column:
    """`state.digest` as a Spark column."""
    return F.substring(F.md5(text), 1, DIGEST_CHARACTERS)


def kept_text(text: Column) -> Column:
    """`seen.kept_text` as a Spark column."""
    beginning = F.substring(text, 1, KEPT_CHARACTERS - DIGEST_CHARACTERS - 1)
    cut = F.concat(beginning, F.lit(CUT), digest(text))
    return F.when(F.length(text) <= KEPT_CHARACTERS, text).otherwise(cut)


def client_bit(client: Column) -> Column:
    """`seen.client_bit` as a Spark column."""
    return F.call_function(
        "shiftleft", F.lit(1).cast("bigint"), F.pmod(F.crc32(client), F.lit(CLIENT_BITS)).cast("int")
    )


def classes(value: Column) -> Column:
    """`characters.classes_of` as a Spark column."""
    each = [
        F.when(value.rlike(f"[{inside}]"), F.lit(BITS[name])).otherwise(F.lit(0))
        for name, inside in CLASSES.items()
    ]
    return reduce(add, each)


def sized() -> dict[str, Column]:
    """Over different values: what `outermost_state` ranks."""
    return {
        "number": F.when(F.col("kind").isin(*NUMBERS), F.col("value").try_cast("double")),
        "size": size(),
        "digest": digest(F.col("value")),
        "kept": kept_text(F.col("value")),
        "named": F.col("kind").isin(*NAMED_KINDS),
        "classes": F.when(F.col("kind").isin(*TEXTUAL), classes(F.col("value"))).otherwise(F.lit(0)),
    }


def size() -> Column:
    """The number, the length of a text, the items of an array; NULL for other kinds."""
    number = F.when(F.col("kind").isin(*NUMBERS, ARRAY), F.col("value").try_cast("double"))
    return F.coalesce(number, F.when(F.col("kind").isin(*SIZED_KINDS), F.length("value").cast("double")))


def outermost_state() -> list[Column]:
    """Over different values with the columns of `sized`: `classes`, `common`, `high`, `low`, `peaks`, `prefix`."""
    seen = "struct(size, digest, n, clients), struct(size, digest)"
    value = F.expr(
        f"max_by(struct(kept AS value, n, clients), xxhash64(value), {COMMON}) FILTER (WHERE named)"
    )
    is_closed = F.bool_and("named") & (F.count("*") <= COMMON)
    return [
        F.array(*(F.sum(F.when(_has(bit), F.col("n")).otherwise(F.lit(0))) for bit in BITS.values())).alias(
            "classes"
        ),
        F.when(is_closed, F.array_sort(value)).alias("common"),
        F.coalesce(F.expr(f"max_by({seen}, {OUTERMOST}) FILTER (WHERE size IS NOT NULL)"), F.array()).alias(
            "high"
        ),
        F.coalesce(F.expr(f"min_by({seen}, {OUTERMOST}) FILTER (WHERE number IS NOT NULL)"), F.array()).alias(
            "low"
        ),
        F.filter(F.array(*map(_peak, range(HOURS))), lambda peak: peak["size"].isNotNull())
        .cast(PEAKS_SCHEMA)
        .alias("peaks"),
        _shared(F.when(F.col("kind") == TEXT, F.substring("value", 1, PREFIX_CHARACTERS))).alias("prefix"),
    ]


def _shared(text: Column) -> Column:
    """What all texts of a group begin with: what the first and the last of them in order share."""
    first, last = F.min(text), F.max(text)

    def is_shared(length: Column) -> Column:
        beginning = F.substr(first, F.lit(1), length)
        return (F.length(beginning) == length) & (beginning == F.substr(last, F.lit(1), length))

    lengths = F.filter(F.sequence(F.lit(1), F.lit(PREFIX_CHARACTERS)), is_shared)
    return F.when(first.isNotNull(), F.substr(first, F.lit(1), F.size(lengths)))


def _has(bit: int) -> Column:
    return F.col("classes").bitwiseAND(F.lit(bit)) != 0


def _peak(hour: int) -> Column:
    """The largest number sent in an hour of the day that the rows are grouped by."""
    sent = F.col("hours").bitwiseAND(F.lit(1 << hour)) != 0
    since_1970 = F.unix_date("day") * HOURS + hour
    return F.struct(since_1970.alias("hour"), F.max(F.when(sent, F.col("number"))).alias("size"))


def merged_state() -> list[Column]:
    """Over slices: the same columns, and `days`, the sorted array of the days they came from.

    The few values that are kept stay apart by day (`common`, `high`, `low`, `peaks`): `evidence_of` merges them.
    """
    counts = F.array(*(F.sum(F.col("classes")[place]) for place in range(len(BITS))))
    return [
        *(F.sum(name).alias(name) for name in COUNTS),
        *(F.hll_union_agg(name, F.lit(True)).alias(name) for name in SKETCHES),
        F.min("integer_min").alias("integer_min"),
        F.max("integer_max").alias("integer_max"),
        F.array_sort(F.collect_set("day")).alias("days"),
        counts.alias("classes"),
        _shared(F.col("prefix")).alias("prefix"),
        F.bool_or(F.col("common").isNull()).alias("is_open"),
        *(F.flatten(F.collect_list(name)).alias(name) for name in ("common", "high", "low", "peaks")),
    ]


def evidence() -> list[Column]:
    """Over a parameter's merged kinds: the fields of `evidence.Evidence`, and `first_day`, `last_day`."""
    kinds = F.struct(
        "kind",
        "n",
        # an estimate may be a few per cent too high, and there are never more than were counted
        F.least(estimate("clients"), F.col("n")).alias("clients"),
        F.least(estimate("values"), F.col("n")).alias("distinct"),
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
        estimate(F.hll_union_agg("clients", F.lit(True))).alias("clients"),
        F.size(F.array_distinct(days)).alias("days"),
        F.array_sort(F.collect_list(kinds)).alias("kinds"),
        F.array_min(days).alias("first_day"),
        F.array_max(days).alias("last_day"),
    ]
