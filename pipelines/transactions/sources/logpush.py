"""Logpush (Cloudflare `http_requests`, one JSON object a line) -> STAGED rows, by built-in functions only.

Fields: https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/ and
`RequestBody`, where somebody records bodies, too. Everything is read as text (numbers and time stamps keep
their spelling) and typed later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import MapType, StringType, StructField, StructType

from pipelines.settings import IngestSettings
from pipelines.transactions.inputs import Input
from pipelines.transactions.record import staged
from pipelines.transactions.sources.lines import read_lines
from pipelines.transactions.sources.maps import cookies_of, with_lower_names, with_unique_names
from pipelines.transactions.sources.not_unicode import LONE_ESCAPE

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
        *(StructField(name, StringType()) for name in _TEXTS),
        *(StructField(name, MapType(StringType(), StringType())) for name in _MAPS),
    ]
)
_OPTIONS: Final = {"mode": "PERMISSIVE", "allowUnquotedControlChars": "true"}

_NO_OBJECT: Final = "line is no JSON object with Logpush fields"
_TWO_RECORDS: Final = "two records on one line (a line end is missing)"
# In JSON a quote within a string is escaped, so `}{"name":` cannot be part of one.
_SECOND_OBJECT: Final = r'\}\{"\w+"\s*:'


def read(spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
    """STAGED rows of Logpush files, `line` null until `lines.with_line_numbers`.

    A field of the wrong type is null and the rest of the record stays; a line that is no JSON object has
    `error`.
    """
    return read_lines(spark, inputs, settings.line_max_bytes, settings.unpacked_max_bytes).transform(parse)


def parse(lines: DataFrame) -> DataFrame:
    """LINES -> STAGED. One row in, one row out."""
    parsed = lines.withColumn("_json", F.from_json(_scalar_json(F.col("value")), _SCHEMA, _OPTIONS)).select(
        "*", "_json.*"
    )
    # One step for all that holds lambdas: Spark does not compile such a step together with others.
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
    ).transform(staged)


def _scalar_json(line: Column) -> Column:
    r"""The line with `\ufffd` for each escape of a lone surrogate; looked for only where there are surrogates."""
    suspicious = line.contains(r"\u") & (line.contains(r"\ud") | line.contains(r"\uD"))
    return F.when(suspicious, F.regexp_replace(line, LONE_ESCAPE, r"$1\\ufffd")).otherwise(line)


def _error() -> Column:
    """Why a line cannot be read, else null. Costly checks only where a cheap one found something."""
    is_empty = F.coalesce(*_TEXTS).isNull() & F.coalesce(*_MAPS).isNull()
    is_double = F.when(F.col("value").contains('}{"'), F.col("value").rlike(_SECOND_OBJECT))
    no_object = F.when(is_empty & ~F.col("is_blank"), F.lit(_NO_OBJECT))
    return F.coalesce(no_object, F.when(is_double, F.lit(_TWO_RECORDS)))


def _cookies() -> Column:
    """The logged cookies, else those of a logged Cookie header."""
    logged = with_unique_names(F.col("Cookies"))
    header = F.coalesce(_header("RequestHeaders", "cookie"), _header("RequestHeaders", "Cookie"))
    return F.when((F.size("Cookies") > 0) | header.isNull(), logged).otherwise(cookies_of(header))


def _header(names: str, name: str) -> Column:
    return F.try_element_at(names, F.lit(name))


def _filled(name: str) -> Column:
    return F.nullif(F.col(name), F.lit(""))


def _first(*names: str) -> Column:
    return F.coalesce(*(_filled(name) for name in names))
