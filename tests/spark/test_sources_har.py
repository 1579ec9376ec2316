"""HAR files through Spark: a task per file, a row per entry or unreadable file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard
from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings
from pipelines.transactions.inputs.detection import FORMATS
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.sources import registry
from pipelines.transactions.sources.har import read
from pipelines.transactions.tables import STAGED


def har(*paths: str) -> bytes:
    entries = [
        {
            "startedDateTime": "2026-01-02T03:04:05Z",
            "request": {
                "method": "GET",
                "url": f"https://a.example{path}",
                "headers": [{"name": "X", "value": "1"}],
            },
            "response": {"status": 200},
        }
        for path in paths
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def test_entries_of_all_files_become_rows(spark: SparkSession, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a b:c[1].har").write_bytes(har("/1", "/2"))
    (tmp_path / "b.har.gz").write_bytes(gzip.compress(har("/3")))
    (tmp_path / "c").write_bytes(zstandard.compress(b"\xef\xbb\xbf" + har("/4")))
    (tmp_path / "empty.har").write_bytes(har())
    files = find_inputs([str(tmp_path)]).files
    frame = read(spark, files, settings.ingest)
    assert frame.schema == STAGED
    rows = sorted(frame.collect(), key=lambda row: str(row["url"]))
    uris = [entry.uri for entry in files]
    assert [(row["source"], row["line"], row["url"]) for row in rows] == [
        (uris[0], 1, "https://a.example/1"),
        (uris[0], 2, "https://a.example/2"),
        (uris[1], 1, "https://a.example/3"),
        (uris[2], 1, "https://a.example/4"),
    ]
    assert [(row["is_blank"], row["request_headers"], row["cookies"], row["error"]) for row in rows] == [
        (False, {"x": "1"}, {}, None)
    ] * 4


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (har("/1")[:-5], "file: is not complete JSON: Expecting ',' delimiter at line 1, column "),
        (b"\x00\x01", "file: is not complete JSON"),
        (b'{"log":{}}', "file: is not a HAR: log.entries is missing"),
        (
            gzip.compress(har(*map(str, range(500))), mtime=0)[:-9],
            "file: the gzip data is damaged: Truncated",
        ),
        (
            har(*map(str, range(9999))),
            "file: is larger than 100000 bytes when decompressed (ingest.har_max_bytes)",
        ),
        (
            gzip.compress(har(*map(str, range(9999))), mtime=0),
            "file: is larger than 100000 bytes when decompressed",
        ),
    ],
)
def test_file_that_cannot_be_read_is_one_row(
    spark: SparkSession, settings: Settings, tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(content)
    (entry,) = find_inputs([str(path)], "har").files
    limited = settings.ingest.model_copy(update={"har_max_bytes": 100_000})
    (row,) = read(spark, [entry], limited).collect()
    assert row["error"].startswith(problem)
    assert (row["source"], row["is_blank"], row["line"]) == (entry.uri, False, None)


def test_file_that_vanished_is_one_row(spark: SparkSession, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(har("/1"))
    files = find_inputs([str(path)]).files
    path.unlink()
    (row,) = read(spark, files, settings.ingest).collect()
    assert row["error"] == "file: cannot be read (No such file or directory)"


def test_many_entries_are_sent_in_several_batches(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "a.har").write_bytes(har(*(f"/{number}" for number in range(4001))))
    rows = read(spark, find_inputs([str(tmp_path)]).files, settings.ingest)
    assert rows.selectExpr("count(*)", "max(line)", "count(distinct url)").first() == (4001, 4001, 4001)


def test_every_format_has_a_source_and_a_mixed_folder_is_read_at_once(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    assert tuple(registry.SOURCES) == FORMATS
    assert all(name == source.name for name, source in registry.SOURCES.items())
    (tmp_path / "a.har").write_bytes(har("/1", "/2"))
    (tmp_path / "b.ndjson").write_text('{"RayID":"1","ClientRequestURI":"/3"}\n')
    (tmp_path / "c.log").write_text('192.0.2.1 - - [17/May/2015:10:05:03 +0200] "GET /4 HTTP/1.1" 200 5\n')
    rows = registry.read(spark, find_inputs([str(tmp_path)]).files, settings.ingest)
    assert rows.columns == STAGED.names
    assert sorted((row["format"], row["url"][-2:]) for row in rows.collect()) == [
        ("combined", "/4"),
        ("har", "/1"),
        ("har", "/2"),
        ("logpush", "/3"),
    ]


def test_every_har_of_the_corpus_is_read(spark: SparkSession, settings: Settings, shared: Path) -> None:
    files = find_inputs([str(shared / "traffic/har"), str(shared / "traffic/generated/har/har")]).files
    rows = read(spark, files, settings.ingest)
    assert rows.where("error is not null").count() == 0
    assert rows.select("source").distinct().count() == len(files) > 60
