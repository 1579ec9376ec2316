"""Occurrences of a change: since when, how often, by how many clients.

They are counted in the stored evidence of each day. Each change has a probe (`schema_changes.Probe`) that says which values show
it. Only built-in expressions of Spark are used, and slices are read for changed endpoints only.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.http.value_formats import OBJECT
from pipelines.requests.json_body import ITEM
from pipelines.runtime.columns import estimate_distinct

CHANGE_KEY = (*ENDPOINT_KEY, "id")


def count_occurrences(changes: DataFrame, parameter_slices: DataFrame) -> DataFrame:
    """Counts the values that show each change.

    Args:
        changes: `CHANGE_KEY, location, name, probe, last_day`.
        parameter_slices: rows of the table of this name.

    Returns:
        One row for each change that any value shows: `CHANGE_KEY`, `first_day`, `since` (the first day after `last_day`),
        `requests` and `clients` after `last_day`, `clients_before`. For extreme and for single values, the counts are lower
        bounds.
    """
    of_lists = F.col("location") == "item"
    stored = parameter_slices.select(
        *ENDPOINT_KEY,
        F.when(of_lists, "query").otherwise(F.col("location")).alias("location"),
        "name", "day", "kind", "n", F.col("requests").alias("carried"), "clients", "common", "high", "low", "prefix",
        F.col("classes").alias("characters"), of_lists.alias("is_item"),
    )  # fmt: skip
    probed = changes.where(F.col("probe").isNotNull()).select(
        *CHANGE_KEY, "location", "name", "last_day", "probe"
    )
    hits = probed.join(stored, [*ENDPOINT_KEY, "location", "name"]).where(_is_probed())
    counted = hits.withColumns({"found": _matching_values(), "hits": _count_matches()}).where(
        F.col("hits") > 0
    )
    is_later = F.col("day") > F.col("last_day")
    return counted.groupBy(*CHANGE_KEY).agg(
        F.min("day").alias("first_day"),
        F.min(F.when(is_later, F.col("day"))).alias("since"),
        F.coalesce(F.sum(F.when(is_later, F.col("hits"))), F.lit(0)).alias("requests"),
        _count_clients(is_later).alias("clients"),
        _count_clients(~is_later).alias("clients_before"),
    )


def count_absences(changes: DataFrame, parameter_slices: DataFrame) -> DataFrame:
    """Counts the requests that lack a parameter which is no longer required.

    A member of a body is looked for in the objects that could hold it. The clients are all of them minus those that sent it, and
    at least one, so an upper bound.

    Returns:
        Rows like those of `count_occurrences`.
    """
    name = F.col("name")
    in_body = F.col("location") == "body"
    holder = F.regexp_replace(name, "/[^/]*$", "")
    wanted = changes.where(F.col("is_absence")).select(
        *CHANGE_KEY, "last_day", "location", "name",
        F.when(in_body, "body").otherwise("request").alias("holder_location"),
        F.when(in_body, holder).otherwise("").alias("holder_name"),
    )  # fmt: skip
    days = _parameter_days(parameter_slices)
    key = [*ENDPOINT_KEY, "location", "name"]
    sent = wanted.join(days, key).select(
        *CHANGE_KEY, "day", F.col("n").alias("n_mine"), F.col("clients").alias("by_mine")
    )
    whole = wanted.drop("location", "name").join(
        days.select(*ENDPOINT_KEY, F.col("location").alias("holder_location"), F.col("name").alias("holder_name"),
                    "day", F.col("objects").alias("whole"), F.col("clients").alias("by_all")),
        [*ENDPOINT_KEY, "holder_location", "holder_name"],
    )  # fmt: skip
    both = whole.join(sent, [*CHANGE_KEY, "day"], "left").withColumn(
        "lack", F.greatest(F.col("whole") - F.coalesce("n_mine", F.lit(0)), F.lit(0))
    )
    is_later = (F.col("day") > F.col("last_day")) & (F.col("lack") > 0)
    return both.groupBy(*CHANGE_KEY).agg(
        F.min(F.when(F.col("lack") > 0, F.col("day"))).alias("first_day"),
        F.min(F.when(is_later, F.col("day"))).alias("since"),
        F.coalesce(F.sum(F.when(is_later, F.col("lack"))), F.lit(0)).alias("requests"),
        F.greatest(F.lit(1), estimate_union("by_all", is_later) - estimate_union("by_mine", is_later)).alias(
            "clients"
        ),
        F.lit(0).cast("bigint").alias("clients_before"),
    )


def count_request_days(parameter_slices: DataFrame) -> DataFrame:
    """Counts the learned requests of each endpoint per day.

    Returns:
        `ENDPOINT_KEY, day, requests`, `clients` (sketch), `exposure` (number of clients).
    """
    return (
        parameter_slices.where(F.col("location") == "request")
        .groupBy(*ENDPOINT_KEY, "day")
        .agg(F.sum("requests").alias("requests"), F.hll_union_agg("clients", F.lit(True)).alias("clients"))
        .withColumn("exposure", estimate_distinct("clients"))
    )


def estimate_union(sketches: str, where: Column) -> Column:
    """Aggregates the sketches of matching rows to the number of distinct clients."""
    return estimate_distinct(F.hll_union_agg(F.when(where, F.col(sketches)), F.lit(True)))


def _parameter_days(parameter_slices: DataFrame) -> DataFrame:
    """Counts each parameter per day.

    `objects` is the number of objects that could have held a member; for other parameters, the number of requests.
    """
    is_body = F.col("location") == "body"
    counted = F.when(is_body & ~F.endswith("name", F.lit(f"/{ITEM}")), F.col("n")).otherwise(
        F.col("requests")
    )
    objects = F.when(is_body, F.when(F.col("kind") == OBJECT, F.col("n")).otherwise(0)).otherwise(
        F.col("requests")
    )
    return parameter_slices.groupBy(*ENDPOINT_KEY, "location", "name", "day").agg(
        F.sum(counted).alias("n"),
        F.sum(objects).alias("objects"),
        F.hll_union_agg("clients", F.lit(True)).alias("clients"),
    )


def _is_probed() -> Column:
    """Whether a slice has a kind of the probe.

    Items of arrays count only if the probe names kinds.
    """
    kinds = F.col("probe.kinds")
    return F.when(kinds.isNull(), ~F.col("is_item")).otherwise(F.array_contains(kinds, F.col("kind")))


def _matching_values() -> Column:
    """The single values that show the change: array of counts and bits of clients.

    NULL if the slice as a whole shows the change or not.
    """
    probe = F.col("probe")

    def plain(values: Column) -> Column:
        return F.transform(
            values, lambda value: F.struct(value["n"].alias("n"), value["clients"].alias("clients"))
        )

    return (
        F.when(
            probe["above"].isNotNull(), plain(F.filter("high", lambda value: value["size"] > probe["above"]))
        )
        .when(
            probe["below"].isNotNull(), plain(F.filter("low", lambda value: value["size"] < probe["below"]))
        )
        .when(
            probe["known"].isNotNull() & F.col("common").isNotNull(),
            plain(F.filter("common", lambda value: ~F.array_contains(probe["known"], value["value"]))),
        )
    )


def _count_matches() -> Column:
    """The number of values that show the change.

    For characters it is a lower bound, as one value may hold several of them; 1 for an enum with too many values.
    """
    probe = F.col("probe")
    of_values = F.aggregate("found", F.lit(0).cast("bigint"), lambda total, one: total + one["n"])
    of_characters = F.array_max(F.transform(probe["classes"], lambda place: F.get("characters", place)))
    return (
        F.when(F.col("found").isNotNull(), of_values)
        .when(probe["classes"].isNotNull(), of_characters)
        .when(probe["known"].isNotNull(), F.lit(1).cast("bigint"))
        .when(
            probe["prefix"].isNotNull(),
            F.when(F.startswith("prefix", probe["prefix"]), 0).otherwise(F.col("carried")),
        )
        .otherwise(F.greatest("carried", F.lit(1)))
    )


def _count_clients(where: Column) -> Column:
    """The number of distinct clients of the values that show the change.

    It is at most the number of these values.

    For single values it is counted by their bits, for whole slices by sketch.
    """
    is_whole = F.col("found").isNull() & F.col("probe.known").isNull()
    bits = F.aggregate("found", F.lit(0).cast("bigint"), lambda known, one: known.bitwiseOR(one["clients"]))
    named = F.bit_count(F.coalesce(F.bit_or(F.when(where, bits)), F.lit(0).cast("bigint"))).cast("bigint")
    hits = F.coalesce(F.sum(F.when(where, F.col("hits"))), F.lit(0))
    return F.least(F.greatest(named, estimate_union("clients", where & is_whole)), hits)
