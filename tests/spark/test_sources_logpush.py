"""Logpush lines become records, whatever their fields; others have an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from pipelines.runtime.settings import Settings
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.sources.lines import LINES
from pipelines.transactions.sources.logpush import parse, read
from pipelines.transactions.tables import STAGED

FULL = {
    "RayID": "8f",
    "EdgeStartTimestamp": "2026-01-02T03:04:05Z",
    "ClientIP": "192.0.2.1",
    "ClientRequestHost": "a.example",
    "ClientRequestMethod": "POST",
    "ClientRequestURI": "/b?c=d",
    "ClientRequestPath": "/b",
    "ClientRequestScheme": "https",
    "ClientRequestUserAgent": "curl/8",
    "ClientRequestReferer": "https://r.example/",
    "ClientRequestBytes": 10,
    "EdgeResponseStatus": 200,
    "EdgeResponseBytes": 20,
    "EdgeResponseContentType": "text/html",
    "RequestHeaders": {"accept": "*/*", "content-type": "application/json"},
    "ResponseHeaders": {"server": "x"},
    "Cookies": {"sid": "1"},
    "RequestBody": "{}",
    "JA4": "t13d1516h2_8daaf6152771_e5627efa2ab1",
    "OriginResponseStatus": 500,
}


def parse_lines(spark: SparkSession, *values: str) -> list[Row]:
    lines = [(f"{at}", value, value, None, not value.strip(), 0, at) for at, value in enumerate(values)]
    frame = parse(spark.createDataFrame(lines, LINES))
    assert frame.schema == STAGED
    return sorted(frame.collect(), key=lambda row: int(row["row_id"]))


def parse_record(spark: SparkSession, **fields: Any) -> Row:
    (row,) = parse_lines(spark, json.dumps(fields))
    return row


def test_every_field_is_delivered_as_text(spark: SparkSession) -> None:
    row = parse_record(spark, **FULL)
    assert row.asDict() == {
        "source": "0",
        "line": None,
        "raw": json.dumps(FULL),
        "error": None,
        "not_request": None,
        "transaction_id": "8f",
        "time": "2026-01-02T03:04:05Z",
        "host": "a.example",
        "method": "POST",
        "url": "/b?c=d",
        "scheme": "https",
        "status": "200",
        "request_content_type": "application/json",
        "response_content_type": "text/html",
        "request_bytes": "10",
        "response_bytes": "20",
        "user_agent": "curl/8",
        "referer": "https://r.example/",
        "client_ip": "192.0.2.1",
        "tls_fingerprint": "t13d1516h2_8daaf6152771_e5627efa2ab1",
        "request_headers": {"accept": "*/*", "content-type": "application/json"},
        "response_headers": {"server": "x"},
        "cookies": {"sid": "1"},
        "request_body": "{}",
        "format": None,
        "is_blank": False,
        "block_start": 0,
        "row_id": 0,
    }


def test_absent_and_empty_fields_fall_back(spark: SparkSession) -> None:
    row = parse_record(
        spark,
        ClientRequestURI="",
        ClientRequestPath="/p",
        ClientRequestUserAgent="",
        EdgeResponseContentType="",
        RequestHeaders={"User-Agent": "ua", "Referer": "r", "Cookie": "a=1; b=x=y; a=2; flag;; =no"},
        ResponseHeaders={"Content-Type": "text/css"},
        RequestBody="",
    )
    assert (row["url"], row["user_agent"], row["referer"], row["response_content_type"]) == (
        "/p",
        "ua",
        "r",
        "text/css",
    )
    assert row["cookies"] == {"a": "1", "b": "x=y", "flag": ""}
    assert (row["status"], row["host"], row["request_body"], row["error"]) == (None, None, None, None)


@pytest.mark.parametrize("time", [1767323045, 1767323045000000000, "2026-01-02T03:04:05.678901Z"])
def test_time_keeps_its_spelling(spark: SparkSession, time: Any) -> None:
    assert parse_record(spark, EdgeStartTimestamp=time)["time"] == str(time)


@pytest.mark.parametrize(
    "wrong", ["text", "", 5, True, ["a"], [{"name": "a"}], None, {"a": {"b": 1}}, {"a": None}]
)
def test_fields_of_the_wrong_type_do_not_cost_the_record(spark: SparkSession, wrong: Any) -> None:
    row = parse_record(
        spark, RequestHeaders=wrong, RayID="1", ResponseHeaders=wrong, Cookies=wrong, EdgeResponseStatus="200"
    )
    assert (row["transaction_id"], row["status"], row["error"]) == ("1", "200", None)
    names = [row[name] for name in ("request_headers", "response_headers", "cookies")]
    assert names in ([None] * 3, [{"a": '{"b":1}'}] * 3, [{"a": None}] * 3)


def test_structures_in_place_of_texts_become_their_json(spark: SparkSession) -> None:
    row = parse_record(spark, ClientRequestHost=["a"], RayID={"b": 1}, EdgeResponseStatus=None)
    assert (row["host"], row["transaction_id"], row["status"]) == ('["a"]', '{"b":1}', None)


@pytest.mark.parametrize("policy", ["EXCEPTION", "LAST_WIN"])
def test_repeated_header_names_do_not_fail_whatever_the_session_says(
    spark: SparkSession, policy: str
) -> None:
    key = "spark.sql.mapKeyDedupPolicy"
    before = str(spark.conf.get(key))
    spark.conf.set(key, policy)
    try:
        (row,) = parse_lines(
            spark,
            '{"RequestHeaders":{"Accept":"first","X-A":"1","accept":"second","ACCEPT":null},'
            '"ResponseHeaders":{"a":"1","a":"2"},"Cookies":{"Sid":"1","sid":"2","Sid":"3"}}',
        )
    finally:
        spark.conf.set(key, before)
    assert row["request_headers"] == {"accept": "first", "x-a": "1"}
    assert row["response_headers"] == {"a": "1"}
    assert row["cookies"] == {"Sid": "1", "sid": "2"}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("not json", "line is not a JSON object with Logpush fields"),
        ('{"RayID":"1"', "line is not a JSON object with Logpush fields"),  # cut off
        ("[]", "line is not a JSON object with Logpush fields"),
        ("5", "line is not a JSON object with Logpush fields"),
        ("null", "line is not a JSON object with Logpush fields"),
        ("{}", "line is not a JSON object with Logpush fields"),
        ('{"level":"info"}', "line is not a JSON object with Logpush fields"),
        ('{"RayID":' + "[" * 5000 + "]" * 5000 + "}", "line is not a JSON object with Logpush fields"),
        ('{"RayID":"1"}{"RayID":"2"}', "two records on one line (a line break is missing)"),
        ('{"RayID":"}{","RequestBody":"}{\\"RayID\\":1}"}', None),
        ('{"RayID":"a\tb"}', None),  # a control character that should have been escaped
        ("", None),
        ("  \r", None),
    ],
)
def test_line_that_is_no_record_says_why(spark: SparkSession, line: str, error: str | None) -> None:
    (row,) = parse_lines(spark, line)
    assert row["error"] == error
    assert row["raw"] == line


def test_error_of_the_line_itself_stays(spark: SparkSession) -> None:
    lines = spark.createDataFrame([("s", None, "raw", "record longer than 5 bytes", False, 0, 0)], LINES)
    assert [row["error"] for row in parse(lines).collect()] == ["record longer than 5 bytes"]


def test_many_hostile_names_are_not_quadratic(spark: SparkSession) -> None:
    headers = ",".join(f'"A{number % 50_000}":"{number}"' for number in range(100_000))
    (row,) = parse_lines(spark, f'{{"RequestHeaders":{{{headers}}},"RayID":"1"}}')
    assert len(row["request_headers"]) == 50_000
    assert row["request_headers"]["a7"] == "7"


def test_files_are_read_with_their_options(spark: SparkSession, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(
        b"\xef\xbb\xbf" + json.dumps(FULL).encode() + b"\r\n\r\n{broken\n" + json.dumps(FULL).encode()
    )
    rows = read(spark, find_inputs([str(tmp_path)]).files, settings.ingest).collect()
    assert sorted((row["row_id"], row["is_blank"], row["host"], row["error"]) for row in rows) == [
        (0, False, "a.example", None),
        (1, True, None, None),
        (2, False, None, "line is not a JSON object with Logpush fields"),
        (3, False, "a.example", None),
    ]


def test_generated_corpus_is_read_without_an_error(
    spark: SparkSession, settings: Settings, shared: Path
) -> None:
    files = find_inputs(
        [str(shared / "traffic/real/*.ndjson.gz"), str(shared / "traffic/generated/har/*.ndjson.gz")]
    ).files
    rows = read(spark, files, settings.ingest)
    assert rows.where("error is not null or host is null or method is null").count() == 0
    assert rows.count() > 30_000


def test_half_of_a_surrogate_pair_is_the_replacement_character(spark: SparkSession) -> None:
    written = (
        r"/a\ud800b",
        r"/\uD83D\uDE00",
        r"/\udc00\udc00",
        r"/\\ud800",
        r"/\\\ud800\u0041",
        r"/\ud800\ud83d\ude00",
    )
    values = [
        f'{{"ClientRequestURI":"{text}","RequestHeaders":{{"a":"{text}"}},"RequestBody":"{text}"}}'
        for text in written
    ]
    lines = [("s", value, value, None, False, 0, at) for at, value in enumerate(values)]
    rows = sorted(parse(spark.createDataFrame(lines, LINES)).collect(), key=lambda row: int(row["row_id"]))
    expected = ["/a\ufffdb", "/\U0001f600", "/\ufffd\ufffd", r"/\ud800", "/\\\ufffdA", "/\ufffd\U0001f600"]
    for name in ("url", "request_body"):
        assert [row[name] for row in rows] == expected
    assert [row["request_headers"]["a"] for row in rows] == expected
