"""Columns that selection looks at: family of the media type, CORS preflight, packed header signals."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import chain
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http.signals import OFFSETS, SIGNALS, ColumnTest, Signal, TestKind

FAMILIES = ("html", "data", "asset", "untyped")
"""Of `media_family`; what is none of these (plain text, bytes, PDF) is "other"."""

_HTML = ("text/html", "application/xhtml+xml")
_ASSET_STARTS = ("image/", "font/", "audio/", "video/", "text/css")
_ASSET_PARTS = ("javascript", "font-", "mpegurl")  # before data: image/svg+xml is a picture
_DATA_PARTS = ("json", "xml", "grpc", "protobuf", "msgpack", "cbor", "thrift", "event-stream", "csv")


def media_family() -> Column:
    """`response_content_type` → "html", "data", "asset", "untyped" (none was sent or logged) or "other"."""
    kind = F.lower("response_content_type")
    return (
        F.when(F.coalesce(kind, F.lit("")) == "", F.lit("untyped"))
        .when(reduce(or_, map(kind.startswith, _HTML)), F.lit("html"))
        .when(
            reduce(or_, [*map(kind.startswith, _ASSET_STARTS), *map(kind.contains, _ASSET_PARTS)]),
            F.lit("asset"),
        )
        .when(reduce(or_, map(kind.contains, _DATA_PARTS)), F.lit("data"))
        .otherwise(F.lit("other"))
    )


NO, LIKELY, CERTAIN = 0, 1, 2
"""Codes of column `preflight`."""
PREFLIGHT_HEADER = "access-control-request-method"
FULL_LOG_HEADER = "user-agent"
"""The name that shows that a log keeps all request headers: logs of chosen headers have a field of its own for it."""
HEAD_BYTES = 1024
"""Logs that count the head of an answer (Cloudflare Logpush, Apache's %O) show up to so much of one without a body."""


def preflight_code() -> Column:
    """`NO`, `LIKELY` (the log has no header names, and it looks like one) or `TOLD` (its header says so). Never NULL."""
    names, agent = F.col("request_header_names"), F.col("user_agent")
    told = F.coalesce(F.array_contains(names, PREFLIGHT_HEADER), F.lit(False))
    shown = F.coalesce(F.array_contains(names, FULL_LOG_HEADER), F.lit(False))
    by_browser = F.coalesce(agent.startswith("Mozilla/"), F.lit(True))
    likely = ~shown & by_browser & _is_bare()
    code = F.when(told, F.lit(CERTAIN)).when(likely, F.lit(LIKELY)).otherwise(F.lit(NO))
    return F.when(F.col("method") == "OPTIONS", code).otherwise(F.lit(NO)).cast("tinyint")


def _is_bare() -> Column:
    """Whether the answer is a 200 or 204 without a body, as far as the log tells."""
    untyped = F.coalesce(F.col("response_content_type"), F.lit("")) == ""
    small = F.coalesce(F.col("response_bytes"), F.lit(0)) <= HEAD_BYTES
    return F.col("status").isin(200, 204) & untyped & small


def packed_signals() -> Column:
    """Columns of the transactions table -> bigint, bit for bit what `pack` of that module gives. Never null.

    The generated Java must stay below the 8,000 bytes of bytecode that the JVM still compiles (a test
    watches it): the same expression as one chain of conditions ran four times slower. So exact values go
    through one map literal.
    """
    fields = (_field(signal, offset) for signal, offset in zip(SIGNALS, OFFSETS, strict=True))
    return reduce(Column.bitwiseOR, fields)


def _field(signal: Signal, offset: int) -> Column:
    """One field, already shifted to its place. A null condition is no match, as `when` has it."""
    decided = _shifted(0, offset)
    for name, test in reversed(signal.tests):
        decided = F.when(_condition(test), _shifted(signal.code_of(name), offset)).otherwise(decided)
    if not signal.exact:
        return decided
    pairs = ((F.lit(value), _shifted(code, offset)) for value, code in signal.exact_codes.items())
    return F.coalesce(F.element_at(F.create_map(*chain.from_iterable(pairs)), F.col(signal.column)), decided)


def _shifted(code: int, offset: int) -> Column:
    return F.lit(code << offset).cast("bigint")


def _condition(test: ColumnTest) -> Column:
    column = F.col(test.column)
    match test.how:
        case TestKind.STARTS:
            return _any(column.startswith, test)
        case TestKind.CONTAINS:
            return _any(column.contains, test)
        case TestKind.PRODUCT:
            return F.substring_index(column, "/", 1).isin(*test.values)
        case TestKind.MATCHES:
            return column.rlike(str(test.values[0]))
        case TestKind.BETWEEN:
            return column.between(*test.values)
        case TestKind.PRESENT:
            return column != ""
        case (
            TestKind.NAMES
        ):  # one join for all flags, then a search each: a third of the cost of array_contains
            return _any(F.array_join(column, ",").contains, test)
        case TestKind.NAMES_HOST:
            authority = F.substring_index(F.substring_index(column, "/", 3), "/", -1)
            return authority == F.col("host")


def _any(question: Callable[[str], Column], test: ColumnTest) -> Column:
    return reduce(or_, (question(str(value)) for value in test.values))
