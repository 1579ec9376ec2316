"""Access log lines of Apache and nginx become records; others have an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from pipelines.runtime.settings import Settings
from pipelines.transactions.inputs.access_log_line import parse_line
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.sources.combined import parse, read
from pipelines.transactions.sources.lines import LINES
from pipelines.transactions.tables import STAGED
from tests.access_log_lines import END, PREFIXES, STARTS, UNSURE

TIME = "[17/May/2015:10:05:03 +0200]"
NO_LINE = "line is not of the common or combined log format"
NO_REQUEST = "request line is not an HTTP request"
UNSURE_START = "client and virtual host before the time cannot be told apart"


def parse_lines(spark: SparkSession, *values: str) -> list[Row]:
    lines = [("s", value, value, None, not value.strip(), 0, at) for at, value in enumerate(values)]
    frame = parse(spark.createDataFrame(lines, LINES))
    assert frame.schema == STAGED
    return sorted(frame.collect(), key=lambda row: int(row["row_id"]))


def parse_record(spark: SparkSession, value: str) -> Row:
    (row,) = parse_lines(spark, value)
    return row


def test_combined_line_becomes_a_record(spark: SparkSession) -> None:
    row = parse_record(
        spark, f'192.0.2.1 - frank {TIME} "GET /a?b=c HTTP/1.1" 200 5 "https://r.example/" "curl/8"'
    )
    assert {name: value for name, value in row.asDict().items() if value is not None and name != "raw"} == {
        "source": "s",
        "time": "2015-05-17T10:05:03+02:00",
        "method": "GET",
        "url": "/a?b=c",
        "status": "200",
        "response_bytes": "5",
        "user_agent": "curl/8",
        "referer": "https://r.example/",
        "client_ip": "192.0.2.1",
        "is_blank": False,
        "block_start": 0,
        "row_id": 0,
    }


@pytest.mark.parametrize(
    ("start", "host", "scheme", "client"),
    [
        ("192.0.2.1 - -", None, None, "192.0.2.1"),
        ("2001:db8::1 - -", None, None, "2001:db8::1"),
        ("::1 - -", None, None, "::1"),
        ("client.example - -", None, None, "client.example"),
        ("a.example:443 192.0.2.1 - -", "a.example:443", "https", "192.0.2.1"),
        ("a.example:80 client.example - -", "a.example:80", "http", "client.example"),
        ("a.example:8080 2001:db8::1 - -", "a.example:8080", None, "2001:db8::1"),
        ("[2001:db8::2]:443 192.0.2.1 - -", "[2001:db8::2]:443", "https", "192.0.2.1"),
        ("a.example 192.0.2.1 - -", "a.example", None, "192.0.2.1"),
        ("192.0.2.1, 198.51.100.1 - -", None, None, "192.0.2.1"),  # X-Forwarded-For instead of the client
        ("192.0.2.1 - John Doe", None, None, "192.0.2.1"),
        ("- - -", None, None, None),
    ],
)
def test_virtual_host_and_client_are_told_apart(
    spark: SparkSession, start: str, host: str | None, scheme: str | None, client: str | None
) -> None:
    row = parse_record(spark, f'{start} {TIME} "GET / HTTP/1.1" 200 5')
    assert (row["host"], row["scheme"], row["client_ip"], row["error"]) == (host, scheme, client, None)


def test_lines_of_every_tool_are_read_as_python_reads_them(spark: SparkSession) -> None:
    starts = [start for alternatives in STARTS.values() for start in alternatives]
    prefixed = [
        prefix + start.text for prefixes in PREFIXES.values() for prefix in prefixes for start in starts
    ]
    rows = parse_lines(
        spark, *(f"{start.text} {END}" for start in starts), *(f"{text} {END}" for text in prefixed)
    )
    expected = [
        (start.client.strip("-") or None, start.host or None, None) for start in starts if start.client
    ]
    assert [(row["client_ip"], row["host"], row["error"]) for row in rows[: len(starts)]] == expected
    for row in rows[len(starts) :]:
        found = parse_line(row["raw"])
        assert found is not None
        client = (found["forwarded"] or found["client"]).strip("-")
        assert (row["client_ip"], row["host"]) == (client or None, found["host"] or None), row["raw"]
    unsure = parse_lines(spark, *(f"{text} {END}" for text in UNSURE))
    assert {(row["client_ip"], row["host"], row["error"]) for row in unsure} == {(None, None, UNSURE_START)}


@pytest.mark.parametrize(
    ("request_line", "method", "url"),
    [
        ("GET / HTTP/1.0", "GET", "/"),
        ("GET /", "GET", "/"),  # HTTP/0.9
        ("PROPFIND /a HTTP/2.0", "PROPFIND", "/a"),
        ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*"),
        ("CONNECT a.example:443 HTTP/1.1", "CONNECT", "a.example:443"),
        ("GET http://b.example/ HTTP/1.1", "GET", "http://b.example/"),
        ("GET /a b c HTTP/1.1", "GET", "/a b c"),
        (r"GET /a\"b\\c\xc3\xa9 HTTP/1.1", "GET", "/a%22b%5Cc%C3%A9"),
        (r"GET /\\x41\\\x42 HTTP/1.1", "GET", "/%5Cx41%5C%42"),
        (r"GET /$1${name}\\ HTTP/1.1", "GET", "/$1${name}%5C"),
        (r"GET /a\nb\\nc\r HTTP/1.1", "GET", "/a%0Ab%5Cnc%0D"),
        ("GET /é HTTP/1.1", "GET", "/é"),
    ],
)
def test_request_line_is_taken_apart(spark: SparkSession, request_line: str, method: str, url: str) -> None:
    row = parse_record(spark, f'192.0.2.1 - - {TIME} "{request_line}" 200 5 "-" "-"')
    assert (row["method"], row["url"].replace("%c3%a9", "%C3%A9"), row["error"]) == (method, url, None)
    assert (row["user_agent"], row["referer"]) == (None, None)


@pytest.mark.parametrize(
    "request_line", ["-", "", r"\x16\x03\x01\x02", r"\n", "GET", "0x2 /", r"\"GET / HTTP/1.1\""]
)
def test_garbage_instead_of_a_request_is_an_error_with_the_rest_kept(
    spark: SparkSession, request_line: str
) -> None:
    row = parse_record(spark, f'192.0.2.1 - - {TIME} "{request_line}" 400 - "-" "-"')
    assert (row["error"], row["method"], row["url"]) == (NO_REQUEST, None, None)
    assert (row["status"], row["response_bytes"], row["time"]) == ("400", None, "2015-05-17T10:05:03+02:00")


@pytest.mark.parametrize(
    ("end", "agent"),
    [
        ("", None),
        (' "-" "curl/8" "x" 0.003 pipe', "curl/8"),
        (r' "-" "a \"b\" \\ \x7f"', r'a "b" \ \x7f'),
        (' "-" "curl/8"\r', "curl/8"),
        (' 0.003 "x"', None),
        (' "-" "not closed', None),
    ],
)
def test_what_follows_the_size_is_optional(spark: SparkSession, end: str, agent: str | None) -> None:
    row = parse_record(spark, f'192.0.2.1 - - {TIME} "GET / HTTP/1.1" 200 5{end}')
    assert (row["user_agent"], row["error"]) == (agent, None)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("01/Dec/2024:00:00:00 -0930", "2024-12-01T00:00:00-09:30"),
        ("01/Foo/2024:00:00:00 +0000", "2024-00-01T00:00:00+00:00"),  # not a date, and quarantined as such
        ("2024-12-01T00:00:00+00:00", "2024-12-01T00:00:00+00:00"),
        ("01/Dec/2024:00:00:00,123 +0100", "2024-12-01T00:00:00.123+01:00"),
        ("01/dec/2024 00:00:00 GMT", "2024-12-01T00:00:00Z"),
        ("01/Dec/2024:00:00:00", "2024-12-01T00:00:00"),  # no zone: checked later
        ("-", None),
    ],
)
def test_time_becomes_iso_8601(spark: SparkSession, time: str, expected: str | None) -> None:
    assert parse_record(spark, f'192.0.2.1 - - [{time}] "GET / HTTP/1.1" 200 5')["time"] == expected


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        f'192.0.2.1 - - {TIME} "GET / HTTP/1.1',
        f'192.0.2.1 - - {TIME} "GET /" / HTTP/1.1" 200 5',
        f'192.0.2.1 - - {TIME} "GET / HTTP/1.1" two 5',
        f'192.0.2.1 - - {TIME} "GET /\x1fa HTTP/1.1" 200 5',
        "\x1f".join("123456789"),  # would look like nine fields
        f'192.0.2.1 - x {TIME} "GET /admin HTTP/1.1" 200 5 " {TIME} \\"GET / HTTP/1.1" 200 5"[0',
        "[" * 1000,
    ],
)
def test_other_line_is_an_error_and_nothing_is_taken_from_it(spark: SparkSession, line: str) -> None:
    row = parse_record(spark, line)
    if line.endswith("[0"):  # all text after the size is free, so the first request counts
        assert (row["error"], row["url"]) == (None, "/admin")
    else:
        assert row["error"] == NO_LINE
        assert [row[name] for name in ("time", "host", "method", "url", "client_ip", "user_agent")] == [
            None
        ] * 6


def test_user_name_cannot_forge_a_request(spark: SparkSession) -> None:
    forged = rf'192.0.2.1 - x {TIME} \"GET /forged HTTP/1.1\" 200 5 {TIME} "GET /real HTTP/1.1" 401 5'
    assert parse_record(spark, forged)["error"] == NO_LINE


def test_blank_lines_are_no_errors(spark: SparkSession) -> None:
    assert [(row["is_blank"], row["error"]) for row in parse_lines(spark, "", "  \r")] == [
        (True, None),
        (True, None),
    ]


@pytest.mark.parametrize("part", ["a", r"\"", r"\\", " ", "[", "1.", "a:1 "])
def test_megabytes_of_hostile_text_are_matched_in_time(spark: SparkSession, part: str) -> None:
    text = part * (1_000_000 // len(part))
    rows = parse_lines(
        spark,
        f'192.0.2.1 - - {TIME} "GET /{text} HTTP/1.1" 200 5 "{text}" "{text}"',
        text,
        f"{text} - - {TIME}",
    )
    assert [row["error"] for row in rows[1:]] == [NO_LINE if text.strip() else None, NO_LINE]
    assert rows[0]["error"] is None


def test_error_of_the_line_itself_stays(spark: SparkSession) -> None:
    lines = spark.createDataFrame([("s", None, "raw", "record longer than 5 bytes", False, 0, 0)], LINES)
    assert [row["error"] for row in parse(lines).collect()] == ["record longer than 5 bytes"]


def test_log_of_the_corpus_is_read(spark: SparkSession, settings: Settings, shared: Path) -> None:
    rows = read(spark, find_inputs([str(shared / "traffic/logs")]).files, settings.ingest).cache()
    assert rows.count() == 10_000
    assert rows.where("error is not null").count() == 0
    assert rows.where("time is null or method is null or status is null").count() == 0
    rows.unpersist()
