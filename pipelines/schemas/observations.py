"""Transactions → the values of their parameters, by built-in functions. Only successful requests teach.

Hostile by assumption: malformed escapes stay as they are, names and values are cut, a request gives at most
`MAX_PAIRS`. Intermediate arrays are columns of their own: inside the lambda of a higher-order function Spark
would compute them again for every element.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.kind_column import kind
from pipelines.schemas.recognisers import MAX_CHARACTERS, REDACTED, TEXT
from pipelines.schemas.template_columns import form_decoded, observation, path_values, segments

MAX_PAIRS = 500
"""Query parameters read of one request; the source saw endpoints of 50. Bounds the work that one request can
cause.
"""
NAME_CHARACTERS = 128
NAMING_KINDS = (TEXT, "boolean", "integer", "digits", "number", "locale", "semver", REDACTED)
"""Kinds of text that a name may be. Other kinds (a time stamp against caches, a token, an e-mail address) are
values that a client put in a name's place: they would be without end, and personal, so they are not
parameters.
"""
PLAIN_NAME = r"\A[A-Za-z_]{1,20}\z"
"""Names that no recogniser takes for a value: nearly all, told apart at a tenth of the cost."""
EACH = (*ENDPOINT_KEY, "day", "client")


def parameter_values(transactions: DataFrame) -> DataFrame:
    """`variant, host, method, path_template, day, status, path, query, client` → values in 2xx requests.

    Returns: `variant, host, method, path_template, day, client, location, name, value, n, requests`, one row
    per distinct combination of the first nine. `location` is "path", "query" or "request" (one per request,
    empty name and value). `n` counts values, `requests` only the first of its name in each request: repeated
    keys keep all their values. Path values are percent-decoded; query names and values also have "+" decoded
    to a space. Values are cut to `MAX_CHARACTERS`, names to `NAME_CHARACTERS` characters.
    """
    successful = transactions.where(F.col("status").between(200, 299))
    split = successful.select(
        *EACH,
        segments(F.col("path_template")).alias("expected"),
        segments(F.regexp_replace("path", ";[^/]*", "")).alias("found"),  # matrix parameters: RFC 3986 s. 3.3
        _pairs(F.col("query")).alias("pairs"),
    )
    decoded = split.select(
        *EACH, "expected", "found", _names("pairs").alias("names"), _values("pairs").alias("values")
    )
    request = F.array(observation("request", F.lit(""), F.lit(""), F.lit(True)))
    all_of_it = F.concat(request, path_values("expected", "found"), query_values("names", "values"))
    exploded = decoded.select(*EACH, F.explode(all_of_it).alias("observed")).select(
        *EACH,
        F.col("observed.location").alias("location"),
        F.col("observed.name").alias("name"),
        F.substring("observed.value", 1, MAX_CHARACTERS).alias("value"),
        F.col("observed.is_first").cast("long").alias("is_first"),
    )
    counted = exploded.groupBy(*EACH, "location", "name", "value").agg(
        F.count(F.lit(1)).alias("n"), F.sum("is_first").alias("requests")
    )
    return counted.where((F.col("location") != "query") | _is_name(F.col("name")))


def query_values(names: str, values: str) -> Column:
    """Two arrays → array of (location, name, value, is_first)."""

    def located(pair: Column, position: Column) -> Column:
        is_first = F.array_position(names, pair[names]) == position + 1
        return observation("query", pair[names], pair[values], is_first)

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
