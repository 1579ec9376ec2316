"""Apache and nginx access logs -> STAGED rows, with built-in functions only.

One regular expression and one split take a line apart: an expression per field would cost a match per field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.settings import IngestSettings
from pipelines.transactions.inputs.access_log_line import ANSI_ESCAPES, FIELDS, LINE, to_java_pattern
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.sources.lines import read_lines
from pipelines.transactions.tables import conform_to_staged

_SEPARATOR: Final = (
    "\x1f"  # Apache and nginx write control characters escaped; a line that contains this one is rejected
)
_LINE: Final = to_java_pattern(LINE) + ".*+"
_REPLACEMENT: Final = _SEPARATOR.join(
    "".join(f"${{{group}}}" for group in groups) for groups in FIELDS.values()
)  # of the groups of a field at most one matched, and the others are empty
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ESCAPES: Final = {
    "\\\\": "%5C",
    '\\"': "%22",
    "\\t": "%09",
    "\\n": "%0A",
    "\\v": "%0B",
    "\\r": "%0D",
    "\\b": "%08",
}
"""Apache's escapes of characters in a request line, in the order in which they must be decoded (mod_log_config)."""

NOT_A_LOG_LINE: Final = "line is not of the common or combined log format"
NOT_A_REQUEST: Final = "request line is not an HTTP request"
AMBIGUOUS_CLIENT: Final = "client and virtual host before the time cannot be told apart"


def read(spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
    """Returns STAGED rows of access logs.

    `line` is null until `with_line_numbers`, `host` if the log has none.
    """
    return read_lines(spark, inputs, settings.line_max_bytes, settings.unpacked_max_bytes).transform(parse)


def parse(lines: DataFrame) -> DataFrame:
    """Parses LINES -> STAGED. One row in, one row out."""
    plain = F.when(F.col("value").contains("\x1b"), F.regexp_replace("value", ANSI_ESCAPES, "")).otherwise(
        F.col("value")
    )
    value = F.when(~plain.contains(_SEPARATOR), plain)
    split = lines.withColumn("_split", F.split(F.regexp_replace(value, _LINE, _REPLACEMENT), _SEPARATOR))
    matched = split.withColumn(
        "_parts", F.when(F.size("_split") == len(FIELDS), F.col("_split"))
    )  # otherwise the line did not match and is unchanged
    fields = matched.select(
        "*",
        *(_null_if_absent(F.get("_parts", F.lit(at))).alias(f"_{name}") for at, name in enumerate(FIELDS)),
    )
    return fields.select(
        "source",
        "raw",
        F.coalesce("error", _error()).alias("error"),
        _iso_time().alias("time"),
        F.col("_host").alias("host"),
        F.col("_method").alias("method"),
        _percent_encoded(F.col("_url")).alias("url"),
        _scheme(F.col("_host")).alias("scheme"),
        F.col("_status").alias("status"),
        F.col("_bytes").alias("response_bytes"),
        _unquoted(F.col("_agent")).alias("user_agent"),
        _unquoted(F.col("_referer")).alias("referer"),
        F.coalesce("_forwarded", "_client").alias("client_ip"),
        "is_blank",
        "block_start",
        "row_id",
    ).transform(conform_to_staged)


def _error() -> Column:
    """Returns why a line cannot be read, otherwise null."""
    problem = (
        F.when(F.col("_parts").isNull(), F.lit(NOT_A_LOG_LINE))
        .when(F.col("_unsure").isNotNull(), F.lit(AMBIGUOUS_CLIENT))
        .when(F.col("_method").isNull(), F.lit(NOT_A_REQUEST))
    )
    return F.when(~F.col("is_blank"), problem)


def _null_if_absent(field: Column) -> Column:
    """Returns null for a value that the log omits.

    It is `-`, or empty where the pattern's part is optional.
    """
    return F.when((field != "-") & (field != ""), field)


def _iso_time() -> Column:
    """Converts `17/May/2015:10:05:03 +0000` -> `2015-05-17T10:05:03+00:00`.

    An unknown month becomes 00, which is not a date.
    """
    numbers = F.create_map(
        *(F.lit(part) for at, name in enumerate(_MONTHS, start=1) for part in (name, f"{at:02d}"))
    )
    month = F.coalesce(F.try_element_at(numbers, F.initcap("_month")), F.lit("00"))
    date = F.concat_ws("-", "_year", month, "_day")
    fraction = F.when(F.col("_fraction").isNotNull(), F.concat(F.lit("."), "_fraction"))
    offset = F.concat(F.substring("_zone", 1, 3), F.lit(":"), F.substring("_zone", -2, 2))
    zone = F.when(F.col("_zone").startswith("+") | F.col("_zone").startswith("-"), offset)
    letters = F.when(F.col("_zone").isNotNull(), F.lit("Z"))  # Z, UTC or GMT
    time = F.concat(
        date, F.lit("T"), "_clock", F.coalesce(fraction, F.lit("")), F.coalesce(zone, letters, F.lit(""))
    )
    return F.when(F.col("_month").isNotNull(), time).otherwise(F.col("_otherTime"))


def _scheme(host: Column) -> Column:
    """Returns the scheme that the port of a virtual host implies."""
    return F.when(host.endswith(":443"), "https").when(host.endswith(":80"), "http")


def _percent_encoded(url: Column) -> Column:
    r"""Converts the log's escapes in a request target to percent-encoding.

    They are `\"`, `\\`, `\n` and `\xhh`.
    """
    text = url
    for escape, encoded in _ESCAPES.items():
        text = F.replace(text, F.lit(escape), F.lit(encoded))
    return F.when(url.contains("\\"), F.regexp_replace(text, r"\\x([0-9a-fA-F]{2})", "%$1")).otherwise(url)


def _unquoted(text: Column) -> Column:
    r"""Decodes `\"` and `\\`; `\xhh` stays, because a byte need not be a character."""
    return F.when(text.contains("\\"), F.regexp_replace(text, r'\\(["\\])', "$1")).otherwise(text)
