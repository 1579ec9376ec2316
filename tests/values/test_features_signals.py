"""The packed header signals: the values of each field.

And the columns that they must never read.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.http.signals import OFFSETS, SIGNALS, pack, unpack

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
)
GOOGLEBOT = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://x) Chrome/1"
)


def signal_classes(record: dict[str, Any]) -> dict[str, str]:
    """Returns signal → class name for a record."""
    codes = unpack(pack(record))
    by_name = {signal.name: signal for signal in SIGNALS}
    return {name: "none" if code == 0 else by_name[name].classes[code - 1] for name, code in codes.items()}


@pytest.mark.parametrize(
    ("signal", "column", "value", "expected"),
    [
        ("method", "method", "PATCH", "PATCH"),
        ("method", "method", "patch", "none"),  # methods are case-sensitive (RFC 9110 s. 9.1)
        ("method", "method", "BREW", "none"),
        ("status", "status", 200, "ok"),
        ("status", "status", 204, "no_content"),
        ("status", "status", 299, "accepted"),
        ("status", "status", 304, "not_modified"),
        ("status", "status", 308, "redirect"),
        ("status", "status", 418, "refused"),
        ("status", "status", 503, "failed"),
        ("status", "status", 101, "none"),
        ("response_type", "response_content_type", "application/json", "json"),
        ("response_type", "response_content_type", "application/problem+json", "json_like"),
        ("response_type", "response_content_type", "application/x-ndjson", "json_like"),
        ("response_type", "response_content_type", "image/svg+xml", "image"),  # not XML
        ("response_type", "response_content_type", "image/x-unheard-of", "image"),
        ("response_type", "response_content_type", "application/xhtml+xml", "html"),
        ("response_type", "response_content_type", "application/soap+xml", "xml"),
        ("response_type", "response_content_type", "font/woff2", "font"),
        ("response_type", "response_content_type", "application/grpc-web+proto", "call"),
        ("response_type", "response_content_type", "text/csv", "document"),
        ("response_type", "response_content_type", "x/y", "other"),
        ("response_type", "response_content_type", "", "none"),
        ("response_type", "response_content_type", None, "none"),
        ("request_type", "request_content_type", "multipart/form-data", "multipart"),
        ("request_type", "request_content_type", "application/vnd.api+json", "json_like"),
        ("accept", "accept", "text/html,application/xhtml+xml,*/*;q=0.8", "html"),
        ("accept", "accept", "application/json, text/plain, */*", "json"),
        ("accept", "accept", "*/*", "any"),
        ("accept", "accept", "image/avif,image/webp,*/*", "image"),
        ("agent", "user_agent", BROWSER, "browser"),
        ("agent", "user_agent", GOOGLEBOT, "crawling_browser"),
        ("agent", "user_agent", "python-requests/2.31.0", "library"),
        ("agent", "user_agent", "curlie/1", "other"),  # the whole product name counts
        ("agent", "user_agent", "Shop/41 CFNetwork/1474 Darwin/23.6.0", "app"),
        ("agent", "user_agent", "SuperBot 1.0", "bot"),
        ("fetch_dest", "sec_fetch_dest", "iframe", "document"),
        ("fetch_dest", "sec_fetch_dest", "video", "other"),
        ("fetch_mode", "sec_fetch_mode", "no-cors", "no_cors"),
        ("requested_with", "x_requested_with", "XMLHttpRequest", "script"),
        ("requested_with", "x_requested_with", "com.android.chrome", "web_view"),
        ("origin", "origin", "https://shop.example", "same"),
        ("origin", "origin", "https://evil.example", "other"),
        ("origin", "origin", "null", "other"),
        ("referer", "referer", "https://shop.example/cart", "same"),
        ("referer", "referer", "https://shop.example.evil.test/", "other"),
        ("referer", "referer", "https://evil.test/shop.example/", "other"),
        ("referer", "referer", "not a url", "other"),
        ("cache", "cache_control", "private, max-age=31536000", "forbidden"),
        ("cache", "cache_control", "public, max-age=86400", "long"),
        ("cache", "cache_control", "public, max-age=86399", "short"),
        ("cache", "cache_control", "max-age=99999", "long"),
        ("cache", "cache_control", "immutable", "long"),
        *(
            (n, "response_header_names", [n.replace("_", "-")], "yes")
            for n in ("etag", "set_cookie", "accept_ranges")
        ),
        ("etag", "response_header_names", ["set-cookie", "last-modified"], "none"),
        ("set_cookie", "response_header_names", ["etag", "vary"], "none"),
        ("allow_origin", "response_header_names", ["access-control-allow-origin"], "yes"),
        ("content_encoding", "response_header_names", ["content-encoding"], "yes"),
        ("rate_limit", "response_header_names", ["date", "x-ratelimit-remaining"], "yes"),
        ("etag", "response_header_names", [], "none"),
        ("etag", "response_header_names", None, "none"),
        ("headers_logged", "response_header_names", ["content-type"], "yes"),
    ],
)
def test_field_value_gives_its_class(signal: str, column: str, value: Any, expected: str) -> None:
    assert signal_classes({"host": "shop.example", column: value})[signal] == expected


def test_nothing_logged_packs_to_zero() -> None:
    assert pack({}) == 0


def test_fields_lie_side_by_side_in_a_positive_long() -> None:
    ends = [offset + signal.width for signal, offset in zip(SIGNALS, OFFSETS, strict=True)]
    assert list(OFFSETS[1:]) == ends[:-1]
    assert ends[-1] <= 63
    assert all(len(signal.classes) < 1 << signal.width for signal in SIGNALS)
    assert len({signal.name for signal in SIGNALS}) == len(SIGNALS)


@given(st.lists(st.integers(0, 100), min_size=len(SIGNALS), max_size=len(SIGNALS)))
def test_unpacking_gives_back_the_codes(draws: list[int]) -> None:
    codes = [n % (len(signal.classes) + 1) for n, signal in zip(draws, SIGNALS, strict=True)]
    packed = sum(code << offset for code, offset in zip(codes, OFFSETS, strict=True))
    assert list(unpack(packed).values()) == codes


SECRETS = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-session-id",
)
RECORDS = st.fixed_dictionaries(
    {
        "host": st.just("shop.example"),
        "method": st.sampled_from(["GET", "POST"]),
        "status": st.sampled_from([200, 401, 404]),
        "user_agent": st.sampled_from([None, BROWSER, "curl/8"]),
        "accept": st.sampled_from([None, "*/*", "application/json"]),
        "request_header_names": st.lists(st.sampled_from(["accept", "host", "range"]), unique=True),
        "response_header_names": st.lists(st.sampled_from(["etag", "date", "content-type"]), unique=True),
    }
)


@given(RECORDS, st.lists(st.sampled_from(SECRETS), min_size=1, unique=True), st.text(max_size=20))
def test_signing_in_changes_no_signal(record: dict[str, Any], secrets: list[str], value: str) -> None:
    signed = record | {
        "request_header_names": sorted([*record["request_header_names"], *secrets]),
        "cookie_names": ["sid", "session"],
        "identifiers": {"header:authorization": value, "cookie:sid": value, "jwt:sub": value},
        "client": value,
        "request_body": value,
    }
    assert pack(signed) == pack(record)


def test_no_signal_reads_a_column_that_can_hold_an_identity() -> None:
    read = {signal.column for signal in SIGNALS} | {test.column for s in SIGNALS for _, test in s.tests}
    assert read.isdisjoint(
        {"identifiers", "cookie_names", "client", "request_header_names", "request_body", "time"}
    )
