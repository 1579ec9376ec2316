"""Since when, how often and by whom: what the stored evidence of each day says of a change, by built-in expressions.

A change carries a probe (`schema_changes.Probe`): which values show it. Slices are read for changed endpoints only.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.http.value_formats import OBJECT
from pipelines.requests.json_body import ITEM
from pipelines.runtime.columns import estimate_distinct

CHANGE_KEY = (*ENDPOINT_KEY, "id")
OCCURRED = ("first_day", "since", "requests", "clients", "clients_before")


def count_occurrences(changes: DataFrame, parameter_slices: DataFrame) -> DataFrame:
    """Changes with `location, name, probe, last_day` → one row a change that any value shows.

    Returns: `CHANGE_KEY`, `first_day` (of all), `since` (the first day after `last_day`), `requests` and `clients` after
    it (of outermost and of single values at least so many), `clients_before`.
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
    hits = probed.join(stored, [*ENDPOINT_KEY, "location", "name"]).where(_is_looked_at())
    counted = hits.withColumns({"found": _found(), "hits": _hits()}).where(F.col("hits") > 0)
    is_later = F.col("day") > F.col("last_day")
    return counted.groupBy(*CHANGE_KEY).agg(
        F.min("day").alias("first_day"),
        F.min(F.when(is_later, F.col("day"))).alias("since"),
        F.coalesce(F.sum(F.when(is_later, F.col("hits"))), F.lit(0)).alias("requests"),
        _clients(is_later).alias("clients"),
        _clients(~is_later).alias("clients_before"),
    )


def count_absences(changes: DataFrame, parameter_slices: DataFrame) -> DataFrame:
    """Changes from required to optional → rows like those of `occurrences`, of requests that lack the parameter.

    A member of a body is looked for in the objects that could hold it. Clients are those of the whole less those that sent it:
    at least one, at most so many.
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
    mine = wanted.join(days, key).select(
        *CHANGE_KEY, "day", F.col("n").alias("n_mine"), F.col("clients").alias("by_mine")
    )
    whole = wanted.drop("location", "name").join(
        days.select(*ENDPOINT_KEY, F.col("location").alias("holder_location"), F.col("name").alias("holder_name"),
                    "day", F.col("objects").alias("whole"), F.col("clients").alias("by_all")),
        [*ENDPOINT_KEY, "holder_location", "holder_name"],
    )  # fmt: skip
    both = whole.join(mine, [*CHANGE_KEY, "day"], "left").withColumn(
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
    """Rows of slices → `ENDPOINT_KEY, day`, `requests` that taught, `clients` (sketch), `exposure`: the number of clients."""
    return (
        parameter_slices.where(F.col("location") == "request")
        .groupBy(*ENDPOINT_KEY, "day")
        .agg(F.sum("requests").alias("requests"), F.hll_union_agg("clients", F.lit(True)).alias("clients"))
        .withColumn("exposure", estimate_distinct("clients"))
    )


def estimate_union(sketches: str, where: Column) -> Column:
    """Aggregation: distinct clients of the rows that match; 0 for none."""
    return estimate_distinct(F.hll_union_agg(F.when(where, F.col(sketches)), F.lit(True)))


def _parameter_days(parameter_slices: DataFrame) -> DataFrame:
    """One row a parameter and day; `objects`: how many could have held a member (of a request: the request)."""
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


def _is_looked_at() -> Column:
    """Slices of the probe's kinds; parts of lists only where a probe names kinds."""
    kinds = F.col("probe.kinds")
    return F.when(kinds.isNull(), ~F.col("is_item")).otherwise(F.array_contains(kinds, F.col("kind")))


def _found() -> Column:
    """The single values that show the change (array of n, bits of clients); NULL where the slice as a whole does or does not."""
    probe = F.col("probe")

    def plain(values: Column) -> Column:
        return F.transform(values, lambda one: F.struct(one["n"].alias("n"), one["clients"].alias("clients")))

    return (
        F.when(probe["above"].isNotNull(), plain(F.filter("high", lambda one: one["size"] > probe["above"])))
        .when(probe["below"].isNotNull(), plain(F.filter("low", lambda one: one["size"] < probe["below"])))
        .when(
            probe["known"].isNotNull() & F.col("common").isNotNull(),
            plain(F.filter("common", lambda one: ~F.array_contains(probe["known"], one["value"]))),
        )
    )


def _hits() -> Column:
    """Values that show the change; of characters at least, as one value may hold several; 1 of a set with too many values."""
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


def _clients(where: Column) -> Column:
    """Distinct clients of what was found: of single values by their bits, of whole slices by sketch, never more than hits."""
    is_whole = F.col("found").isNull() & F.col("probe.known").isNull()
    bits = F.aggregate("found", F.lit(0).cast("bigint"), lambda known, one: known.bitwiseOR(one["clients"]))
    named = F.bit_count(F.coalesce(F.bit_or(F.when(where, bits)), F.lit(0).cast("bigint"))).cast("bigint")
    hits = F.coalesce(F.sum(F.when(where, F.col("hits"))), F.lit(0))
    return F.least(F.greatest(named, estimate_union("clients", where & is_whole)), hits)
