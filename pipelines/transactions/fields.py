"""One column of text → one typed column. NULL for what is no such thing: hostile input never throws (ANSI mode is on)."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http import redaction
from pipelines.transactions.sources.line_start import ADDRESS

# Patterns end with \z: in Java, $ also matches before a last line end.
MEDIA_TYPE = r"\A[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,96}\z"  # RFC 6838 s. 4.2
_NAME = "[A-Za-z0-9_.-]{1,64}"  # RFC 9110 s. 5.1 tokens, less the signs that only malformed lines have
FIELD_NAME = rf"\A{_NAME}\z"
_FIELD_NAMES = rf"\A{_NAME}(?:\n{_NAME})*+\z"
LEAST_CHARACTERS = 20  # of a time stamp with seconds and zone
UNIX_TIME = r"\A[0-9]{9,19}(?:\.[0-9]{1,9})?\z"
LOCAL_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,30})?)?"
ZONE = r" ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[A-Z][A-Za-z_]{1,31}(?:/[A-Za-z_+-]{1,31}){1,2})"
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
# Pairs of a form (WHATWG URL s. 5.1), the first two or the first value not empty, as base64 text ends with "=", too.
FORM_BODY = (
    r"\A(?=[^=&]{1,128}=(?:[^=&]|&[^=&]{1,128}=))"
    r"[\w.*~!$'()+:,;@/?%\[\]-]{1,128}+=[^=\s&\"<>{}]*+(?:&[\w.*~!$'()+:,;@/?%\[\]-]{1,128}+(?:=[^=\s&\"<>{}]*+)?+)*+\z"
)
MULTIPART_BODY = r"(?i)\A--[^\r\n]{1,70}\r?\nContent-Disposition: ?form-data;"  # RFC 7578 s. 4.2


def filled(text: Column) -> Column:
    """NULL for an empty text or the "-" of access logs."""
    return F.when((F.trim(text) != "") & (text != "-"), F.trim(text))


def header(headers: Column, name: str) -> Column:
    """The value of a header; NULL where it is missing or empty."""
    return filled(F.try_element_at(headers, F.lit(name)))


def without_user(url: Column) -> Column:
    """A URL without user information (RFC 3986 s. 3.2.1)."""
    return F.when(url.contains("@"), F.regexp_replace(url, redaction.USER_INFORMATION, "$1")).otherwise(url)


def without_addresses(text: Column) -> Column:
    """An unparsed line without addresses, wherever a tool has put them, and without the user beside one."""
    user = r"(?: [^\s\[]{1,256} [^\s\[]{1,256}(?= \[))?"
    return F.regexp_replace(text, rf"(?<![\w.:]){ADDRESS}(?:\]?:\d{{1,5}})?{user}", "-")


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
    lower = F.regexp_replace(F.lower(F.trim(text)), r"\.(?=\z|:)", "")
    without_443 = F.when(
        lower.endswith(":443") & F.coalesce(scheme != "http", F.lit(True)),
        F.substring_index(lower, ":443", 1),
    )
    without_80 = F.when(
        lower.endswith(":80") & F.coalesce(scheme != "https", F.lit(True)), F.substring_index(lower, ":80", 1)
    )
    return F.coalesce(without_443, without_80, lower)


def timestamp(text: Column, zone: str | None) -> Column:
    """Time from RFC 3339 / ISO 8601 text or a Unix time in s, ms, us or ns (told apart by size; Logpush offers all but us).

    Args:
        text: as the log has it.
        zone: of times that name none; None: such a time is NULL, as nothing tells which hour it was.
    """
    number = text.try_cast("double")
    seconds = (
        F.when(number < 1e11, number)
        .when(number < 1e14, number / 1e3)
        .when(number < 1e17, number / 1e6)
        .otherwise(number / 1e9)
    )
    read = F.try_to_timestamp(_as_cast_reads(text))
    local = F.to_utc_timestamp(read, zone) if zone else F.lit(None).cast("timestamp")
    return (
        F.when(text.rlike(UNIX_TIME), F.timestamp_micros((seconds * 1e6).cast("bigint")))
        .when(text.rlike(rf"\A{LOCAL_TIME}{ZONE}\z"), read)
        .when(has_no_zone(text), local)
    )


def _as_cast_reads(text: Column) -> Column:
    """ISO 8601 as Spark's cast takes it: a point, seconds, no blank before the zone. Most texts are so already."""
    plain = F.regexp_replace(F.replace(text, F.lit(","), F.lit(".")), r"(?<=[0-9]) (?=[A-Z+-])", "")
    whole = F.regexp_replace(plain, r"\A([0-9-]{10}[T ][0-9]{2}:[0-9]{2})(?!:)", "$1:00")
    is_other = (
        text.contains(",") | text.contains(" ") | text.endswith("z") | (F.length(text) < LEAST_CHARACTERS)
    )
    return F.when(is_other, F.regexp_replace(whole, r"z\z", "Z")).otherwise(text)


def has_no_zone(text: Column) -> Column:
    """Whether a time stamp is one but for its zone."""
    return text.rlike(rf"\A{LOCAL_TIME}\z")


def guessed_media_type(body: Column, max_bytes: int) -> Column:
    """The media type of a body that plainly is JSON, a form or multipart; else NULL. For bodies that came without one."""
    text = F.btrim(body, F.lit(" \t\r\n"))
    ends = (text.startswith("{") & text.endswith("}")) | (text.startswith("[") & text.endswith("]"))
    kind = (
        F.when(ends, F.when(F.try_parse_json(text).isNotNull(), F.lit(JSON)))
        .when(text.rlike(MULTIPART_BODY), F.lit(MULTIPART))
        .when(text.rlike(FORM_BODY), F.lit(FORM))
    )
    return F.when(F.octet_length(body) <= max_bytes, kind)


def names(fields: Column) -> Column:
    """Sorted names of a header or cookie map; what is no name (a malformed line may hold anything) is left out.

    All names are looked at together first: a lambda is interpreted, ten times as slow, and hardly ever needed.
    """
    keys = F.map_keys(fields)
    joined = F.array_join(keys, "\n")
    # a name may hold a line end itself
    line_ends = F.length(joined) - F.length(F.replace(joined, F.lit("\n"), F.lit("")))
    are_names = joined.rlike(_FIELD_NAMES) & (line_ends == F.size(keys) - 1)
    return F.sort_array(
        F.when(are_names, keys).otherwise(F.filter(keys, lambda name: name.rlike(FIELD_NAME)))
    )
