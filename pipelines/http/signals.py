"""Signals of a transaction's header fields, as data for Python and Catalyst."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Any, Final

from pipelines.http.media_types import HTML


class TestKind(StrEnum):
    """The kind of a `ColumnTest`. On a null column every test fails."""

    STARTS = "starts"  # starts with one of the values
    CONTAINS = "contains"  # contains one of the values
    PRODUCT = "product"  # the text before the first "/" is one of the values
    MATCHES = "matches"  # contains a match of the one regular expression (ASCII, no backtracking, no flags)
    BETWEEN = "between"  # lies between the two numbers, ends included
    PRESENT = "present"  # is not the empty string
    NAMES = "names"  # an item of the array contains one of the values (which hold no comma)
    NAMES_HOST = "names_host"  # is a URL or origin on the transaction's own host


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """One test of one column of the transactions table; `values` are alternatives."""

    __test__ = False  # not a test case, despite its name

    column: str
    kind: TestKind
    values: tuple[str | int, ...] = ()

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Applies the test to one record (column name -> value)."""
        found = record.get(self.column)
        if found is None:
            return False
        match self.kind:
            case TestKind.STARTS:
                return str(found).startswith(tuple(str(value) for value in self.values))
            case TestKind.CONTAINS:
                return any(str(value) in found for value in self.values)
            case TestKind.PRODUCT:
                return str(found).partition("/")[0] in self.values
            case TestKind.MATCHES:
                return re.search(str(self.values[0]), found) is not None
            case TestKind.BETWEEN:
                return bool(self.values[0] <= found <= self.values[1])
            case TestKind.PRESENT:
                return bool(found != "")
            case TestKind.NAMES:
                return any(str(value) in item for value in self.values for item in found if item is not None)
            case TestKind.NAMES_HOST:
                return bool(found.split("/", 3)[:3][-1] == record["host"])


@dataclass(frozen=True, slots=True)
class Signal:
    """A field of the packed integer: its classes, and how a record is classified.

    The value of `column` is looked up in `exact` (value -> class) first; if it is not there, the first of `tests` that holds
    decides. Otherwise the code is 0, "none".
    """

    name: str
    classes: tuple[str, ...]
    column: str = ""
    exact: tuple[tuple[str | int, str], ...] = ()
    tests: tuple[tuple[str, ColumnTest], ...] = ()

    @property
    def width(self) -> int:
        """Number of bits for the codes 0 (none) to `len(classes)`."""
        return len(self.classes).bit_length()

    @property
    def exact_codes(self) -> dict[str | int, int]:
        """`exact` with codes instead of class names."""
        return {value: self.code_of(name) for value, name in self.exact}

    def code_of(self, name: str) -> int:
        """Returns the code of a class by its name; 0 for "none"."""
        return 0 if name == "none" else 1 + self.classes.index(name)

    def code(self, record: Mapping[str, Any]) -> int:
        """Returns the code of one record (column name -> value)."""
        value = record.get(self.column)
        for candidate, name in self.exact:
            if value == candidate:
                return self.code_of(name)
        return next((self.code_of(name) for name, test in self.tests if test.holds(record)), 0)


def _exact(
    name: str, column: str, values: Mapping[str, Iterable[str | int]], *tests: tuple[str, ColumnTest]
) -> Signal:
    """Builds a signal decided by `column`'s value (class -> values), then by `tests`.

    Classes are in the order in which they are mentioned.
    """
    classes = tuple(dict.fromkeys([*values, *(label for label, _ in tests)]))
    exact = tuple((value, label) for label, listed in values.items() for value in listed)
    return Signal(name, classes, column, exact, tests)


def _tested(name: str, *tests: tuple[str, ColumnTest]) -> Signal:
    return Signal(name, tuple(dict.fromkeys(label for label, _ in tests)), tests=tests)


def _starts(column: str, *values: str) -> ColumnTest:
    return ColumnTest(column, TestKind.STARTS, values)


def _contains(column: str, *values: str) -> ColumnTest:
    return ColumnTest(column, TestKind.CONTAINS, values)


def _between(column: str, low: int, high: int) -> ColumnTest:
    return ColumnTest(column, TestKind.BETWEEN, (low, high))


def _present(column: str) -> ColumnTest:
    return ColumnTest(column, TestKind.PRESENT)


def _response_header_flag(name: str, part: str) -> Signal:
    """Builds a flag: the name of some response header contains `part`."""
    return _tested(name, ("yes", ColumnTest("response_header_names", TestKind.NAMES, (part,))))


_LIBRARIES = (
    *(
        "curl",
        "Wget",
        "python-requests",
        "Python-urllib",
        "Python",
        "python-httpx",
        "Go-http-client",
        "Java",
        "okhttp",
    ),
    *(
        "Apache-HttpClient",
        "axios",
        "node",
        "node-fetch",
        "undici",
        "PostmanRuntime",
        "insomnia",
        "HTTPie",
        "Ruby",
    ),
    *(
        "GuzzleHttp",
        "PHP",
        "libwww-perl",
        "reqwest",
        "grpc-go",
        "grpc-java-netty",
        "aws-cli",
        "Boto3",
        "kubectl",
    ),
)
_LONG = (
    r"max-age=(?:[1-9][0-9]{5}|9[0-9]{4}|8[7-9][0-9]{3}|86[4-9][0-9]{2})"  # 86,400 seconds (a day) and more
)
_CALLS = ("grpc", "protobuf", "msgpack", "cbor", "thrift")  # media types of binary remote calls

_RESPONSE, _REQUEST = "response_content_type", "request_content_type"
_AGENT, _CACHE = "user_agent", "cache_control"

SIGNALS: Final[tuple[Signal, ...]] = (
    _exact(
        "method", "method", {m: (m,) for m in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
    ),
    _exact(
        "status",
        "status",
        {
            "ok": (200,),
            "accepted": (201, 202),
            "no_content": (204,),
            "partial": (206,),
            "not_modified": (304,),
            "denied": (401, 403),
            "not_found": (404, 410),
            "invalid": (400, 409, 422),
            "unfit": (405, 406, 415),
            "too_many": (429,),
        },
        ("redirect", _between("status", 300, 399)),
        ("refused", _between("status", 400, 499)),
        ("failed", _between("status", 500, 599)),
        ("accepted", _between("status", 200, 299)),
    ),
    _exact(
        "response_type",
        _RESPONSE,
        {
            "json": ("application/json", "text/json"),
            "html": HTML,
            "image": ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/x-icon"),
            "javascript": ("application/javascript", "text/javascript", "application/x-javascript"),
            "css": ("text/css",),
            "text": ("text/plain",),
            "bytes": ("application/octet-stream", "binary/octet-stream"),
            "events": ("text/event-stream",),
            "xml": ("application/xml", "text/xml"),
        },
        ("image", _starts(_RESPONSE, "image/")),
        ("json_like", _contains(_RESPONSE, "json")),
        ("font", _contains(_RESPONSE, "font")),
        ("media", _starts(_RESPONSE, "audio/", "video/")),
        ("xml", _contains(_RESPONSE, "xml")),
        ("call", _contains(_RESPONSE, *_CALLS)),
        ("document", _contains(_RESPONSE, "pdf", "csv", "zip", "office", "excel")),
        ("other", _present(_RESPONSE)),
    ),
    _exact(
        "request_type",
        _REQUEST,
        {
            "json": ("application/json", "text/json"),
            "form": ("application/x-www-form-urlencoded",),
            "text": ("text/plain",),
        },
        ("multipart", _starts(_REQUEST, "multipart/")),
        ("json_like", _contains(_REQUEST, "json")),
        ("xml", _contains(_REQUEST, "xml")),
        ("other", _present(_REQUEST)),
    ),
    _tested(
        "accept",
        ("html", _starts("accept", "text/html")),
        ("any", _starts("accept", "*/*")),
        ("image", _starts("accept", "image/")),
        ("json", _contains("accept", "json")),
        ("css", _starts("accept", "text/css")),
        ("other", _present("accept")),
    ),
    _tested(
        "agent",
        ("crawling_browser", _contains(_AGENT, "compatible; ")),
        ("browser", _starts(_AGENT, "Mozilla/", "Opera/")),
        ("library", ColumnTest(_AGENT, TestKind.PRODUCT, _LIBRARIES)),
        ("app", _contains(_AGENT, "CFNetwork", "Dalvik/")),
        ("bot", _contains(_AGENT, "bot", "Bot", "spider", "crawl")),
        ("other", _present(_AGENT)),
    ),
    _exact(
        "fetch_dest",
        "sec_fetch_dest",
        {
            "empty": ("empty",),
            "document": ("document", "iframe", "frame", "embed", "object"),
            "image": ("image",),
            "script": ("script", "worker", "sharedworker", "serviceworker"),
            "style": ("style",),
            "font": ("font",),
        },
        ("other", _present("sec_fetch_dest")),
    ),
    _exact(
        "fetch_mode",
        "sec_fetch_mode",
        {
            "no_cors": ("no-cors",),
            "cors": ("cors",),
            "navigate": ("navigate",),
            "same_origin": ("same-origin",),
        },
        ("other", _present("sec_fetch_mode")),
    ),
    # Web views of Android send their package name in this header with every request, including pages and images.
    _exact(
        "requested_with",
        "x_requested_with",
        {"script": ("XMLHttpRequest",)},
        ("web_view", _present("x_requested_with")),
    ),
    _tested("origin", ("same", ColumnTest("origin", TestKind.NAMES_HOST)), ("other", _present("origin"))),
    _tested("referer", ("same", ColumnTest("referer", TestKind.NAMES_HOST)), ("other", _present("referer"))),
    _tested(
        "cache",
        ("forbidden", _contains(_CACHE, "no-store", "no-cache", "private")),
        ("long", _contains(_CACHE, "immutable")),
        ("long", ColumnTest(_CACHE, TestKind.MATCHES, (_LONG,))),
        ("short", _present(_CACHE)),
    ),
    _response_header_flag("set_cookie", "set-cookie"),
    _response_header_flag("etag", "etag"),
    _response_header_flag("accept_ranges", "accept-ranges"),
    _response_header_flag("allow_origin", "access-control-allow-origin"),
    _response_header_flag("content_encoding", "content-encoding"),
    _response_header_flag("rate_limit", "ratelimit"),
    # Whether the log holds response headers at all: every response with content has one of the content- fields.
    _response_header_flag("headers_logged", "content-"),
)

OFFSETS: Final[tuple[int, ...]] = tuple(accumulate((signal.width for signal in SIGNALS[:-1]), initial=0))
"""The lowest bit of each field, in the order of `SIGNALS`."""


def pack(record: Mapping[str, Any]) -> int:
    """Packs all signals of one record (column -> value) into one integer.

    The integer is non-negative and has 64 bits.
    """
    return sum(signal.code(record) << offset for signal, offset in zip(SIGNALS, OFFSETS, strict=True))


def unpack(packed: int) -> dict[str, int]:
    """Returns signal name -> code; the inverse of `pack` on codes."""
    return {
        signal.name: (packed >> offset) & ((1 << signal.width) - 1)
        for signal, offset in zip(SIGNALS, OFFSETS, strict=True)
    }
