"""One column of text → one typed column. NULL for what is no such thing: hostile input never throws (ANSI mode is on)."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http import redaction

MEDIA_TYPE = r"^[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,96}$"  # RFC 6838 s. 4.2
FIELD_NAME = (
    r"^[A-Za-z0-9_.-]{1,64}$"  # RFC 9110 s. 5.1 tokens, less the signs that only malformed lines have
)


def filled(text: Column) -> Column:
    """NULL for an empty text or the "-" of access logs."""
    return F.when((F.trim(text) != "") & (text != "-"), F.trim(text))


def header(headers: Column, name: str) -> Column:
    """The value of a header; NULL where it is missing or empty."""
    return filled(F.try_element_at(headers, F.lit(name)))


def without_user(url: Column) -> Column:
    """A URL without user information (RFC 3986 s. 3.2.1)."""
    return F.when(url.contains("@"), F.regexp_replace(url, redaction.USER_INFORMATION, "$1")).otherwise(url)


def media_type(text: Column) -> Column:
    """From "Application/JSON; charset=utf-8" to "application/json"; NULL for what is no media type."""
    essence = F.lower(F.trim(F.substring_index(text, ";", 1)))
    return F.when(essence.rlike(MEDIA_TYPE), essence)


def size(text: Column) -> Column:
    """Bytes; NULL for missing or negative (HAR writes -1 for unknown)."""
    size = text.try_cast("bigint")
    return F.when(size >= 0, size)


def host(text: Column, scheme: Column) -> Column:
    """Lower case, without the scheme's default port (RFC 9110 s. 4.2) and without the root's dot."""
    lower = F.regexp_replace(F.lower(F.trim(text)), r"\.(?=$|:)", "")
    without_443 = F.when(
        lower.endswith(":443") & F.coalesce(scheme != "http", F.lit(True)),
        F.substring_index(lower, ":443", 1),
    )
    without_80 = F.when(
        lower.endswith(":80") & F.coalesce(scheme != "https", F.lit(True)), F.substring_index(lower, ":80", 1)
    )
    return F.coalesce(without_443, without_80, lower)


def timestamp(text: Column) -> Column:
    """Time from RFC 3339 / ISO 8601 text or a Unix time in s, ms, us or ns (told apart by size; Logpush offers all but us)."""
    number = text.try_cast("double")
    seconds = (
        F.when(number < 1e11, number)
        .when(number < 1e14, number / 1e3)
        .when(number < 1e17, number / 1e6)
        .otherwise(number / 1e9)
    )
    is_number = text.rlike(r"^[0-9]{9,19}(?:\.[0-9]{1,9})?$")
    return F.when(is_number, F.timestamp_micros((seconds * 1e6).cast("bigint"))).otherwise(
        F.try_to_timestamp(text)
    )


def names(fields: Column) -> Column:
    """Sorted names of a header or cookie map; what is no name (a malformed line may hold anything) is left out."""
    return F.sort_array(F.filter(F.map_keys(fields), lambda name: name.rlike(FIELD_NAME)))
