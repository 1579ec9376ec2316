"""Finds objects that are maps by counts, before a schema is made of their keys.

A name that is a date or an address is recognised when a request is read (`parameter_names.is_member_name`). Product codes, slugs
and names of people look like any other name: hundreds of them under one parent, each from few clients, are keys of a map.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.requests.json_body import ITEM, MEMBER
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.keys import BODY_LOCATIONS
from pipelines.schemas.statistics.senders import MAX_CLIENTS, NUMBER_BITS, TOKEN_DIGITS

MAX_MAPS = 50
"""Most maps of one endpoint, the outermost first; inner ones are part of those."""
_MAP = StructType([*struct_fields(StringType(), "prefix"), StructField("kept", ArrayType(StringType()))])
MAPS_SCHEMA = StructType([*struct_fields(StringType(), *ENDPOINT_KEY), StructField("maps", ArrayType(_MAP))])
COMMON_SHARE = 0.5
"""Share of an object's clients from which a member is a name, not a key."""


def anonymise_name(token: Column) -> Column:
    """Replaces a name by digits (`senders.anonymise_pointer` of one token)."""
    return F.substring(F.md5(token), 1, TOKEN_DIGITS)


def collapse_map_keys(
    values: DataFrame, maps: DataFrame, known_as: Callable[[Column], Column] = anonymise_name
) -> DataFrame:
    """Replaces the keys of maps by `{}` in rows with `PARAMETER_KEY`.

    Args:
        values: The rows.
        maps: Rows of `find_maps`.
        known_as: How the maps represent a name of these rows; names of `parameter_senders` are represented as they are.
    """
    of_body = F.col("location").isin(*BODY_LOCATIONS) & F.col("maps").isNotNull()
    name = F.when(of_body, _collapse_keys(F.col("name"), F.col("maps"), known_as)).otherwise(F.col("name"))
    joined = values.join(F.broadcast(maps), [*ENDPOINT_KEY], "left")
    return joined.withColumn("name", name).select(*values.columns)


def find_maps(sent: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Finds the maps of each endpoint.

    Whether a name is rare is counted exactly: with a sketch, chance would decide.

    Args:
        sent: Rows of `validation.spark.parameter_senders` of any days.
        settings: Thresholds.

    Returns:
        `ENDPOINT_KEY` and `maps`, an array of `prefix` (the pointer of a map) and `kept` (tokens of the names that are not keys),
        with digits for names as in `sent`.
    """
    token = F.regexp_extract("name", "[^/]*$", 0)
    sent = (
        sent.where(F.col("location") == "body")
        .select(*ENDPOINT_KEY, "name", F.explode(F.flatten("kinds.clients")).alias("client"))
        .groupBy(*ENDPOINT_KEY, "name")
        .agg(_estimate_clients(F.array_sort(F.collect_set("client"))).alias("clients"))
    )
    members = (
        sent.where(F.col("name") != "")
        .withColumns({"token": token, "prefix": F.regexp_replace("name", "/[^/]*$", "")})
        .where(~F.col("token").isin(ITEM, MEMBER))
    )
    is_rare = F.col("clients") < settings.name_clients
    crowded = (
        members.groupBy(*ENDPOINT_KEY, "prefix")
        .agg(
            F.count(F.lit(1)).alias("names"),
            F.count_if(is_rare).alias("rare"),
        )
        .where((F.col("names") >= settings.map_names) & (2 * F.col("rare") > F.col("names")))
    )
    holders = sent.select(*ENDPOINT_KEY, F.col("name").alias("prefix"), F.col("clients").alias("holders"))
    common = F.greatest(F.lit(settings.name_clients), F.col("holders") * COMMON_SHARE)
    kept = F.when(F.col("clients") >= common, F.col("token"))
    each = (
        crowded.join(holders, [*ENDPOINT_KEY, "prefix"])
        .join(members, [*ENDPOINT_KEY, "prefix"])
        .groupBy(*ENDPOINT_KEY, "prefix")
        .agg(
            F.array_sort(F.max_by(kept, F.struct("clients", "token"), settings.max_parameters)).alias("kept")
        )
    )
    one = F.struct("prefix", F.filter("kept", lambda name: name.isNotNull()).alias("kept"))
    outermost = F.struct(F.length("prefix"), "prefix")
    return each.groupBy(*ENDPOINT_KEY).agg(F.array_sort(F.min_by(one, outermost, MAX_MAPS)).alias("maps"))


def _estimate_clients(clients: Column) -> Column:
    """Returns `senders.estimate_clients` of sorted different clients."""
    last = F.get(clients, F.lit(MAX_CLIENTS - 1))
    estimate = (MAX_CLIENTS - 1) * 2.0**NUMBER_BITS / (last + 1)
    return F.when(F.size(clients) < MAX_CLIENTS, F.size(clients).cast("double")).otherwise(estimate)


def _collapse_keys(name: Column, maps: Column, known_as: Callable[[Column], Column]) -> Column:
    """Replaces the keys in a pointer by `{}`.

    A key is a token directly below a map that is not one of the map's names.
    """

    def step(walked: Column, token: Column) -> Column:
        is_free = token.isin(ITEM, MEMBER)
        known = F.when(is_free, token).otherwise(known_as(token))
        is_of = lambda one: (one["prefix"] == walked["known"]) & ~F.array_contains(one["kept"], known)  # noqa: E731
        is_key = ~is_free & F.exists(maps, is_of)
        below, now = (F.when(is_key, F.lit(MEMBER)).otherwise(of) for of in (token, known))
        return F.struct(
            F.concat(walked["name"], F.lit("/"), below).alias("name"),
            F.concat(walked["known"], F.lit("/"), now).alias("known"),
        )

    start = F.struct(F.lit("").alias("name"), F.lit("").alias("known"))
    tokens = F.slice(F.split(name, "/"), 2, F.greatest(F.size(F.split(name, "/")) - 1, F.lit(0)))
    return F.aggregate(tokens, start, step)["name"]
