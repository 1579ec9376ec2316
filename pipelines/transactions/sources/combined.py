r"""Apache and nginx access logs -> STAGED rows, by built-in functions only.

One regular expression and one split take a line apart: an expression per field would cost a match per field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.settings import IngestSettings
from pipelines.transactions.inputs import Input
from pipelines.transactions.record import staged
from pipelines.transactions.sources.combined_line import FIELDS, LINE
from pipelines.transactions.sources.lines import read_lines

_SEPARATOR: Final = (
    "\x1f"  # Apache and nginx write control characters escaped; a line that holds this one is refused
)
_REPLACEMENT: Final = _SEPARATOR.join(f"${number}" for number in range(1, len(FIELDS) + 1))
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME_LENGTH: Final = 26  # `17/May/2015:10:05:03 +0000`; another form ($time_iso8601) is passed on as it is

_NO_LINE: Final = "line is not of the common or combined log format"
_NO_REQUEST: Final = "request line is no HTTP request"


def read(spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
    """STAGED rows of access logs; `line` is null until `with_line_numbers`, `host` where the log has none."""
    return read_lines(spark, inputs, settings.line_max_bytes, settings.unpacked_max_bytes).transform(parse)


def parse(lines: DataFrame) -> DataFrame:
    """LINES -> STAGED. One row in, one row out."""
    value = F.when(~F.col("value").contains(_SEPARATOR), F.col("value"))
    split = lines.withColumn("_split", F.split(F.regexp_replace(value, LINE, _REPLACEMENT), _SEPARATOR))
    matched = split.withColumn(
        "_parts", F.when(F.size("_split") == len(FIELDS), F.col("_split"))
    )  # else the line unchanged
    fields = matched.select(
        "*", *(_present(F.get("_parts", F.lit(at))).alias(f"_{name}") for at, name in enumerate(FIELDS))
    )
    return fields.select(
        "source",
        "raw",
        F.coalesce("error", _error()).alias("error"),
        _iso_time(F.col("_time")).alias("time"),
        F.col("_host").alias("host"),
        F.col("_method").alias("method"),
        _percent_encoded(F.col("_url")).alias("url"),
        _scheme(F.col("_host")).alias("scheme"),
        F.col("_status").alias("status"),
        F.col("_response_bytes").alias("response_bytes"),
        _unquoted(F.col("_user_agent")).alias("user_agent"),
        _unquoted(F.col("_referer")).alias("referer"),
        F.col("_client_ip").alias("client_ip"),
        "is_blank",
        "block_start",
        "row_id",
    ).transform(staged)


def _error() -> Column:
    """Why a line cannot be read, else null."""
    no_line = F.when(F.col("_parts").isNull(), F.lit(_NO_LINE))
    return F.when(
        ~F.col("is_blank"), F.coalesce(no_line, F.when(F.col("_method").isNull(), F.lit(_NO_REQUEST)))
    )


def _present(field: Column) -> Column:
    """Null for what the log leaves out: `-`, or nothing where the pattern's part is optional."""
    return F.when((field != "-") & (field != ""), field)


def _iso_time(time: Column) -> Column:
    """`17/May/2015:10:05:03 +0000` -> `2015-05-17T10:05:03+00:00`; an unknown month becomes 00: no date."""
    numbers = F.create_map(
        *(F.lit(part) for at, name in enumerate(_MONTHS, start=1) for part in (name, f"{at:02d}"))
    )
    month = F.coalesce(F.try_element_at(numbers, F.substring(time, 4, 3)), F.lit("00"))
    day = F.concat(F.substring(time, 8, 4), F.lit("-"), month, F.lit("-"), F.substring(time, 1, 2))
    zone = F.concat(F.substring(time, 22, 3), F.lit(":"), F.substring(time, 25, 2))
    iso = F.concat(day, F.lit("T"), F.substring(time, 13, 8), zone)
    return F.when(F.length(time) == _TIME_LENGTH, iso).otherwise(time)


def _scheme(host: Column) -> Column:
    """What the port of a virtual host tells."""
    return F.when(host.endswith(":443"), "https").when(host.endswith(":80"), "http")


def _percent_encoded(url: Column) -> Column:
    r"""The log's escapes in a request target (`\"`, `\\`, `\xhh`) as percent escapes, as URLs have."""
    quoted = F.replace(F.replace(url, F.lit("\\\\"), F.lit("%5C")), F.lit('\\"'), F.lit("%22"))
    return F.when(url.contains("\\"), F.regexp_replace(quoted, r"\\x([0-9a-fA-F]{2})", "%$1")).otherwise(url)


def _unquoted(text: Column) -> Column:
    r"""`\"` and `\\` as the characters they stand for; `\xhh` stays, as a byte need not be a character."""
    return F.when(text.contains("\\"), F.regexp_replace(text, r'\\(["\\])', "$1")).otherwise(text)
