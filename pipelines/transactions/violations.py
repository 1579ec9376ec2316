"""Why a typed record is no transaction. A check is a Column: the reason in words, or NULL."""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.settings import IngestSettings

# \z, not $: in Java, $ also matches before a last line end. RFC 3986 s. 3.2.2
HOST = r"\A(?:[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?\z"
METHOD = r"\A[A-Z][A-Z-]{1,19}\z"
CONTROLS = r"[\x00-\x1f\x7f]"  # a request line holds none (RFC 9112 s. 3)
HTTP_SCHEMES = ("http", "https", "ws", "wss")  # a web socket opens with an HTTP request (RFC 6455 s. 1.3)
PATH_CHARACTERS = 4096
NO_ZONE = "time has no zone, so that the hour is not known"


def violations(now: datetime, settings: IngestSettings) -> Column:
    """array<string>: why a typed record is no transaction, in words; empty when it is one."""
    host, method, path, scheme, status, target = (
        F.col(name) for name in ("host", "method", "path", "scheme", "status", "target")
    )
    is_tunnel = F.coalesce(method == "CONNECT", F.lit(False)) & ~path.startswith("/")  # RFC 9112 s. 3.2.3
    is_http = scheme.isNull() | scheme.isin(*HTTP_SCHEMES)
    checks = (
        _violated(
            "URL scheme is not HTTP: nothing travelled over the network",
            scheme.isNotNull() & ~scheme.isin(*HTTP_SCHEMES),
        ),
        *_time_checks(now, settings.time_window_years),
        _violated("host is missing", host.isNull()),
        _violated("host has characters that no host name has", host.isNotNull() & ~host.rlike(HOST)),
        _violated("method is missing or not an HTTP method", method.isNull() | ~method.rlike(METHOD)),
        _violated("request target is missing", path.isNull() | (path == "")),
        _violated(
            "request target is neither a path nor an absolute URL",
            is_http & path.isNotNull() & (path != "") & ~path.startswith("/") & (path != "*") & ~is_tunnel,
        ),
        _violated(
            "CONNECT opens a tunnel: its target is a host and port, not a path", path.isNotNull() & is_tunnel
        ),
        _violated("request target has control characters", target.isNotNull() & target.rlike(CONTROLS)),
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
    # a lambda over an array of them would keep all of these checks from being compiled
    found = F.array_remove(F.split(F.concat_ws("\n", *checks), "\n"), "")
    return (
        F.when(F.col("error").isNotNull(), F.array("error"))
        .when(F.col("not_request").isNotNull(), F.array("not_request"))
        .otherwise(found)
    )


def _time_checks(now: datetime, window_years: int) -> list[Column]:
    time, has_no_zone = F.col("time"), F.coalesce("has_no_zone", F.lit(False))
    age = F.abs(F.unix_timestamp(time) - F.lit(int(now.timestamp())))
    far = f"time is more than {window_years} years from now: wrong unit?"
    return [
        _violated(NO_ZONE, time.isNull() & has_no_zone),
        _violated("time is missing or not a time stamp", time.isNull() & ~has_no_zone),
        _violated(far, time.isNotNull() & (age > window_years * 366 * 86400)),
    ]


def _violated(reason: str, fails: Column) -> Column:
    """`reason`, or NULL where the check holds. An undecided (NULL) check counts as failed: no row may vanish."""
    return F.when(F.coalesce(fails, F.lit(True)), F.lit(reason))
