"""Transactions → the values of their parameters, by built-in functions. Only successful requests teach.

Hostile by assumption: malformed escapes stay as they are, names and values are cut, a request gives at most
`MAX_PAIRS`. Intermediate arrays are columns of their own: inside the lambda of a higher-order function Spark
would compute them again for every element.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.body_column import body_values
from pipelines.schemas.kind_column import kind
from pipelines.schemas.names import NAME_CHARACTERS, NAMING_KINDS, PLAIN_NAME
from pipelines.schemas.placeholders import DOUBLED
from pipelines.schemas.recognisers import MAX_CHARACTERS
from pipelines.schemas.template_columns import form_decoded, observation, path_values, segments
from pipelines.schemas.views import is_late

MAX_PAIRS = 500
"""Query parameters read of one request; the source saw endpoints of 50. Bounds the work that one request can
cause.
"""
MAX_ITEMS = 50
"""Items read of one list in a value."""
EACH = (*ENDPOINT_KEY, "day", "is_late", "client")


def parameter_values(transactions: DataFrame) -> DataFrame:
    """Transactions (`ENDPOINT_KEY, day, time, status, path, query, client, request_content_type, request_body`) → values.

    Returns: `ENDPOINT_KEY, day, is_late, client, location, name, value, json_type, n, requests, hours`, one row
    per distinct combination of the columns before `n`, of successful (2xx) requests. `location` is one of `table.LOCATIONS`;
    "request" is there once a request, with an empty name and value. `n` counts values, `requests` only the first of its
    name in each request: repeated keys keep all their values; `hours` are bits of the hours (UTC) in which it was sent.
    Path values are percent-decoded; query and form names and values also have "+" decoded to a space. Values are cut to
    `MAX_CHARACTERS`, names to `NAME_CHARACTERS` characters.
    """
    successful = transactions.where(F.col("status").between(200, 299))
    form = F.when(_is_form(), F.col("request_body"))
    split = successful.withColumn("is_late", is_late(F.col("time"))).select(
        *EACH,
        F.hour("time").alias("hour"),
        segments(F.col("path_template")).alias("expected"),
        segments(F.regexp_replace("path", ";[^/]*", "")).alias("found"),  # matrix parameters: RFC 3986 s. 3.3
        F.col("path").startswith(DOUBLED).alias("is_doubled"),
        _pairs(F.col("query")).alias("pairs"),
        _pairs(form).alias("form_pairs"),
        body_values(F.when(~_is_form(), F.col("request_body"))).alias("body"),
    )
    decoded = split.select(
        *EACH, "hour", "expected", "found", "is_doubled", "body",
        _names("pairs").alias("names"), _values("pairs").alias("values"),
        _names("form_pairs").alias("form_names"), _values("form_pairs").alias("form_values"),
    )  # fmt: skip
    request = F.array(observation("request", F.lit(""), F.lit(""), F.lit(True)))
    doubled = F.array(observation("written", F.lit(DOUBLED), F.lit(""), F.lit(True)))
    all_of_it = F.concat(
        F.when(F.col("is_doubled"), F.concat(request, doubled)).otherwise(request),
        path_values("expected", "found"),
        pair_values("query", "names", "values"),
        items("names", "values"),
        pair_values("form", "form_names", "form_values"),
        F.col("body"),
    )
    return _counted(decoded.select(*EACH, "hour", F.explode(all_of_it).alias("observed")))


def _counted(observed: DataFrame) -> DataFrame:
    """One row per different value of a client, without what is no name."""
    flat = observed.select(
        *EACH,
        F.call_function("shiftleft", F.lit(1), F.col("hour")).alias("hour"),
        F.col("observed.location").alias("location"),
        F.substring("observed.name", 1, NAME_CHARACTERS).alias("name"),
        F.substring("observed.value", 1, MAX_CHARACTERS).alias("value"),
        F.col("observed.json_type").alias("json_type"),
        F.col("observed.is_first").cast("long").alias("is_first"),
    )
    counted = flat.groupBy(*EACH, "location", "name", "value", "json_type").agg(
        F.count(F.lit(1)).alias("n"), F.sum("is_first").alias("requests"), F.bit_or("hour").alias("hours")
    )
    return counted.where(
        F.col("location").isin("request", "written", "path", "body") | _is_name(F.col("name"))
    )


def _is_form() -> Column:
    return F.coalesce(F.col("request_content_type").contains("x-www-form-urlencoded"), F.lit(False))


def items(names: str, values: str) -> Column:
    """Two arrays → (location "item", name, value) for each part of a value with commas, which may be a list."""

    def listed(pair: Column) -> Column:
        parts = F.slice(F.split(pair[values], ","), 1, MAX_ITEMS)
        return F.transform(parts, lambda part: observation("item", pair[names], part, F.lit(False)))

    with_commas = F.filter(F.arrays_zip(names, values), lambda pair: pair[values].contains(","))
    return F.flatten(F.transform(with_commas, listed))


def pair_values(location: str, names: str, values: str) -> Column:
    """Two arrays → array of (location, name, value, is_first)."""

    def located(pair: Column, position: Column) -> Column:
        is_first = F.array_position(names, pair[names]) == position + 1
        return observation(location, pair[names], pair[values], is_first)

    return F.transform(F.arrays_zip(names, values), located)


def _pairs(query: Column) -> Column:
    """A raw query string → its pairs, split as in the URL standard (WHATWG) s. 5.1; without nameless ones."""
    pieces = F.split(F.coalesce(query, F.lit("")), "&")
    return F.slice(F.filter(pieces, lambda piece: (piece != "") & ~piece.startswith("=")), 1, MAX_PAIRS)


def _names(pairs: str) -> Column:
    return F.transform(
        pairs, lambda pair: F.substring(form_decoded(F.substring_index(pair, "=", 1)), 1, NAME_CHARACTERS)
    )


def _values(pairs: str) -> Column:
    """What follows the first "="; a pair without one has an empty value."""
    return F.transform(
        pairs, lambda pair: form_decoded(F.substr(pair, F.length(F.substring_index(pair, "=", 1)) + 2))
    )


def _is_name(name: Column) -> Column:
    return name.rlike(PLAIN_NAME) | ((name != "") & kind(name).isin(*NAMING_KINDS))
