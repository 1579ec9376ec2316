"""Clients that deviate from what the others send are set apart before anything is judged (METHODS B5), on Spark.

One odd parameter may be an odd program of an honest user; two are a pattern. Only built-in functions, only aggregates:
what is collected nowhere is the list of clients, which grows with traffic.
"""

from __future__ import annotations

from functools import partial

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, LongType, StringType, StructField, StructType

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.fields import fields
from pipelines.schemas.batch_senders import NUMBER_DIGITS, senders, shared
from pipelines.schemas.maps import with_maps
from pipelines.schemas.observations import counted
from pipelines.schemas.recognisers import EMPTY, NUMBERS
from pipelines.schemas.seen import CLIENTS
from pipelines.schemas.table import PARAMETER_KEY
from pipelines.sections import DeviantSettings

GAP = 3.0
"""Times what three clients reach, from where three begin: a value farther out is no tail any more (METHODS B5)."""
PLACE = ("place", "endpoint")
_SIZES = StructType([*fields(LongType(), "who"), *fields(DoubleType(), "most", "least", nullable=True)])
_TEXTS = StructType(fields(LongType(), "value", "who", "n"))
SENDERS_SCHEMA = StructType(
    [*fields(StringType(), *PARAMETER_KEY, "kind"), StructField("each", ArrayType(_SIZES, False), False)]
)
SHARED_SCHEMA = StructType(
    [
        *fields(StringType(), *PARAMETER_KEY),
        *fields(LongType(), "most"),
        StructField("each", ArrayType(_TEXTS, False), False),
    ]
)


def deviants(batches: DataFrame, maps: DataFrame, answers: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Batches of values, rows of `maps_of`, and all clients (`client_days.answers`) → clients that must not teach.

    Clients are numbers until the few that deviate are known; `answers` names them.

    Returns: `client`, `parameters`, `endpoints` (bigint: in how many the client deviates), `reasons` (sorted array of
    "other-kind", "beyond-the-others", "outside-the-set", "client-errors"). At most `max_share` of the clients, those that
    deviate most; none at all where the clients are too few to tell who deviates from whom.
    """
    sent = with_maps(counted(batches, senders, SENDERS_SCHEMA), maps)
    few = partial(shared, clients=max(CLIENTS, settings.clients))
    values = with_maps(counted(batches, few, SHARED_SCHEMA), maps)
    odd = _by_kind(sent.select(*_places("kind"), F.inline("each")), settings).unionByName(
        _outside(values.select(*_places("most"), F.inline("each")), settings)
    )
    by_client = odd.groupBy("who").agg(
        F.size(F.collect_set("place")).alias("parameters"),
        F.size(F.collect_set("endpoint")).alias("endpoints"),
        F.array_sort(F.collect_set("reason")).alias("reasons"),
    )
    several = by_client.where(F.col("parameters") >= settings.parameters)
    asked = answers.select("client", number_of(F.col("client")).alias("who"), _fails(settings).alias("fails"))
    known = asked.join(several, "who", "left").where(F.col("fails") | F.col("parameters").isNotNull())
    found = known.select(
        "client",
        F.coalesce("parameters", F.lit(0)).cast("bigint").alias("parameters"),
        F.coalesce("endpoints", F.lit(0)).cast("bigint").alias("endpoints"),
        F.array_sort(
            F.concat(
                F.coalesce("reasons", F.array().cast("array<string>")),
                F.when(F.col("fails"), F.array(F.lit("client-errors"))).otherwise(
                    F.array().cast("array<string>")
                ),
            )
        ).alias("reasons"),
    )
    total = answers.count()
    most = max(settings.always, int(total * settings.max_share)) if total >= settings.clients else 0
    return found.orderBy(F.desc("parameters"), F.desc("endpoints"), "client").limit(most)


def _places(*more: str) -> list[Column]:
    """64 bits in place of the texts of a parameter and of its endpoint, which would be most of what is grouped."""
    keys = {"place": PARAMETER_KEY, "endpoint": ENDPOINT_KEY}
    return [*(F.xxhash64(*key).alias(name) for name, key in keys.items()), *map(F.col, more)]


def number_of(client: Column) -> Column:
    """60 bits in place of a client's name, as batches have them (`batch_senders.numbers_of`)."""
    return F.conv(F.substr(F.md5(client), F.lit(1), F.lit(NUMBER_DIGITS)), 16, 10).cast("bigint")


def _fails(settings: DeviantSettings) -> Column:
    """Whether a client's requests mostly go nowhere: scanners guess paths and parameters."""
    return (F.col("n") >= settings.requests) & (F.col("errors") >= settings.error_share * F.col("n"))


def _by_kind(sent: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Who sends values of a kind or size that the others do not.

    Everything is of one row per parameter and kind: how many clients, two of them, and who sent the outermost sizes.
    """
    sizes = sent.groupBy(*PLACE, "kind", "who").agg(
        F.max("most").alias("most"), F.min("least").alias("least")
    )
    size = F.struct("who", "most", "least")
    high, low = (
        F.when(F.col(end).isNotNull(), F.struct(sign * F.col(end), "who"))
        for end, sign in (("most", -1), ("least", 1))
    )
    outer = F.concat(F.min_by(size, high, CLIENTS), F.min_by(size, low, CLIENTS))
    kinds = sizes.groupBy(*PLACE, "kind").agg(
        F.count("*").alias("clients"),
        F.array_distinct(F.array(F.min("who"), F.max("who"))).alias("few"),
        F.array_distinct(outer).alias("outer"),
    )
    is_kind = F.col("kind") != EMPTY
    main = F.max(F.when(is_kind, F.struct("clients", "kind"))).over(Window.partitionBy(*PLACE))
    is_number_too = F.col("kind").isin(*NUMBERS) & F.col("main.kind").isin(*NUMBERS)
    is_alone = (F.col("clients") < CLIENTS) & (F.col("main.clients") >= settings.clients) & is_kind
    nobody = F.array().cast("array<bigint>")
    alone = F.when(is_alone & ~is_number_too, F.col("few")).otherwise(nobody)
    beyond = F.when(F.col("clients") >= settings.clients, _beyond(F.col("outer"))).otherwise(nobody)
    known = kinds.withColumn("main", main)
    return known.select(
        *PLACE,
        F.explode(F.concat(_said(alone, "other-kind"), _said(beyond, "beyond-the-others"))).alias("odd"),
    ).select(*PLACE, "odd.*")


def _beyond(outer: Column) -> Column:
    """Whose largest number or longest text is far beyond what three clients reach, measured from where three begin.

    Years begin at 2020, not at 0: from there 2,100 is far, from 0 nothing below 6,000 is. Where all send the same, its size is
    the measure. Numbers below zero count as far as they are from the beginning.
    """
    third = F.lit(CLIENTS - 1)
    begin = F.get(F.array_sort(F.transform(outer, lambda one: one["least"])), third)

    def away(one: Column) -> Column:
        below = F.when(one["least"] < 0, begin - one["least"]).otherwise(0.0)
        return F.struct(F.greatest(one["most"] - begin, below).alias("away"), one["who"].alias("who"))

    ordered = F.sort_array(F.transform(outer, away), asc=False)
    reached = F.get(ordered, third)["away"]
    measure = F.when(reached > 0, reached).otherwise(F.greatest(F.abs(begin), F.lit(1.0)))
    # who is farther than the third is one of two
    far = F.filter(F.slice(ordered, 1, CLIENTS - 1), lambda one: one["away"] > GAP * measure)
    return F.transform(far, lambda one: one["who"])


def _outside(values: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Who sends values that nobody shares, where nearly all values are shared: outside of what would be a closed set."""
    each = values.groupBy(*PLACE, "value").agg(
        F.count_distinct("who").alias("clients"),
        F.sum("n").alias("n"),
        F.max("most").alias("most"),
        F.array_distinct(F.array(F.min("who"), F.max("who"))).alias("few"),
    )
    is_unshared = F.col("clients") < CLIENTS
    nobody = F.array(F.lit(None).cast("bigint"))
    theirs = each.select(
        *PLACE, "n", "clients", "most", F.posexplode(F.when(is_unshared, F.col("few")).otherwise(nobody)).alias("at", "who")
    ).groupBy(*PLACE, "who").agg(
        F.sum("n").alias("mine"),
        F.sum(F.when(F.col("at") == 0, F.col("n")).otherwise(0)).alias("n"),
        F.max(F.greatest("clients", "most")).alias("clients"),
    )  # fmt: skip
    is_theirs = F.col("who").isNotNull()
    two = F.min_by(
        F.when(is_theirs, F.struct("who", "mine")),
        F.when(is_theirs, F.struct(-F.col("mine"), "who")),
        CLIENTS - 1,
    )
    totals = theirs.groupBy(*PLACE).agg(
        F.sum("n").alias("n"),
        F.sum(F.when(is_theirs, F.col("n")).otherwise(0)).alias("unshared"),
        F.max("clients").alias("clients"),
        two.alias("two"),
    )
    of_two = F.aggregate("two", F.lit(0).cast("bigint"), lambda sum_, one: sum_ + one["mine"])
    is_closed = (F.col("clients") >= settings.clients) & (
        F.col("unshared") - of_two <= settings.rest_share * F.col("n")
    )
    who = F.transform("two", lambda one: one["who"])
    return (
        totals.where(is_closed)
        .select(*PLACE, F.explode(_said(who, "outside-the-set")).alias("odd"))
        .select(*PLACE, "odd.*")
    )


def _said(who: Column, reason: str) -> Column:
    return F.transform(who, lambda one: F.struct(one.alias("who"), F.lit(reason).alias("reason")))
