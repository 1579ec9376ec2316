"""Objects with ever new members are maps, whatever their keys look like: told by counts, before anything is stored of the keys.

A name that is a date or an address is told by its form, where a request is read (`names.is_member_name`). Product codes, slugs
and names of people look like any other name: hundreds of them under one parent, each of few clients, are keys.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.fields import fields
from pipelines.schemas.batch_senders import members
from pipelines.schemas.json_body import ITEM, KEY, MEMBER
from pipelines.schemas.observations import counted
from pipelines.schemas.table import PARAMETER_KEY
from pipelines.sections import SchemaSettings

MAPS = 50
"""Maps of one endpoint that are looked for, the outermost first; what is inside of one goes with it."""
MEMBERS_SCHEMA = StructType(fields(StringType(), *PARAMETER_KEY, "client"))
_MAP = StructType([*fields(StringType(), "prefix"), StructField("kept", ArrayType(StringType()))])
MAPS_SCHEMA = StructType([*fields(StringType(), *ENDPOINT_KEY), StructField("maps", ArrayType(_MAP))])
COMMON_SHARE = 0.5
"""A member that such a share of the clients of its object sends is a name beside the keys."""


def with_maps(values: DataFrame, maps: DataFrame) -> DataFrame:
    """Rows with `PARAMETER_KEY`, and rows of `maps_of` → the same with `{}` in place of the keys of maps."""
    of_body = F.col("location").isin("body", KEY) & F.col("maps").isNotNull()
    name = F.when(of_body, F.aggregate("maps", F.col("name"), _collapsed)).otherwise(F.col("name"))
    joined = values.join(F.broadcast(maps), [*ENDPOINT_KEY], "left")
    return joined.withColumn("name", name).select(*values.columns)


def members_of(batches: DataFrame) -> DataFrame:
    """Batches of values → what `maps_of` reads: `ENDPOINT_KEY, location, name, client` of values in JSON bodies."""
    return counted(batches, members, MEMBERS_SCHEMA)


def maps_of(values: DataFrame, settings: SchemaSettings) -> DataFrame:
    """`ENDPOINT_KEY`, `maps`: array of `prefix` (the pointer of a map) and `kept` (tokens of the names beside its keys).

    Counts are exact: a sketch would let chance decide.
    """
    token = F.regexp_extract("name", "[^/]*$", 0)
    sent = (
        values.where(F.col("location") == "body")
        .select(*ENDPOINT_KEY, "name", "client")
        .distinct()
        .groupBy(*ENDPOINT_KEY, "name")
        .agg(F.count(F.lit(1)).alias("clients"))
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
    return each.groupBy(*ENDPOINT_KEY).agg(F.array_sort(F.min_by(one, outermost, MAPS)).alias("maps"))


def _collapsed(name: Column, of: Column) -> Column:
    """A pointer with `{}` in place of the key, if it is below the map `of` and not a name beside its keys."""
    begin = F.concat(of["prefix"], F.lit("/"))
    below = F.substr(name, F.length(begin) + 1)
    key = F.regexp_extract(below, "^[^/]*", 0)
    is_key = F.startswith(name, begin) & ~F.array_contains(of["kept"], key) & ~key.isin(ITEM, MEMBER)
    return F.when(is_key, F.concat(begin, F.lit(MEMBER), F.substr(below, F.length(key) + 1))).otherwise(name)
