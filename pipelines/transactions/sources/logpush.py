"""Cloudflare Logpush lines -> STAGED rows. Columns only.

Maps of names and values may come from hostile JSON: repeated names, any case. `transform_keys`, `map_from_entries` and similar
functions fail on repeated keys unless a session setting says otherwise; `from_json` lets them pass. So names are made unique
first, and only where they are not (each check costs next to nothing, rebuilding a map some microseconds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import MapType, StringType, StructType

from pipelines.http.text import LONE_ESCAPE
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.settings import IngestSettings
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.sources.lines import read_lines
from pipelines.transactions.tables import conform_to_staged

_NAME_SEPARATOR = "\n"
_REPEATED = r"(?:\A|\n)([^\n]*+)\n\1(?:\n|\z)"
"""Matches sorted, joined names of which one may occur twice. Spark's sets of texts are not compiled and ten times as slow."""


def with_lower_names(names: Column) -> Column:
    """Converts the names of a map<string,string> to lower case.

    Of names that become equal the first is kept. Null stays null.
    """
    keys = F.map_keys(names)
    joined = F.array_join(keys, _NAME_SEPARATOR)
    is_clean = (F.lower(joined) == joined) & _are_unique(keys)
    return F.when(is_clean, names).otherwise(_first_of_each(F.map_entries(names), F.lower))


def with_unique_names(names: Column) -> Column:
    """Removes repeated names of a map<string,string>; the first is kept.

    Null stays null.
    """
    return F.when(_are_unique(F.map_keys(names)), names).otherwise(
        _first_of_each(F.map_entries(names), lambda name: name)
    )


def _are_unique(keys: Column) -> Column:
    """Whether no name occurs twice. Null for null."""
    joined = F.array_join(F.sort_array(keys), _NAME_SEPARATOR)
    return (
        (F.size(keys) < 2)
        | ~joined.rlike(_REPEATED)
        | (F.size(F.array_distinct(keys)) == F.size(keys))  # a name may contain the separator itself
    )


def parse_cookie_header(header: Column) -> Column:
    """Parses a Cookie header (RFC 6265 s. 4.2.1) -> map; null stays null.

    Of a repeated name the first value is kept.
    """
    entries = F.transform(
        F.split(header, "; ?"),
        lambda pair: F.struct(
            F.trim(F.substring_index(pair, "=", 1)).alias("key"),
            F.when(pair.contains("="), F.trim(F.substring(pair, F.locate("=", pair) + 1, F.length(pair))))
            .otherwise("")
            .alias("value"),
        ),
    )
    return _first_of_each(F.filter(entries, lambda entry: entry["key"] != ""), lambda name: name)


def _first_of_each(entries: Column, folded: Callable[[Column], Column]) -> Column:
    """Builds a map of the first entry of each folded key.

    `entries` is array<struct<key,value>>; takes n log n time even for hostile input.
    """
    numbered = F.transform(
        entries,
        lambda entry, at: F.struct(
            folded(entry["key"]).alias("key"), at.alias("at"), entry["value"].alias("value")
        ),
    )
    # A lambda's argument is computed once: the only way to name an intermediate array within an expression.
    kept = F.transform(
        F.array(F.array_sort(numbered)),
        lambda ordered: F.filter(
            ordered, lambda entry, at: (at == 0) | (entry["key"] != F.get(ordered, at - 1)["key"])
        ),
    )[0]
    return F.map_from_entries(F.transform(kept, lambda entry: F.struct(entry["key"], entry["value"])))


_TEXTS: Final = (
    "RayID",
    "EdgeStartTimestamp",
    "ClientRequestHost",
    "ClientRequestMethod",
    "ClientRequestURI",
    "ClientRequestPath",
    "ClientRequestScheme",
    "ClientRequestUserAgent",
    "ClientRequestReferer",
    "ClientRequestBytes",
    "ClientIP",
    "JA4",
    "EdgeResponseStatus",
    "EdgeResponseBytes",
    "EdgeResponseContentType",
    "RequestBody",
)
_MAPS: Final = ("RequestHeaders", "ResponseHeaders", "Cookies")
_SCHEMA: Final = StructType(
    [
        *struct_fields(StringType(), *_TEXTS, nullable=True),
        *struct_fields(MapType(StringType(), StringType()), *_MAPS, nullable=True),
    ]
)
_OPTIONS: Final = {"mode": "PERMISSIVE", "allowUnquotedControlChars": "true"}

_NO_OBJECT: Final = "line is not a JSON object with Logpush fields"
_TWO_RECORDS: Final = "two records on one line (a line break is missing)"
# In JSON a quote within a string is escaped, so `}{"name":` cannot be part of one.
_SECOND_OBJECT: Final = r'\}\{"\w+"\s*:'


def read(spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
    """Returns STAGED rows of Logpush files; `line` is null until `with_line_numbers`.

    A field of the wrong type is null and the rest of the record stays; a line that is not a JSON object has `error`.
    """
    return read_lines(spark, inputs, settings.line_max_bytes, settings.unpacked_max_bytes).transform(parse)


def parse(lines: DataFrame) -> DataFrame:
    """Parses LINES -> STAGED. One row in, one row out."""
    parsed = lines.withColumn("_json", F.from_json(_scalar_json(F.col("value")), _SCHEMA, _OPTIONS)).select(
        "*", "_json.*"
    )
    # One step for all expressions with lambdas: Spark does not compile such a step together with others.
    named = parsed.withColumns(
        {
            "request_headers": with_lower_names(F.col("RequestHeaders")),
            "response_headers": with_lower_names(F.col("ResponseHeaders")),
            "cookies": _cookies(),
        }
    )
    return named.select(
        "source",
        "raw",
        F.coalesce("error", _error()).alias("error"),
        F.col("RayID").alias("transaction_id"),
        F.col("EdgeStartTimestamp").alias("time"),
        F.col("ClientRequestHost").alias("host"),
        F.col("ClientRequestMethod").alias("method"),
        _first("ClientRequestURI", "ClientRequestPath").alias("url"),
        F.col("ClientRequestScheme").alias("scheme"),
        F.col("EdgeResponseStatus").alias("status"),
        _header("request_headers", "content-type").alias("request_content_type"),
        F.coalesce(_filled("EdgeResponseContentType"), _header("response_headers", "content-type")).alias(
            "response_content_type"
        ),
        F.col("ClientRequestBytes").alias("request_bytes"),
        F.col("EdgeResponseBytes").alias("response_bytes"),
        F.coalesce(_filled("ClientRequestUserAgent"), _header("request_headers", "user-agent")).alias(
            "user_agent"
        ),
        F.coalesce(_filled("ClientRequestReferer"), _header("request_headers", "referer")).alias("referer"),
        F.col("ClientIP").alias("client_ip"),
        _filled("JA4").alias("tls_fingerprint"),
        "request_headers",
        "response_headers",
        "cookies",
        _filled("RequestBody").alias("request_body"),
        "is_blank",
        "block_start",
        "row_id",
    ).transform(conform_to_staged)


def _scalar_json(line: Column) -> Column:
    r"""Replaces each escape of a lone surrogate in the line with `\ufffd`.

    Lone surrogates are searched for only in lines with surrogates.
    """
    suspicious = line.contains(r"\u") & (line.contains(r"\ud") | line.contains(r"\uD"))
    return F.when(suspicious, F.regexp_replace(line, LONE_ESCAPE, r"$1\\ufffd")).otherwise(line)


def _error() -> Column:
    """Returns why a line cannot be read, otherwise null.

    Costly checks run only where a cheap one found something.
    """
    is_empty = F.coalesce(*_TEXTS).isNull() & F.coalesce(*_MAPS).isNull()
    is_double = F.when(F.col("value").contains('}{"'), F.col("value").rlike(_SECOND_OBJECT))
    no_object = F.when(is_empty & ~F.col("is_blank"), F.lit(_NO_OBJECT))
    return F.coalesce(no_object, F.when(is_double, F.lit(_TWO_RECORDS)))


def _cookies() -> Column:
    """Returns the logged cookies, otherwise those of a logged Cookie header."""
    logged = with_unique_names(F.col("Cookies"))
    header = F.coalesce(_header("RequestHeaders", "cookie"), _header("RequestHeaders", "Cookie"))
    return F.when((F.size("Cookies") > 0) | header.isNull(), logged).otherwise(parse_cookie_header(header))


def _header(names: str, name: str) -> Column:
    return F.try_element_at(names, F.lit(name))


def _filled(name: str) -> Column:
    return F.nullif(F.col(name), F.lit(""))


def _first(*names: str) -> Column:
    return F.coalesce(*(_filled(name) for name in names))
