"""Text columns → typed columns, and the checks of typed records."""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http import redaction
from pipelines.http.media_types import FORM, JSON, MULTIPART
from pipelines.runtime.settings import IngestSettings
from pipelines.transactions.inputs.access_log_line import ADDRESS

# Patterns end with \z: in Java, $ also matches before a final line break.
MEDIA_TYPE = r"\A[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,96}\z"  # RFC 6838 s. 4.2
_NAME = (
    "[A-Za-z0-9_.-]{1,64}"  # RFC 9110 s. 5.1 tokens, without the characters that only malformed lines contain
)
FIELD_NAME = rf"\A{_NAME}\z"
_FIELD_NAMES = rf"\A{_NAME}(?:\n{_NAME})*+\z"
LEAST_CHARACTERS = 20  # length of a timestamp with seconds and zone
UNIX_TIME = r"\A[0-9]{9,19}(?:\.[0-9]{1,9})?\z"
LOCAL_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,30})?)?"
ZONE = r" ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[A-Z][A-Za-z_]{1,31}(?:/[A-Za-z_+-]{1,31}){1,2})"
# Pairs of a form (WHATWG URL s. 5.1). Two pairs or a non-empty first value are required, as base64 text also ends with "=".
FORM_BODY = (
    r"\A(?=[^=&]{1,128}=(?:[^=&]|&[^=&]{1,128}=))"
    r"[\w.*~!$'()+:,;@/?%\[\]-]{1,128}+=[^=\s&\"<>{}]*+(?:&[\w.*~!$'()+:,;@/?%\[\]-]{1,128}+(?:=[^=\s&\"<>{}]*+)?+)*+\z"
)
MULTIPART_BODY = r"(?i)\A--[^\r\n]{1,70}\r?\nContent-Disposition: ?form-data;"  # RFC 7578 s. 4.2


def non_empty(text: Column) -> Column:
    """Returns NULL for empty text or the "-" of access logs."""
    return F.when((F.trim(text) != "") & (text != "-"), F.trim(text))


def header(headers: Column, name: str) -> Column:
    """Returns the value of a header; NULL if it is missing or empty."""
    return non_empty(F.try_element_at(headers, F.lit(name)))


def without_user(url: Column) -> Column:
    """Removes user information from a URL (RFC 3986 s. 3.2.1)."""
    return F.when(url.contains("@"), F.regexp_replace(url, redaction.USER_INFORMATION, "$1")).otherwise(url)


def without_addresses(text: Column) -> Column:
    """Removes addresses from an unparsed line, wherever a tool has put them.

    The user next to an address is removed, too.
    """
    user = r"(?: [^\s\[]{1,256} [^\s\[]{1,256}(?= \[))?"
    return F.regexp_replace(text, rf"(?<![\w.:]){ADDRESS}(?:\]?:\d{{1,5}})?{user}", "-")


def parse_media_type(text: Column) -> Column:
    """Converts "Application/JSON; charset=utf-8" to "application/json".

    NULL for text that is not a media type.
    """
    essence = F.lower(F.trim(F.substring_index(text, ";", 1)))
    return F.when(essence.rlike(MEDIA_TYPE), essence)


def parse_size(text: Column) -> Column:
    """Returns a number of bytes; NULL if missing or negative.

    HAR writes -1 for an unknown size.
    """
    count = text.try_cast("bigint")
    return F.when(count >= 0, count)


def normalise_host(text: Column, scheme: Column) -> Column:
    """Returns a host in lower case, without default port and trailing dot.

    The default port is that of the scheme (RFC 9110 s. 4.2), the dot that of the DNS root.
    """
    lower = F.regexp_replace(F.lower(F.trim(text)), r"\.(?=\z|:)", "")
    without_443 = F.when(
        lower.endswith(":443") & F.coalesce(scheme != "http", F.lit(True)),
        F.substring_index(lower, ":443", 1),
    )
    without_80 = F.when(
        lower.endswith(":80") & F.coalesce(scheme != "https", F.lit(True)), F.substring_index(lower, ":80", 1)
    )
    return F.coalesce(without_443, without_80, lower)


def parse_timestamp(text: Column, zone: str | None) -> Column:
    """Parses RFC 3339 / ISO 8601 text or a Unix time in s, ms, us or ns.

    The unit of a Unix time is inferred from its size; Logpush offers all but us.

    Args:
        text: as logged.
        zone: of times without a time zone; if None, such a time is NULL, because its hour is unknown.
    """
    number = text.try_cast("double")
    seconds = (
        F.when(number < 1e11, number)
        .when(number < 1e14, number / 1e3)
        .when(number < 1e17, number / 1e6)
        .otherwise(number / 1e9)
    )
    read = F.try_to_timestamp(_to_castable(text))
    local = F.to_utc_timestamp(read, zone) if zone else F.lit(None).cast("timestamp")
    return (
        F.when(text.rlike(UNIX_TIME), F.timestamp_micros((seconds * 1e6).cast("bigint")))
        .when(text.rlike(rf"\A{LOCAL_TIME}{ZONE}\z"), read)
        .when(has_no_zone(text), local)
    )


def _to_castable(text: Column) -> Column:
    """Converts ISO 8601 text to the notation that Spark's cast accepts.

    That is a decimal point, seconds, and no blank before the zone. Most texts have it already.
    """
    plain = F.regexp_replace(F.replace(text, F.lit(","), F.lit(".")), r"(?<=[0-9]) (?=[A-Z+-])", "")
    whole = F.regexp_replace(plain, r"\A([0-9-]{10}[T ][0-9]{2}:[0-9]{2})(?!:)", "$1:00")
    is_other = (
        text.contains(",") | text.contains(" ") | text.endswith("z") | (F.length(text) < LEAST_CHARACTERS)
    )
    return F.when(is_other, F.regexp_replace(whole, r"z\z", "Z")).otherwise(text)


def has_no_zone(text: Column) -> Column:
    """Whether a text is a timestamp that only lacks its time zone."""
    return text.rlike(rf"\A{LOCAL_TIME}\z")


def guess_media_type(body: Column, max_bytes: int) -> Column:
    """Guesses the media type of a body that was sent without one.

    The result is JSON, form or multipart if the body clearly is one; otherwise NULL.
    """
    text = F.btrim(body, F.lit(" \t\r\n"))
    ends = (text.startswith("{") & text.endswith("}")) | (text.startswith("[") & text.endswith("]"))
    kind = (
        F.when(ends, F.when(F.try_parse_json(text).isNotNull(), F.lit(JSON)))
        .when(text.rlike(MULTIPART_BODY), F.lit(MULTIPART))
        .when(text.rlike(FORM_BODY), F.lit(FORM))
    )
    return F.when(F.octet_length(body) <= max_bytes, kind)


def sorted_names(fields: Column) -> Column:
    """Returns the sorted names of a header or cookie map.

    Invalid names, which a malformed line may contain, are dropped. All names are checked together first: a lambda is interpreted,
    ten times as slow, and hardly ever needed.
    """
    keys = F.map_keys(fields)
    joined = F.array_join(keys, "\n")
    # a name may contain a line break itself
    line_ends = F.length(joined) - F.length(F.replace(joined, F.lit("\n"), F.lit("")))
    are_names = joined.rlike(_FIELD_NAMES) & (line_ends == F.size(keys) - 1)
    return F.sort_array(
        F.when(are_names, keys).otherwise(F.filter(keys, lambda name: name.rlike(FIELD_NAME)))
    )


# \z, not $: in Java, $ also matches before a final line break. RFC 3986 s. 3.2.2
HOST = r"\A(?:[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?\z"
METHOD = r"\A[A-Z][A-Z-]{1,19}\z"
CONTROLS = r"[\x00-\x1f\x7f]"  # not allowed in a request line (RFC 9112 s. 3)
HTTP_SCHEMES = ("http", "https", "ws", "wss")  # a web socket opens with an HTTP request (RFC 6455 s. 1.3)
PATH_CHARACTERS = 4096
NO_ZONE = "time has no time zone, so the hour is unknown"


def violations(now: datetime, settings: IngestSettings) -> Column:
    """Returns array<string>: why a typed record is not a transaction, in words.

    Empty if it is one.
    """
    host_name, method, scheme, status = (F.col(name) for name in ("host", "method", "scheme", "status"))
    checks = (
        _violation(
            "URL scheme is not HTTP: nothing travelled over the network",
            scheme.isNotNull() & ~scheme.isin(*HTTP_SCHEMES),
        ),
        *_time_checks(now, settings.time_window_years),
        _violation("host is missing", host_name.isNull()),
        _violation(
            "host has characters that are not allowed in a host name",
            host_name.isNotNull() & ~host_name.rlike(HOST),
        ),
        _violation("method is missing or not an HTTP method", method.isNull() | ~method.rlike(METHOD)),
        *_target_checks(method, scheme),
        _violation("status is missing or not a number", status.isNull()),
        _violation(
            "status is 0: the request got no response (aborted, blocked or not sent)",
            status.isNotNull() & (status == 0),
        ),
        _violation(
            "status is not between 100 and 599",
            status.isNotNull() & (status != 0) & ~status.between(100, 599),
        ),
    )
    # a lambda over an array of them would prevent all of these checks from being compiled
    found = F.array_remove(F.split(F.concat_ws("\n", *checks), "\n"), "")
    return (
        F.when(F.col("error").isNotNull(), F.array("error"))
        .when(F.col("not_request").isNotNull(), F.array("not_request"))
        .otherwise(found)
    )


def _target_checks(method: Column, scheme: Column) -> list[Column]:
    path, target = F.col("path"), F.col("target")
    is_tunnel = F.coalesce(method == "CONNECT", F.lit(False)) & ~path.startswith("/")  # RFC 9112 s. 3.2.3
    is_http = scheme.isNull() | scheme.isin(*HTTP_SCHEMES)
    return [
        _violation("request target is missing", path.isNull() | (path == "")),
        _violation(
            "request target is neither a path nor an absolute URL",
            is_http & path.isNotNull() & (path != "") & ~path.startswith("/") & (path != "*") & ~is_tunnel,
        ),
        _violation(
            "CONNECT opens a tunnel: its target is a host and port, not a path", path.isNotNull() & is_tunnel
        ),
        _violation("request target has control characters", target.isNotNull() & target.rlike(CONTROLS)),
        _violation(
            f"path is longer than {PATH_CHARACTERS} characters",
            path.isNotNull() & (F.length(path) > PATH_CHARACTERS),
        ),
    ]


def _time_checks(now: datetime, window_years: int) -> list[Column]:
    time, has_no_zone = F.col("time"), F.coalesce("has_no_zone", F.lit(False))
    age = F.abs(F.unix_timestamp(time) - F.lit(int(now.timestamp())))
    far = f"time is more than {window_years} years from now: wrong unit?"
    return [
        _violation(NO_ZONE, time.isNull() & has_no_zone),
        _violation("time is missing or not a timestamp", time.isNull() & ~has_no_zone),
        _violation(far, time.isNotNull() & (age > window_years * 366 * 86400)),
    ]


def _violation(reason: str, fails: Column) -> Column:
    """Returns `reason`, or NULL if the check holds.

    An undecided (NULL) check counts as failed: no row may disappear.
    """
    return F.when(F.coalesce(fails, F.lit(True)), F.lit(reason))
