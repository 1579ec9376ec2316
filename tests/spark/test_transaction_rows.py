"""Records become typed, validated rows; no credential survives.

Every record is either a transaction or has a reason why it is not.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from pipelines.runtime.settings import SessionIdentifier, Settings
from tests.record_rows import validate_records


def test_a_good_record_becomes_a_typed_row(spark: SparkSession, settings: Settings) -> None:
    change = {
        "request_headers": {"accept": "application/json", "host": "x"},
        "response_headers": {"content-type": "Application/JSON; charset=utf-8", "etag": "1"},
        "response_bytes": "-1",
        "request_bytes": "12",
    }
    (row,) = validate_records(spark, settings, change)
    assert row["violations"] == []
    assert (row["host"], row["method"], row["path"], row["query"], row["status"]) == (
        "api.example",
        "GET",
        "/users/1",
        "page=2",
        200,
    )
    assert row["time"].replace(tzinfo=UTC) == datetime(2026, 10, 31, 10, tzinfo=UTC)
    assert row["response_content_type"] == "application/json"
    assert (row["request_bytes"], row["response_bytes"]) == (12, None)
    assert row["accept"] == "application/json"
    assert row["response_header_names"] == ["content-type", "etag"]
    assert row["raw"] is None


TIMES = [
    ("2026-10-31T10:00:00Z", 1793440800.0),
    ("2026-10-31T12:00:00.250+02:00", 1793440800.25),
    ("1793440800", 1793440800.0),
    ("1793440800.5", 1793440800.5),
    ("1793440800250", 1793440800.25),
    ("1793440800250000000", 1793440800.25),
    ("2026-10-31T12:00:00+0200", 1793440800.0),
    ("2026-10-31 10:00:00 +0000", 1793440800.0),
    ("2026-10-31 10:00:00,250 UTC", 1793440800.25),
    ("2026-10-31T10:00:00.2500000Z", 1793440800.25),
    ("2026-10-31T10:00:00.250000123Z", 1793440800.25),
    ("2026-10-31T11:00:00 Europe/Berlin", 1793440800.0),
    ("2026-10-31T10:00Z", 1793440800.0),
    ("2026-10-31T10:00:00z", 1793440800.0),
]


def test_time_stamps_of_every_form(spark: SparkSession, settings: Settings) -> None:
    for row, (text, expected) in zip(
        validate_records(spark, settings, *({"time": text} for text, _ in TIMES)), TIMES, strict=True
    ):
        assert row["violations"] == [], text
        assert row["time"].replace(tzinfo=UTC).timestamp() == pytest.approx(expected, abs=1e-3), text


REASONS: list[tuple[dict[str, Any], str]] = [
    ({"time": None}, "time is missing"),
    ({"time": "yesterday"}, "time is missing or not a timestamp"),
    ({"time": "17934408"}, "time is missing or not a timestamp"),
    ({"time": "1930-01-01T00:00:00Z"}, "years from now"),
    ({"time": "2026"}, "time is missing or not a timestamp"),
    ({"time": "10:00"}, "time is missing or not a timestamp"),
    ({"time": "2026-10-31"}, "time is missing or not a timestamp"),
    ({"time": "2026-10-31T10:00:00Z\n"}, "time is missing or not a timestamp"),
    ({"time": "1793440800\n"}, "time is missing or not a timestamp"),
    ({"host": "nl.example\n"}, "host has characters"),
    ({"host": "nl.example\r"}, "host has characters"),
    ({"host": "nul\0.example"}, "host has characters"),
    ({"method": "GET\n"}, "not an HTTP method"),
    ({"method": "GET\0"}, "not an HTTP method"),
    ({"url": "/a\n"}, "control characters"),
    ({"url": "/a\r\nHost: x"}, "control characters"),
    ({"url": "/a?b=\0"}, "control characters"),
    ({"url": "https://a.example/b\t"}, "control characters"),
    ({"url": "mail.example:25", "method": "CONNECT"}, "CONNECT opens a tunnel"),
    ({"url": "mail.example:25"}, "neither a path nor an absolute URL"),
    ({"url": "localhost:8080/a"}, "neither a path nor an absolute URL"),
    ({"not_request": "data: address", "host": None}, "data: address"),
    ({"host": None}, "host is missing"),
    ({"host": "a b"}, "host has characters"),
    ({"host": "<script>"}, "host has characters"),
    ({"method": None}, "method is missing"),
    ({"method": "\\x16\\x03"}, "method is missing or not an HTTP method"),
    ({"url": None}, "request target is missing"),
    ({"url": ""}, "request target is missing"),
    ({"url": "users"}, "neither a path nor an absolute URL"),
    ({"url": "/" + "x" * 5000}, "longer than 4096"),
    ({"url": "data:text/html,hello"}, "scheme is not HTTP"),
    ({"url": "chrome-extension://abc/x.js"}, "scheme is not HTTP"),
    ({"status": None}, "status is missing"),
    ({"status": "abc"}, "status is missing or not a number"),
    ({"status": "0"}, "status is 0"),
    ({"status": "999"}, "status is not between"),
    ({"error": "not a JSON object"}, "not a JSON object"),
]


def test_a_bad_record_has_a_reason_in_words(spark: SparkSession, settings: Settings) -> None:
    for row, (change, reason) in zip(
        validate_records(spark, settings, *(change for change, _ in REASONS)), REASONS, strict=True
    ):
        assert len(row["violations"]) == 1, (change, row["violations"])
        assert reason in row["violations"][0], change


TARGETS: list[tuple[Any, ...]] = [
    ({"url": "https://Shop.Example:443/a?b=1#c"}, "shop.example", "/a", "b=1"),
    ({"url": "http://shop.example:443/"}, "shop.example:443", "/", None),
    ({"url": "http://shop.example:80"}, "shop.example", "/", None),
    ({"url": "https://u:p@shop.example/x"}, "shop.example", "/x", None),
    ({"url": "/a?u=http://x/y?z#f", "host": "H.example."}, "h.example", "/a", "u=http://x/y?z"),
    ({"url": "*", "method": "OPTIONS"}, "api.example", "*", None),
    ({"url": "https://[2001:DB8::1]:8443/x"}, "[2001:db8::1]:8443", "/x", None),
    ({"url": "/a?", "host": "api.example:8080"}, "api.example:8080", "/a", ""),
    ({"url": "https://x.example?a=1"}, "x.example", "/", "a=1"),
]


def test_host_path_and_query_of_the_request_target(spark: SparkSession, settings: Settings) -> None:
    for row, (change, *expected) in zip(
        validate_records(spark, settings, *(case[0] for case in TARGETS)), TARGETS, strict=True
    ):
        assert row["violations"] == [], change
        assert [row["host"], row["path"], row["query"]] == expected, change


def test_credentials_become_keyed_hashes(spark: SparkSession, settings: Settings) -> None:
    secret = "Zx9planted8Secret7"
    change = {
        "request_headers": {
            "authorization": f"Bearer {secret}",
            "x-api-key": secret,
            "accept": "*/*",
            "x-tenant": "blue",
        },
        "cookies": {"sid": secret, "theme": "dark"},
        "client_ip": "203.0.113.77",
        "url": f"/reset?access_token={secret}&page=1",
        "referer": f"https://u:{secret}@x.example/a?token={secret}",
        "request_body": f'{{"password": "{secret}", "name": "Ann"}}',
    }
    (row,) = validate_records(spark, settings, change)
    assert row["violations"] == []
    assert secret not in str(row)
    assert "203.0.113" not in str(row)
    assert set(row["identifiers"]) == {"header:authorization", "header:x-api-key", "cookie:sid"}
    assert row["cookie_names"] == ["sid", "theme"]
    assert row["query"] == "access_token=redacted-token&page=1"
    assert row["request_body"] == '{"password": "redacted", "name": "Ann"}'


def test_files_and_secret_parts_of_a_multipart_body_are_masked(
    spark: SparkSession, settings: Settings
) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    sent = [
        ("pin", "", "4711"),
        ("a", '; filename="x"', "PK\x01--b"),
        ("meta", "", '{"token": "4711"}'),
        ("n", "", "1=2&pin=x"),
    ]
    masked = [
        (*sent[0][:2], "redacted"),
        (*sent[1][:2], "redacted"),
        ("meta", "", '{"token": "redacted-token"}'),
        ("n", "", "1=2&pin=redacted"),  # a form inside a field is parsed, too
    ]
    body, expected = ("".join(part.format(*one) for one in parts) + "--b--" for parts in (sent, masked))
    (row,) = validate_records(spark, settings, {"request_body": body})
    assert row["request_body"] == expected


def test_the_hash_is_hmac_sha256_of_the_value(spark: SparkSession, settings: Settings) -> None:
    import hashlib
    import hmac

    (row,) = validate_records(spark, settings, {"request_headers": {"authorization": "Token abc"}})
    expected = hmac.new(b"k" * 32, b"Token abc", hashlib.sha256).hexdigest()[:32]
    assert row["identifiers"]["header:authorization"] == expected == row["client"]


def test_a_configured_header_and_a_jwt_claim_identify(spark: SparkSession, settings: Settings) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4iLCJ0ZW5hbnQiOiJibHVlIn0.c2ln"
    sessions = (
        SessionIdentifier(location="header", name="X-Tenant"),
        SessionIdentifier(location="jwt", name="tenant"),
    )
    (row,) = validate_records(
        spark,
        settings,
        {"request_headers": {"x-tenant": "blue", "authorization": f"Bearer {token}"}},
        sessions=sessions,
    )
    assert {"header:x-tenant", "jwt:sub", "jwt:tenant", "header:authorization"} == set(row["identifiers"])


def test_clients_without_a_session_are_their_network_and_agent(
    spark: SparkSession, settings: Settings
) -> None:
    one, neighbour, other = validate_records(
        spark,
        settings,
        *({"client_ip": ip, "user_agent": "curl"} for ip in ("203.0.113.7", "203.0.113.99", "198.51.100.7")),
    )
    assert one["client"] == neighbour["client"] != other["client"]


def test_the_original_of_a_rejected_record_is_kept_redacted(spark: SparkSession, settings: Settings) -> None:
    secret = "Zx9planted8Secret7"
    raw = f'{{"ClientIP":"203.0.113.7","ClientRequestURI":"/x","RequestHeaders":{{"authorization":"{secret}"}},"a":'
    (row,) = validate_records(spark, settings, {"error": "not JSON", "raw": raw})
    assert row["violations"] == ["not JSON"]
    assert "/x" in row["raw"]
    assert secret not in row["raw"]
    assert "203.0.113.7" not in row["raw"]


def test_a_name_with_a_line_end_is_none_and_hides_no_other(spark: SparkSession, settings: Settings) -> None:
    """Names are checked together, joined by line ends, so none may count as two."""
    headers = {"accept": "x", "a\nb": "1", "x-session-token": "s"}
    (row,) = validate_records(spark, settings, {"request_headers": headers, "cookies": {"a\nb": "1"}})
    assert row["request_header_names"] == ["accept", "x-session-token"]
    assert row["cookie_names"] == []
    assert [*row["identifiers"]] == ["header:x-session-token"]
