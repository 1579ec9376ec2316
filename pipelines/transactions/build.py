"""RECORD → typed, judged rows. Built-in expressions only; the one place where text becomes time, host, path and status.

A row check is a Column: the reason in words, or NULL. A NULL verdict counts as a violation, so no row is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.http import redaction
from pipelines.settings import IngestSettings, PrivacySettings, SessionIdentifier
from pipelines.transactions import privacy

MEDIA_TYPE = r"^[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,96}$"  # RFC 6838 s. 4.2
HEADER_NAME = (
    r"^[A-Za-z0-9_.-]{1,64}$"  # RFC 9110 s. 5.1 tokens, less the signs that only malformed lines have
)
HOST = r"^(?:[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$"  # RFC 3986 s. 3.2.2
METHOD = r"^[A-Z][A-Z-]{1,19}$"
HTTP_SCHEMES = ("http", "https", "ws", "wss")  # a web socket opens with an HTTP request (RFC 6455 s. 1.3)
KEPT_HEADERS = ("accept", "origin", "sec-fetch-dest", "sec-fetch-mode", "x-requested-with")
PATH_CHARACTERS = 4096
TEXT_CHARACTERS = 512


def judged(
    records: DataFrame,
    *,
    key: bytes,
    now: datetime,
    ingest: IngestSettings,
    privacy_settings: PrivacySettings,
    sessions: Sequence[SessionIdentifier] = (),
) -> DataFrame:
    """RECORD → the columns of `transactions` (but id and source_id) plus source, line, row bookkeeping, `violations`, `raw`.

    `violations` is array<string>, empty for a valid row. `raw` is redacted, and NULL for a valid row.
    """
    typed = (
        privacy.with_key(records, key)
        .transform(_with_maps)
        .transform(_with_target)
        .transform(_with_values, body_max_bytes=ingest.body_max_bytes)
    )
    ids = privacy.identifiers(sessions, privacy_settings.jwt_claims)
    hashed = typed.withColumn("identifiers", ids).withColumn("client", privacy.client(F.col("identifiers")))
    return hashed.withColumn("violations", violations(now, ingest)).select(*_columns(ingest))


def _with_maps(records: DataFrame) -> DataFrame:
    """Header and cookie maps are never NULL."""
    empty = F.create_map().cast("map<string,string>")
    names = ("request_headers", "response_headers", "cookies")
    return records.withColumns({name: F.coalesce(F.col(name), empty) for name in names})


def _with_target(records: DataFrame) -> DataFrame:
    """Adds `target_scheme`, `authority`, `path`, `query` from the request target or absolute URL (RFC 9112 s. 3.2)."""
    url = F.substring_index(F.col("url"), "#", 1)
    is_absolute = ~url.startswith("/") & url.contains("://")
    is_other = ~url.startswith("/") & ~url.contains("://") & url.rlike(r"^[A-Za-z][A-Za-z0-9+.-]{1,30}:")
    scheme = F.when(is_absolute | is_other, F.lower(F.substring_index(url, ":", 1)))
    rest = F.when(is_absolute, F.expr("substring(url, instr(url, '://') + 3)"))
    authority = F.regexp_replace(F.regexp_extract(rest, r"^[^/?]*", 0), r"^.*@", "")
    target = F.when(is_absolute, F.regexp_replace(rest, r"^[^/?]*", "")).otherwise(url)
    target = F.substring_index(target, "#", 1)
    path = F.substring_index(target, "?", 1)
    return records.withColumns(
        {"target_scheme": scheme, "authority": F.when(is_absolute, authority), "target": target}
    ).withColumns(
        {
            "path": F.when(F.col("target_scheme").isin(*HTTP_SCHEMES) & (path == ""), F.lit("/")).otherwise(
                path
            ),
            "query": F.expr(
                "CASE WHEN instr(target, '?') > 0 THEN substring(target, instr(target, '?') + 1) END"
            ),
        }
    )


def _with_values(records: DataFrame, body_max_bytes: int) -> DataFrame:
    """Adds typed time, host, method, status, sizes and chosen header values; text without credentials."""
    sent, answered = F.col("request_headers"), F.col("response_headers")
    scheme = F.lower(F.coalesce(F.col("target_scheme"), F.col("scheme")))
    agent = _filled(F.coalesce(F.col("user_agent"), _header(sent, "user-agent")))
    referer = F.regexp_replace(
        _filled(F.coalesce(F.col("referer"), _header(sent, "referer"))), r"[?#].*$", ""
    )
    typed = records.withColumns(
        {
            "time": timestamp(F.col("time")),
            "scheme": scheme,
            "host": _host(
                F.coalesce(F.col("authority"), _filled(F.col("host")), _header(sent, "host")), scheme
            ),
            "method": F.upper(F.trim("method")),
            "status": F.col("status").try_cast("int"),
            "request_bytes": _size(F.col("request_bytes")),
            "response_bytes": _size(F.col("response_bytes")),
            "request_content_type": _media_type(
                F.coalesce(_filled(F.col("request_content_type")), _header(sent, "content-type"))
            ),
            "response_content_type": _media_type(
                F.coalesce(_filled(F.col("response_content_type")), _header(answered, "content-type"))
            ),
            "user_agent": F.substring(agent, 1, TEXT_CHARACTERS),
            "referer": F.substring(
                F.regexp_replace(referer, redaction.USER_INFORMATION, "$1"), 1, TEXT_CHARACTERS
            ),
            **{name.replace("-", "_"): F.substring(_header(sent, name), 1, 256) for name in KEPT_HEADERS},
            "cache_control": F.substring(_header(answered, "cache-control"), 1, 256),
        }
    )
    texts = (
        "path",
        "query",
        "user_agent",
        "referer",
        "accept",
        "origin",
        "x_requested_with",
        "cache_control",
    )
    flagged = typed.withColumn("suspicious", privacy.holds_secret_value(*(F.col(name) for name in texts)))
    masked = {name: privacy.without_secret_values(F.col(name), F.col("suspicious")) for name in texts}
    return flagged.withColumns(masked).withColumns(
        {
            "query": privacy.without_secret_parameters(F.col("query")),
            "request_body": _body(F.col("request_body"), body_max_bytes),
        }
    )


def _body(body: Column, max_bytes: int) -> Column:
    """The request body without values of secret names or forms; NULL when there is none or it is too long."""
    is_json = F.substring(F.ltrim(body), 1, 1).isin("{", "[")
    named = F.when(is_json, privacy.without_secret_members(body)).otherwise(
        privacy.without_secret_parameters(body)
    )
    masked = privacy.without_secret_values(named, privacy.holds_secret_value(body))
    return F.when((F.length(body) > 0) & (F.octet_length(body) <= max_bytes), masked)


def _filled(text: Column) -> Column:
    """NULL for an empty text or the "-" of access logs."""
    return F.when((F.trim(text) != "") & (text != "-"), F.trim(text))


def _header(headers: Column, name: str) -> Column:
    return _filled(F.try_element_at(headers, F.lit(name)))


def _media_type(text: Column) -> Column:
    """From "Application/JSON; charset=utf-8" to "application/json"; NULL for what is no media type."""
    essence = F.lower(F.trim(F.substring_index(text, ";", 1)))
    return F.when(essence.rlike(MEDIA_TYPE), essence)


def _size(text: Column) -> Column:
    """Bytes; NULL for missing or negative (HAR writes -1 for unknown)."""
    size = text.try_cast("bigint")
    return F.when(size >= 0, size)


def _host(text: Column, scheme: Column) -> Column:
    """Lower case, without the scheme's default port (RFC 9110 s. 4.2) and without the root's dot."""
    host = F.regexp_replace(F.lower(F.trim(text)), r"\.(?=$|:)", "")
    without_443 = F.when(
        host.endswith(":443") & F.coalesce(scheme != "http", F.lit(True)), F.substring_index(host, ":443", 1)
    )
    without_80 = F.when(
        host.endswith(":80") & F.coalesce(scheme != "https", F.lit(True)), F.substring_index(host, ":80", 1)
    )
    return F.coalesce(without_443, without_80, host)


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


def violations(now: datetime, settings: IngestSettings) -> Column:
    """array<string>: why a typed record is no transaction, in words; empty when it is one."""
    host, method, path, scheme, status, time = (
        F.col(name) for name in ("host", "method", "path", "scheme", "status", "time")
    )
    is_http = scheme.isNull() | scheme.isin(*HTTP_SCHEMES)
    window = settings.time_window_years * 366 * 86400
    age = F.abs(F.unix_timestamp(time) - F.lit(int(now.timestamp())))
    far = f"time is more than {settings.time_window_years} years from now: wrong unit?"
    checks = F.array(
        _violated(
            "URL scheme is not HTTP: nothing travelled over the network",
            scheme.isNotNull() & ~scheme.isin(*HTTP_SCHEMES),
        ),
        _violated("time is missing or not a time stamp", time.isNull()),
        _violated(far, time.isNotNull() & (age > window)),
        _violated("host is missing", host.isNull()),
        _violated("host has characters that no host name has", host.isNotNull() & ~host.rlike(HOST)),
        _violated("method is missing or not an HTTP method", method.isNull() | ~method.rlike(METHOD)),
        _violated("request target is missing", path.isNull() | (path == "")),
        _violated(
            "request target is neither a path nor an absolute URL",
            is_http & path.isNotNull() & (path != "") & ~path.startswith("/") & (path != "*"),
        ),
        _violated(
            f"path is longer than {PATH_CHARACTERS} characters",
            path.isNotNull() & (F.length(path) > PATH_CHARACTERS),
        ),
        _violated("status is missing or not a number", status.isNull()),
        _violated(
            "status is 0: the request got no answer (aborted, blocked or not sent)",
            status.isNotNull() & (status == 0),
        ),
        _violated(
            "status is not between 100 and 599",
            status.isNotNull() & (status != 0) & ~status.between(100, 599),
        ),
    )
    found = F.filter(checks, lambda reason: reason.isNotNull())
    return F.when(F.col("error").isNotNull(), F.array("error")).otherwise(found)


def _violated(reason: str, fails: Column) -> Column:
    """`reason`, or NULL where the check holds. An undecided (NULL) check counts as failed: no row may vanish."""
    return F.when(F.coalesce(fails, F.lit(True)), F.lit(reason))


def _columns(settings: IngestSettings) -> list[Column]:
    """What staging keeps: typed columns, bookkeeping, and the redacted original of rejected records only."""
    original = F.coalesce(F.col("raw"), F.concat_ws(" ", "time", "method", "url", "status"))
    rejected = F.size("violations") > 0
    names = {
        "request_header_names": F.col("request_headers"),
        "response_header_names": F.col("response_headers"),
        "cookie_names": F.col("cookies"),
    }
    plain = (
        "source line block_start row_id is_blank transaction_id time host method scheme path query status request_content_type "
        "response_content_type request_bytes response_bytes accept user_agent referer origin sec_fetch_dest sec_fetch_mode "
        "x_requested_with cache_control request_body identifiers client violations"
    ).split()
    return [
        *(F.col(name) for name in plain),
        *(_names(column).alias(name) for name, column in names.items()),
        F.when(rejected, privacy.redacted_raw(original, settings.quarantine_raw_bytes)).alias("raw"),
    ]


def _names(fields: Column) -> Column:
    """Sorted names of a header or cookie map; what is no name (a malformed line may hold anything) is left out."""
    return F.sort_array(F.filter(F.map_keys(fields), lambda name: name.rlike(HEADER_NAME)))
