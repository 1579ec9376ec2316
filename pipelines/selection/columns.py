"""Columns for selection: media family, CORS preflight, packed header signals."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import chain
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.http.media_types import HTML, STATIC_PREFIXES
from pipelines.http.signals import OFFSETS, SIGNALS, ColumnTest, Signal, TestKind

FAMILIES = ("html", "data", "asset", "untyped")
"""Values of `media_family`; everything else (plain text, bytes, PDF) is "other"."""

_ASSET_PARTS = ("javascript", "font-", "mpegurl")  # before data: image/svg+xml is a picture
_DATA_PARTS = ("json", "xml", "grpc", "protobuf", "msgpack", "cbor", "thrift", "event-stream", "csv")


def media_family() -> Column:
    """Family of `response_content_type`: one of `FAMILIES`, or "other".

    "untyped" means that no content type was sent or logged.
    """
    kind = F.lower("response_content_type")
    return (
        F.when(F.coalesce(kind, F.lit("")) == "", F.lit("untyped"))
        .when(reduce(or_, map(kind.startswith, HTML)), F.lit("html"))
        .when(
            reduce(or_, [*map(kind.startswith, STATIC_PREFIXES), *map(kind.contains, _ASSET_PARTS)]),
            F.lit("asset"),
        )
        .when(reduce(or_, map(kind.contains, _DATA_PARTS)), F.lit("data"))
        .otherwise(F.lit("other"))
    )


NO, LIKELY, CERTAIN = 0, 1, 2
"""Codes of column `preflight`."""
PREFLIGHT_HEADER = "access-control-request-method"
FULL_LOG_HEADER = "user-agent"
"""Header whose presence shows that a log has all request headers: logs of selected headers have a separate field for it."""
HEAD_BYTES = 1024
"""Response size up to which there may be no body, in logs that include the headers (Cloudflare Logpush, Apache's %O)."""


def preflight_code() -> Column:
    """Code of column `preflight`: `NO`, `LIKELY` or `CERTAIN`. Never NULL.

    `CERTAIN`: the request has the header of preflights. `LIKELY`: it looks like one, and the log has no header names.
    """
    names, agent = F.col("request_header_names"), F.col("user_agent")
    is_certain = F.coalesce(F.array_contains(names, PREFLIGHT_HEADER), F.lit(False))
    has_all_headers = F.coalesce(F.array_contains(names, FULL_LOG_HEADER), F.lit(False))
    by_browser = F.coalesce(agent.startswith("Mozilla/"), F.lit(True))
    likely = ~has_all_headers & by_browser & _is_bare()
    code = F.when(is_certain, F.lit(CERTAIN)).when(likely, F.lit(LIKELY)).otherwise(F.lit(NO))
    return F.when(F.col("method") == "OPTIONS", code).otherwise(F.lit(NO)).cast("tinyint")


def _is_bare() -> Column:
    """Whether the response is a 200 or 204 without a body, as far as the log shows."""
    untyped = F.coalesce(F.col("response_content_type"), F.lit("")) == ""
    small = F.coalesce(F.col("response_bytes"), F.lit(0)) <= HEAD_BYTES
    return F.col("status").isin(200, 204) & untyped & small


def packed_signals() -> Column:
    """Packs header signals into a bigint, the same bits as `http.signals.pack`.

    Never NULL. Needs the columns of table transactions. The generated Java must stay below the 8,000 bytes of bytecode that
    the JVM still compiles (a test watches it): the same expression as one chain of conditions ran four times slower. So exact
    values go through one map literal.
    """
    fields = (_field(signal, offset) for signal, offset in zip(SIGNALS, OFFSETS, strict=True))
    return reduce(Column.bitwiseOR, fields)


def _field(signal: Signal, offset: int) -> Column:
    """Code of one signal, shifted to its place.

    A NULL condition does not match, as in `when`.
    """
    code = _shifted(0, offset)
    for name, test in reversed(signal.tests):
        code = F.when(_condition(test), _shifted(signal.code_of(name), offset)).otherwise(code)
    if not signal.exact:
        return code
    pairs = ((F.lit(value), _shifted(code, offset)) for value, code in signal.exact_codes.items())
    return F.coalesce(F.element_at(F.create_map(*chain.from_iterable(pairs)), F.col(signal.column)), code)


def _shifted(code: int, offset: int) -> Column:
    return F.lit(code << offset).cast("bigint")


def _condition(test: ColumnTest) -> Column:
    column = F.col(test.column)
    match test.kind:
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
        case TestKind.NAMES:
            # one join for all flags, then a search each: a third of the cost of array_contains
            return _any(F.array_join(column, ",").contains, test)
        case TestKind.NAMES_HOST:
            authority = F.substring_index(F.substring_index(column, "/", 3), "/", -1)
            return authority == F.col("host")


def _any(question: Callable[[str], Column], test: ColumnTest) -> Column:
    return reduce(or_, (question(str(value)) for value in test.values))
