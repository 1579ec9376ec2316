"""Records without a time zone, a media type or a recognised client address."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings
from tests.record_rows import validate_records


def test_time_without_a_zone_is_read_where_the_settings_name_it(
    spark: SparkSession, settings: Settings
) -> None:
    texts = ("2026-10-31T11:00:00", "2026-10-31 11:00:00.5", "2026-07-31T12:00", "2026-10-31T10:00:00Z")
    berlin = settings.model_copy(
        update={"ingest": settings.ingest.model_copy(update={"time_zone": "Europe/Berlin"})}
    )
    rows = validate_records(spark, berlin, *({"time": text} for text in texts))
    assert [row["time"].isoformat() for row in rows] == [
        "2026-10-31T10:00:00",
        "2026-10-31T10:00:00.500000",
        "2026-07-31T10:00:00",
        "2026-10-31T10:00:00",
    ]
    unread = validate_records(spark, settings, *({"time": text} for text in texts[:3]))
    assert [row["violations"] for row in unread] == [["time has no time zone, so the hour is unknown"]] * 3


BODIES: list[tuple[dict[str, Any], str | None, bool]] = [
    ({"request_body": '{"a": 1}'}, "application/json", True),
    ({"request_body": '\r\n [{"a": 1}]\n'}, "application/json", True),
    ({"request_body": '{"a": 1}', "request_content_type": "text/plain; charset=utf-8"}, "text/plain", False),
    ({"request_body": '{"a": 1}', "request_headers": {"content-type": "text/csv"}}, "text/csv", False),
    ({"request_body": '{"a": 1'}, None, False),  # cut off: not clearly JSON
    ({"request_body": "{{name}}"}, None, False),
    ({"request_body": "[" * 5000 + "]" * 5000}, None, False),
    ({"request_body": "a=1&b=x%40y+z&c&d="}, "application/x-www-form-urlencoded", True),
    ({"request_body": "a=&b=1"}, "application/x-www-form-urlencoded", True),
    ({"request_body": "items%5B0%5D%5Bqty%5D=2"}, "application/x-www-form-urlencoded", True),
    ({"request_body": "aGVsbG8gd29ybGQ="}, None, False),  # base64
    ({"request_body": "aGVsbG8gd29ybG=="}, None, False),
    ({"request_body": "a = b"}, None, False),
    ({"request_body": "if (a=b) { c }"}, None, False),
    ({"request_body": "hello"}, None, False),
    (
        {"request_body": '--x1\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x1--\r\n'},
        "multipart/form-data",
        True,
    ),
    ({"request_body": "--x1\r\nname=a"}, None, False),
    ({"request_body": "a=1&" * 20_000}, None, False),  # longer than what ingest keeps
    ({"request_body": None}, None, False),
]


def test_media_type_of_a_body_without_one_is_guessed_where_it_is_plain(
    spark: SparkSession, settings: Settings
) -> None:
    rows = validate_records(spark, settings, *(change for change, _, _ in BODIES))
    for row, (change, media_type, guessed) in zip(rows, BODIES, strict=True):
        assert (row["request_content_type"], row["request_content_type_guessed"]) == (media_type, guessed), (
            change
        )


def test_a_rejected_line_keeps_no_address_behind_a_prefix(spark: SparkSession, settings: Settings) -> None:
    end = '[24/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5'
    starts = (
        "nginx: 203.0.113.7:51234 - frank",
        "a b [2001:db8::7]:1 - frank",
        "x 2001:db8::7 203.0.113.7 - frank",
    )
    for row in validate_records(
        spark, settings, *({"error": "unsure", "raw": f"{start} {end}"} for start in starts)
    ):
        assert "GET /a" in row["raw"]
        assert not [part for part in ("203.0", "db8", "frank", "51234") if part in row["raw"]], row["raw"]
