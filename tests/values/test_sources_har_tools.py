"""Differences between tools that write HAR files.

Entries that never were requests, times, lists for strings, halves of surrogate pairs.
"""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.transactions.sources.har_entries import NOT_A_REQUEST_REASONS
from tests.har_examples import record


@pytest.mark.parametrize(
    ("request_", "response", "reason"),
    [
        ({}, {}, None),
        ({"url": "data:image/png;base64,AA"}, {}, "data: address"),
        ({"url": "blob:https://a.example/1"}, {"status": 0}, "blob: address"),
        ({"url": "chrome-extension://abc/x.js"}, {}, "file of a browser extension"),
        ({"url": "safari-web-extension://abc/x.js"}, {}, "file of a browser extension"),
        ({"url": "about:blank"}, {}, "page of the browser itself"),
        ({"url": "FILE:///etc/hosts"}, {}, "local file"),
        ({"url": "x-app://a/b"}, {}, "address that is not of HTTP"),
        ({}, {"status": 0, "headers": []}, "no answer: aborted, blocked or not sent"),
        ({}, {"status": -1}, "no answer: aborted, blocked or not sent"),
        ({}, {"status": None, "headers": []}, "no answer: aborted, blocked or not sent"),
        (
            {"url": "wss://a.example/socket"},
            {"status": "", "headers": []},
            "no answer: aborted, blocked or not sent",
        ),
        ({"url": "wss://a.example/socket"}, {"status": 101}, None),
        ({}, {"status": None}, None),  # a response without a recorded status: invalid
        ({"url": "a.example:8080"}, {}, None),
        ({"url": "a.example:25", "method": "CONNECT"}, {}, None),
        ({"url": None}, {"status": 0}, None),
        ({"method": None}, {"status": 0}, None),
    ],
)
def test_entry_that_never_was_a_request_says_why(request_: Any, response: Any, reason: str | None) -> None:
    assert record(request_, response)["not_request"] == reason
    assert reason is None or reason in NOT_A_REQUEST_REASONS


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-27T10:00:00.123+01:00", "2026-11-27T10:00:00.123+01:00"),
        ("2026-11-27T10:00:00,123Z", "2026-11-27T10:00:00.123Z"),
        ("2026-11-27T10:00:00.1234567Z", "2026-11-27T10:00:00.123456Z"),
        ("2026-11-27 10:00 +0100", "2026-11-27T10:00:00+01:00"),
        ("2026-11-27T10:00:00", "2026-11-27T10:00:00"),  # no zone: validated later
        ("Fri, 27 Nov 2026 10:00:00 GMT", "2026-11-27T10:00:00Z"),
        ("Friday, 27-Nov-2026 10:00:00 GMT", "2026-11-27T10:00:00Z"),
        ("7 Nov 2026 10:00:00 +0530", "2026-11-07T10:00:00+05:30"),
        ("Fri Nov 27 2026 10:00:00 GMT+0100 (CET)", "2026-11-27T10:00:00+01:00"),
        ("Fri Nov 27 2026 10:00:00 GMT-0330 (Newfoundland Standard Time)", "2026-11-27T10:00:00-03:30"),
        ("Fri Foo 27 2026 10:00:00 GMT+0100", "2026-00-27T10:00:00+01:00"),  # not a date
        ("27.11.2026 10:00:00", "27.11.2026 10:00:00"),
        (1793440800250, "1793440800250"),
        (None, None),
    ],
)
def test_time_is_read_in_every_form(written: Any, expected: str | None) -> None:
    assert record(startedDateTime=written)["time"] == expected


@pytest.mark.parametrize(
    ("listed", "body"),
    [
        ({"a[0]": "x@y z"}, "a%5B0%5D=x%40y+z"),
        ({"a%5B0%5D": "x%40y+z"}, "a%5B0%5D=x%40y+z"),
        ({"a": "100%25"}, "a=100%25"),
        ({"a": "100%", "b": "1%2B1"}, "a=100%25&b=1%252B1"),  # a lone % cannot be sent: decoded already
        ({"a": "1+2"}, "a=1%2B2"),
        ({"a": "%FF"}, "a=%EF%BF%BD"),
        ({"a": "\ud800"}, "a=%EF%BF%BD"),
    ],
)
def test_listed_parameters_are_decoded_once(listed: dict[str, str], body: str) -> None:
    post = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": n, "value": v} for n, v in listed.items()],
    }
    assert record({"postData": post})["request_body"] == body


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/b", "https://a.example/b?c=d%20e&f%5B%5D=%C3%BC"),
        ("https://a.example/b#top", "https://a.example/b?c=d%20e&f%5B%5D=%C3%BC#top"),
        ("https://a.example/b?c=1", "https://a.example/b?c=1"),
        ("https://a.example/b?", "https://a.example/b?"),
    ],
)
def test_listed_query_completes_an_address_without_one(url: str, expected: str) -> None:
    plain = [{"name": "c", "value": "d e"}, {"name": "f[]", "value": "ü"}]
    as_sent = [{"name": "c", "value": "d%20e"}, {"name": "f%5B%5D", "value": "%C3%BC"}]
    assert [record({"url": url, "queryString": listed})["url"] for listed in (plain, as_sent)] == [
        expected
    ] * 2
    assert record({"url": url, "queryString": []})["url"] == url


def test_half_of_a_surrogate_pair_is_the_replacement_character() -> None:
    parsed = record(
        {
            "url": "https://a.example/b\ud800c\udc00/\U0001f600",
            "headers": [{"name": "Referer", "value": "\udfff"}],
            "postData": {"mimeType": "text/plain", "text": "a\ud800\ud800b"},
        }
    )
    assert (parsed["url"], parsed["referer"], parsed["request_body"]) == (
        "https://a.example/b\ufffdc\ufffd/\U0001f600",
        "\ufffd",
        "a\ufffd\ufffdb",
    )
