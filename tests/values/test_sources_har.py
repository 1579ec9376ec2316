"""HAR files of any tool and age become RECORD fields.

The error for a file that is not a HAR names the place where it breaks.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.runtime.errors import InputError
from pipelines.transactions.sources.har_entries import parse_entries
from tests.har_examples import ENTRY, har, name_value_pairs, record


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


def test_pseudo_headers_complete_the_request_and_are_not_headers() -> None:
    pseudo = {":method": "POST", ":scheme": "https", ":authority": "h2.example", ":path": "/p?q"}
    sent = [{"name": name, "value": value} for name, value in pseudo.items()]
    parsed = record(
        {"method": None, "url": None, "headers": sent},
        {"status": None, "headers": name_value_pairs(**{":status": "204"})},
    )
    assert (parsed["method"], parsed["url"], parsed["host"], parsed["status"]) == (
        "POST",
        "https://h2.example/p?q",
        "h2.example",
        "204",
    )
    assert parsed["request_headers"] == {} == parsed["response_headers"]


def test_target_without_host_is_completed_from_the_host_header() -> None:
    assert (
        record({"url": "/only", "headers": name_value_pairs(Host="a.example")})["url"]
        == "http://a.example/only"
    )


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
        ({"mimeType": "f", "params": name_value_pairs(a="1 2", b="&")}, "a=1+2&b=%26", "f"),
        ({"mimeType": "f", "text": "", "params": name_value_pairs(a="1")}, "a=1", "f"),
        ({"mimeType": "multipart/form-data; boundary=x", "params": name_value_pairs(a="1")}, None, None),
        ({"mimeType": "", "text": "", "params": []}, None, None),  # what Firefox writes for a GET
        ("text", None, None),
        (None, None, None),
    ],
)
def test_request_body_is_read_however_it_was_recorded(
    post: Any, body: str | None, content_type: str | None
) -> None:
    parsed = record({"postData": post, "bodySize": -1})
    assert (parsed["request_body"], parsed["request_content_type"]) == (body, content_type)
    assert parsed["request_bytes"] == (str(len(body.encode())) if body else None)


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
    parsed = record({"url": url})
    assert (parsed["scheme"], parsed["host"]) == (scheme, host)
    assert parsed["url"] == (str(url) if url is not None else None)


def test_aborted_request_is_delivered() -> None:
    assert record(response={"status": 0, "headers": []})["status"] == "0"
    (entry,) = parse_entries(har({"request": {"url": "http://a.example/"}}))
    assert (entry["url"], entry["status"], entry["method"]) == ("http://a.example/", None, None)


def test_entries_that_are_not_objects_are_rows_with_an_error() -> None:
    entries = list(parse_entries(har(None, 5, {}, {"request": []}, ENTRY)))
    assert [(entry["line"], entry.get("error")) for entry in entries] == [
        (1, "entry is not an object but NoneType"),
        (2, "entry is not an object but int"),
        (3, "entry without a request"),
        (4, "entry without a request"),
        (5, None),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (har(ENTRY)[:-40], "is not complete JSON: .* at line 1, column"),
        (b"\x00\x01\x02", "is not complete JSON"),
        (b"", "is not complete JSON"),
        (b"[]", "log is missing"),
        (b'{"log": null}', "log is missing"),
        (b'{"log": {}}', "log.entries is missing"),
        (b'{"log": {"entries": {}}}', "log.entries is missing"),
        (b"[" * 100_000, "holds JSON that cannot be read"),
        (b'{"log": {"entries": [' + b"9" * 5000 + b"]}}", "holds JSON that cannot be read"),
    ],
)
def test_document_that_is_not_a_har_gives_the_reason(content: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        list(parse_entries(content, "x.har"))
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
    (entry,) = parse_entries(content)
    assert entry["url"] == ENTRY["request"]["url"]
    assert entry["user_agent"].startswith("curl")
    entry["user_agent"].encode()  # whatever it was, it can be stored


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
    entries = list(parse_entries(har({"request": request, "response": response, "_ray": other}, other)))
    assert [entry["line"] for entry in entries] == [1, 2]
    for value in entries[0].values():
        assert value is None or isinstance(value, str | int | dict)


def test_every_har_of_the_corpus_is_read(shared: Path) -> None:
    files = sorted(shared.glob("traffic/har/*/*.har")) + sorted(
        shared.glob("traffic/generated/har/har/*.har")
    )
    assert len(files) > 60
    found = {file.name: list(parse_entries(file.read_bytes(), str(file))) for file in files}
    records = [record for of_file in found.values() for record in of_file]
    assert all(found.values())
    assert not [record for record in records if "error" in record]
    assert all(record[name] for record in records for name in ("method", "url", "time", "status"))
