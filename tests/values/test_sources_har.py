"""HAR files of any tool and age become RECORD fields; what is no HAR says where it breaks."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.transactions.sources.har_entries import entries
from pipelines.transactions.sources.not_requests import REASONS

ENTRY: dict[str, Any] = {
    "startedDateTime": "2026-01-02T03:04:05.678+01:00",
    "request": {
        "method": "GET",
        "url": "https://user:secret@a.example:8443/b?c=d",
        "headers": [
            {"name": "User-Agent", "value": "curl/8"},
            {"name": "Referer", "value": "https://r.example/"},
        ],
        "bodySize": 0,
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Type", "value": "text/html"}],
        "content": {"size": 12, "mimeType": "text/html"},
        "bodySize": -1,
    },
}


def har(*found: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": list(found)}}).encode()


def record(request: Any = None, response: Any = None, **fields: Any) -> dict[str, Any]:
    entry = {
        "request": {**ENTRY["request"], **(request or {})},
        "response": {**ENTRY["response"], **(response or {})},
    }
    (found,) = entries(har({**ENTRY, **entry, **fields}))
    return found


def named(**fields: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in fields.items()]


def test_entry_becomes_a_record() -> None:
    assert record(_ray="8f") == {
        "line": 1,
        "transaction_id": "8f",
        "time": "2026-01-02T03:04:05.678+01:00",
        "host": "a.example:8443",
        "method": "GET",
        "url": "https://user:secret@a.example:8443/b?c=d",
        "scheme": "https",
        "request_content_type": None,
        "request_bytes": "0",
        "user_agent": "curl/8",
        "referer": "https://r.example/",
        "request_headers": {"user-agent": "curl/8", "referer": "https://r.example/"},
        "cookies": {},
        "request_body": None,
        "not_request": None,
        "status": "200",
        "response_content_type": "text/html",
        "response_bytes": "12",
        "response_headers": {"content-type": "text/html"},
    }


def test_pseudo_headers_complete_the_request_and_are_no_headers() -> None:
    pseudo = {":method": "POST", ":scheme": "https", ":authority": "h2.example", ":path": "/p?q"}
    sent = [{"name": name, "value": value} for name, value in pseudo.items()]
    found = record(
        {"method": None, "url": None, "headers": sent},
        {"status": None, "headers": named(**{":status": "204"})},
    )
    assert (found["method"], found["url"], found["host"], found["status"]) == (
        "POST",
        "https://h2.example/p?q",
        "h2.example",
        "204",
    )
    assert found["request_headers"] == {} == found["response_headers"]


def test_target_without_host_is_completed_from_the_host_header() -> None:
    assert record({"url": "/only", "headers": named(Host="a.example")})["url"] == "http://a.example/only"


@pytest.mark.parametrize(
    ("post", "body", "content_type"),
    [
        ({"mimeType": "application/json", "text": '{"a":1}'}, '{"a":1}', "application/json"),
        (
            {"mimeType": "text/plain", "text": base64.b64encode("ü".encode()).decode(), "encoding": "base64"},
            "ü",
            "text/plain",
        ),
        (
            {"mimeType": "text/plain", "text": "not base64!", "encoding": "base64"},
            "not base64!",
            "text/plain",
        ),
        ({"mimeType": "f", "params": named(a="1 2", b="&")}, "a=1+2&b=%26", "f"),
        ({"mimeType": "f", "text": "", "params": named(a="1")}, "a=1", "f"),
        ({"mimeType": "multipart/form-data; boundary=x", "params": named(a="1")}, None, None),
        ({"mimeType": "", "text": "", "params": []}, None, None),  # what Firefox writes for a GET
        ("text", None, None),
        (None, None, None),
    ],
)
def test_request_body_is_read_however_it_was_recorded(
    post: Any, body: str | None, content_type: str | None
) -> None:
    found = record({"postData": post, "bodySize": -1})
    assert (found["request_body"], found["request_content_type"]) == (body, content_type)
    assert found["request_bytes"] == (str(len(body.encode())) if body else None)


@pytest.mark.parametrize(
    ("size", "body_size", "expected"),
    [(0, 9, "0"), (-1, 9, "9"), (None, -1, None), ("5", 7.0, "7"), (10.0, 1, "10")],
)
def test_unknown_sizes_are_null(size: Any, body_size: Any, expected: str | None) -> None:
    assert record(response={"content": {"size": size}, "bodySize": body_size})["response_bytes"] == expected


def test_unknown_type_of_chrome_is_null() -> None:
    assert (
        record(response={"headers": [], "content": {"mimeType": "x-unknown"}})["response_content_type"]
        is None
    )


@pytest.mark.parametrize(
    ("url", "scheme", "host"),
    [
        ("data:text/plain,hello", "data", None),
        ("blob:https://a.example/1", "blob", None),
        ("chrome-extension://abc/x.js", "chrome-extension", "abc"),
        ("about:blank", "about", None),
        ("WSS://a.example/socket", "wss", "a.example"),
        ("http://a@b@c.example/d@e", "http", "c.example"),
        ("http://[2001:db8::1]:80/", "http", "[2001:db8::1]:80"),
        ("no url", None, None),
        (5, None, None),
        (None, None, None),
    ],
)
def test_urls_are_delivered_as_they_are(url: Any, scheme: str | None, host: str | None) -> None:
    found = record({"url": url})
    assert (found["scheme"], found["host"]) == (scheme, host)
    assert found["url"] == (str(url) if url is not None else None)


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
        ({}, {"status": None}, None),  # answered, but the status was not recorded: broken
        ({"url": "a.example:8080"}, {}, None),
        ({"url": "a.example:25", "method": "CONNECT"}, {}, None),
        ({"url": None}, {"status": 0}, None),
        ({"method": None}, {"status": 0}, None),
    ],
)
def test_entry_that_never_was_a_request_says_why(request_: Any, response: Any, reason: str | None) -> None:
    assert record(request_, response)["not_request"] == reason
    assert reason is None or reason in REASONS


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-27T10:00:00.123+01:00", "2026-11-27T10:00:00.123+01:00"),
        ("2026-11-27T10:00:00,123Z", "2026-11-27T10:00:00.123Z"),
        ("2026-11-27T10:00:00.1234567Z", "2026-11-27T10:00:00.123456Z"),
        ("2026-11-27 10:00 +0100", "2026-11-27T10:00:00+01:00"),
        ("2026-11-27T10:00:00", "2026-11-27T10:00:00"),  # no zone: judged later
        ("Fri, 27 Nov 2026 10:00:00 GMT", "2026-11-27T10:00:00Z"),
        ("Friday, 27-Nov-2026 10:00:00 GMT", "2026-11-27T10:00:00Z"),
        ("7 Nov 2026 10:00:00 +0530", "2026-11-07T10:00:00+05:30"),
        ("Fri Nov 27 2026 10:00:00 GMT+0100 (CET)", "2026-11-27T10:00:00+01:00"),
        ("Fri Nov 27 2026 10:00:00 GMT-0330 (Newfoundland Standard Time)", "2026-11-27T10:00:00-03:30"),
        ("Fri Foo 27 2026 10:00:00 GMT+0100", "2026-00-27T10:00:00+01:00"),  # no date
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
    found = record(
        {
            "url": "https://a.example/b\ud800c\udc00/\U0001f600",
            "headers": [{"name": "Referer", "value": "\udfff"}],
            "postData": {"mimeType": "text/plain", "text": "a\ud800\ud800b"},
        }
    )
    assert (found["url"], found["referer"], found["request_body"]) == (
        "https://a.example/b\ufffdc\ufffd/\U0001f600",
        "\ufffd",
        "a\ufffd\ufffdb",
    )


def test_aborted_request_is_delivered() -> None:
    assert record(response={"status": 0, "headers": []})["status"] == "0"
    (found,) = entries(har({"request": {"url": "http://a.example/"}}))
    assert (found["url"], found["status"], found["method"]) == ("http://a.example/", None, None)


def test_entries_that_are_none_are_rows_with_an_error() -> None:
    found = list(entries(har(None, 5, {}, {"request": []}, ENTRY)))
    assert [(entry["line"], entry.get("error")) for entry in found] == [
        (1, "entry is no object but NoneType"),
        (2, "entry is no object but int"),
        (3, "entry without a request"),
        (4, "entry without a request"),
        (5, None),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (har(ENTRY)[:-40], "is no complete JSON: .* at line 1, column"),
        (b"\x00\x01\x02", "is no complete JSON"),
        (b"", "is no complete JSON"),
        (b"[]", "log is missing"),
        (b'{"log": null}', "log is missing"),
        (b'{"log": {}}', "log.entries is missing"),
        (b'{"log": {"entries": {}}}', "log.entries is missing"),
        (b"[" * 100_000, "holds JSON that cannot be read"),
        (b'{"log": {"entries": [' + b"9" * 5000 + b"]}}", "holds JSON that cannot be read"),
    ],
)
def test_document_that_is_no_har_says_why(content: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        list(entries(content, "x.har"))
    assert str(caught.value).startswith("x.har: ")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + har(ENTRY),
        har(ENTRY).decode().encode("utf-16"),
        har(ENTRY).replace(b"curl/8", b"curl\t8"),  # a control character in a string
        har(ENTRY)[:-1] + b', "time": NaN}',
        har(ENTRY).replace(b"curl/8", b"curl\xff8"),  # not UTF-8
        har(ENTRY).replace(b"curl/8", b"curl\\ud8008"),  # half of a surrogate pair
    ],
)
def test_sloppy_documents_are_read(content: bytes) -> None:
    (found,) = entries(content)
    assert found["url"] == ENTRY["request"]["url"]
    assert found["user_agent"].startswith("curl")
    found["user_agent"].encode()  # whatever it was, it can be stored


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
FIELDS = ("method", "url", "headers", "cookies", "postData", "bodySize", "status", "content")


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from(FIELDS), JSON), JSON, JSON
)
def test_no_entry_is_lost_whatever_its_fields_hold(
    request: Any, response: Any, post: Any, other: Any
) -> None:
    request["postData"] = {"text": post, "params": other, "mimeType": other, "encoding": "base64"}
    found = list(entries(har({"request": request, "response": response, "_ray": other}, other)))
    assert [entry["line"] for entry in found] == [1, 2]
    for value in found[0].values():
        assert value is None or isinstance(value, str | int | dict)


def test_every_har_of_the_corpus_is_read(shared: Path) -> None:
    files = sorted(shared.glob("traffic/har/*/*.har")) + sorted(
        shared.glob("traffic/generated/har/har/*.har")
    )
    assert len(files) > 60
    found = {file.name: list(entries(file.read_bytes(), str(file))) for file in files}
    records = [record for of_file in found.values() for record in of_file]
    assert all(found.values())
    assert not [record for record in records if "error" in record]
    assert all(record[name] for record in records for name in ("method", "url", "time", "status"))
