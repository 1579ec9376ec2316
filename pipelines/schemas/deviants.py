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
from pipelines.schemas.batch_senders import senders, shared
from pipelines.schemas.evidence import SIZED_KINDS
from pipelines.schemas.maps import with_maps
from pipelines.schemas.observations import counted
from pipelines.schemas.recognisers import EMPTY, NUMBERS, UNIX_MILLISECONDS, UNIX_SECONDS
from pipelines.schemas.seen import CLIENTS
from pipelines.schemas.table import PARAMETER_KEY
from pipelines.sections import DeviantSettings

GAP = 3.0
"""Times what three clients reach, from where three begin: a value farther out is no tail any more (METHODS B5)."""
TIMES = (UNIX_SECONDS, UNIX_MILLISECONDS)
PLACE = ("place", "endpoint")
_SIZES = StructType([*fields(StringType(), "client"), *fields(DoubleType(), "most", "least", nullable=True)])
_TEXTS = StructType([*fields(StringType(), "value", "client"), *fields(LongType(), "n")])
SENDERS_SCHEMA = StructType(
    [*fields(StringType(), *PARAMETER_KEY, "kind"), StructField("each", ArrayType(_SIZES, False), False)]
)
SHARED_SCHEMA = StructType(
    [*fields(StringType(), *PARAMETER_KEY), StructField("each", ArrayType(_TEXTS, False), False)]
)


def deviants(batches: DataFrame, maps: DataFrame, answers: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Batches of values, rows of `maps_of`, and all clients (`client_days.answers`) → clients that must not teach.

    Returns: `client`, `parameters`, `endpoints` (bigint: in how many the client deviates), `reasons` (sorted array of
    "other-kind", "beyond-the-others", "outside-the-set", "client-errors"). At most `max_share` of the clients, those that
    deviate most; none at all where the clients are too few to tell who deviates from whom.
    """
    sent = with_maps(counted(batches, senders, SENDERS_SCHEMA), maps)
    who = sent.select(*_places("kind"), F.inline("each"))
    sizes = who.groupBy(*PLACE, "kind", "client").agg(
        F.max("most").alias("most"), F.min("least").alias("least")
    )
    few = partial(shared, clients=max(CLIENTS, settings.clients))
    values = with_maps(counted(batches, few, SHARED_SCHEMA), maps).select(*_places(), F.inline("each"))
    odd = _other_kinds(sizes, settings).unionByName(_beyond(sizes, settings)).unionByName(
        _outside(values, settings)
    )  # fmt: skip
    by_client = odd.groupBy("client").agg(
        F.count_distinct("place").alias("parameters"),
        F.count_distinct("endpoint").alias("endpoints"),
        F.array_sort(F.collect_set("reason")).alias("reasons"),
    )
    several = by_client.where(F.col("parameters") >= settings.parameters)
    found = several.join(_failing(answers, settings), "client", "full").select(
        "client",
        F.coalesce("parameters", F.lit(0)).alias("parameters"),
        F.coalesce("endpoints", F.lit(0)).alias("endpoints"),
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


def _failing(answers: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Clients whose requests mostly go nowhere: scanners guess paths and parameters."""
    fails = (F.col("n") >= settings.requests) & (F.col("errors") >= settings.error_share * F.col("n"))
    return answers.where(fails).select("client", F.lit(True).alias("fails"))


def _other_kinds(sizes: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Who alone sends values of a kind, where many send another; a number among numbers is none."""
    kinds = (
        sizes.where(F.col("kind") != EMPTY)
        .groupBy(*PLACE, "kind")
        .agg(F.count("*").alias("clients"), _few_clients().alias("few"))
    )
    place = Window.partitionBy(*PLACE)
    main = F.max(F.struct("clients", "kind")).over(place)
    known = kinds.withColumn("main", main)
    is_number_too = F.col("kind").isin(*NUMBERS) & F.col("main.kind").isin(*NUMBERS)
    is_alone = (F.col("clients") < CLIENTS) & (F.col("main.clients") >= settings.clients)
    return _reason(
        known.where(is_alone & ~is_number_too).withColumn("client", F.explode("few")), "other-kind"
    )


def _beyond(sizes: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Whose largest number or longest text is far beyond what three clients reach, measured from where three begin.

    Years begin at 2020, not at 0: from there 2,100 is far, from 0 nothing below 6,000 is. Where all send the same, its size is
    the measure. Numbers below zero count as far as they are from the beginning. Times are free: who asks for next year is honest.
    """
    by_client = sizes.where(F.col("kind").isin(*NUMBERS, *SIZED_KINDS) & ~F.col("kind").isin(*TIMES))
    place = Window.partitionBy(*PLACE, "kind")
    begin = F.max(F.when(F.col("rank") == CLIENTS, F.col("least"))).over(place)
    begun = by_client.withColumns(
        {"rank": F.row_number().over(place.orderBy("least")), "clients": F.count("*").over(place)}
    ).withColumn("begin", begin)
    below = F.when(F.col("least") < 0, F.col("begin") - F.col("least")).otherwise(0.0)
    away = begun.withColumn("away", F.greatest(F.col("most") - F.col("begin"), below))
    ranked = away.withColumn("rank", F.row_number().over(place.orderBy(F.desc("away"))))
    third = F.max(F.when(F.col("rank") == CLIENTS, F.col("away"))).over(place)
    measure = F.when(F.col("third") > 0, F.col("third")).otherwise(F.greatest(F.abs("begin"), F.lit(1.0)))
    far = (F.col("clients") >= settings.clients) & (F.col("away") > GAP * measure)
    return _reason(ranked.withColumn("third", third).where(far), "beyond-the-others")


def _outside(values: DataFrame, settings: DeviantSettings) -> DataFrame:
    """Who sends values that nobody shares, where nearly all values are shared: outside of what would be a closed set."""
    who = values.groupBy(*PLACE, F.xxhash64("value").alias("value"), "client").agg(F.sum("n").alias("n"))
    value = Window.partitionBy(*PLACE, "value")
    each = who.withColumns({"clients": F.count("*").over(value), "total": F.sum("n").over(value)})
    is_unshared = F.col("clients") < CLIENTS
    totals = each.groupBy(*PLACE).agg(
        F.sum("n").alias("n"),
        F.sum(F.when(is_unshared, F.col("n")).otherwise(F.lit(0))).alias("unshared"),
        F.max("clients").alias("clients"),
    )
    theirs = each.where(is_unshared).groupBy(*PLACE, "client").agg(F.sum("total").alias("mine"))
    place = Window.partitionBy(*PLACE)
    two = F.sum(F.when(F.col("rank") < CLIENTS, F.col("mine"))).over(place)
    ranked = theirs.withColumn("rank", F.row_number().over(place.orderBy(F.desc("mine"), "client")))
    most = ranked.withColumn("two", two).where(F.col("rank") < CLIENTS)
    rest = F.col("unshared") - F.col("two")
    is_closed = (F.col("clients") >= settings.clients) & (rest <= settings.rest_share * F.col("n"))
    return _reason(most.join(totals, [*PLACE]).where(is_closed), "outside-the-set")


def _few_clients() -> Column:
    """At most `CLIENTS` of the clients of a group that has each of them once."""
    return F.min_by("client", "client", CLIENTS)


def _reason(found: DataFrame, reason: str) -> DataFrame:
    return found.select(*PLACE, "client", F.lit(reason).alias("reason"))
