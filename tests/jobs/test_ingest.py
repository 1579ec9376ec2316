"""Ingest end to end: each record once, and nothing changed by a refused batch."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F

from pipelines.runtime.tables import Warehouse
from pipelines.transactions.spark import publication
from pipelines.transactions.spark.publication import STAGING
from pipelines.transactions.tables import BATCHES, QUARANTINE, TRANSACTIONS

LINE: dict[str, Any] = {
    "RayID": "ray", "EdgeStartTimestamp": "2026-10-31T10:00:00Z", "ClientIP": "203.0.113.7", "ClientRequestHost": "api.example",
    "ClientRequestMethod": "GET", "ClientRequestURI": "/users/1?page=2", "ClientRequestScheme": "https",
    "ClientRequestUserAgent": "sdk/1", "EdgeResponseStatus": 200, "EdgeResponseBytes": 10,
    "EdgeResponseContentType": "application/json", "RequestHeaders": {"accept": "*/*"}, "Cookies": {}, "ResponseHeaders": {},
}  # fmt: skip


def write_lines(file: Path, *changes: dict[str, Any] | str) -> Path:
    lines = [
        c if isinstance(c, str) else json.dumps({**LINE, "RayID": f"ray{n}", **c})
        for n, c in enumerate(changes)
    ]
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    return file


def test_valid_and_quarantined_are_what_was_read_and_lines_are_exact(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    file = write_lines(
        tmp_path / "a.ndjson.gz",
        {},
        "",
        {"EdgeResponseStatus": 0},
        "not json",
        {},
        {"ClientRequestHost": None},
    )
    done = apicensus("ingest", file, "--warehouse", warehouse.root, "--json")
    assert done.code == 0, done.err
    assert {k: done.summary[k] for k in ("records", "valid", "quarantined")} == {
        "records": 5,
        "valid": 2,
        "quarantined": 3,
    }
    rejected = {row["line"]: row["reasons"] for row in QUARANTINE.read(warehouse).collect()}
    assert set(rejected) == {3, 4, 6}
    assert all(reasons for reasons in rejected.values())
    assert [r["source_line"] for r in TRANSACTIONS.read(warehouse).orderBy("source_line").collect()] == [1, 5]


def test_the_same_file_again_adds_nothing(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "a.ndjson.gz", {}, {}, {"EdgeResponseStatus": 0})
    copy = tmp_path / "copy.ndjson.gz"
    copy.write_bytes(file.read_bytes())
    apicensus("ingest", file, "--warehouse", warehouse.root, "--json")
    again = apicensus("ingest", file, copy, "--warehouse", warehouse.root, "--json")
    assert again.code == 0
    assert (again.summary["files"], again.summary["files_known"], again.summary["records"]) == (0, 1, 0)
    assert TRANSACTIONS.read(warehouse).count() == 2
    assert QUARANTINE.read(warehouse).count() == 1


def test_an_interrupted_publication_is_taken_back_and_done_again(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "a.ndjson.gz", {}, {}, {"EdgeResponseStatus": 0})
    apicensus("ingest", file, "--warehouse", warehouse.root)
    (row,) = BATCHES.read(warehouse).collect()
    assert row["state"] == "published"
    BATCHES.delete(warehouse, F.lit(True))  # as a crash between the tables and the ledger leaves it
    publication.write_intent(warehouse.spark, warehouse.path(STAGING), [row["source_id"]])
    again = apicensus("ingest", file, "--warehouse", warehouse.root, "--json")
    assert again.summary["files"] == 1
    assert TRANSACTIONS.read(warehouse).count() == 2
    assert QUARANTINE.read(warehouse).count() == 1


def test_a_publication_that_was_killed_after_its_ledger_is_kept(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "a.ndjson.gz", {}, {}, {"EdgeResponseStatus": 0})
    apicensus("ingest", file, "--warehouse", warehouse.root)
    (row,) = BATCHES.read(warehouse).collect()
    versions = [table.version(warehouse) for table in (TRANSACTIONS, QUARANTINE, BATCHES)]
    publication.write_intent(warehouse.spark, warehouse.path(STAGING), [row["source_id"]])
    again = apicensus("ingest", file, "--warehouse", warehouse.root, "--json")
    assert (again.summary["files"], again.summary["files_known"]) == (0, 1)
    assert [table.version(warehouse) for table in (TRANSACTIONS, QUARANTINE, BATCHES)] == versions
    assert publication.read_intent(warehouse.spark, warehouse.path(STAGING)) == []


@pytest.mark.parametrize("content", ["", '{"source_ids": ["a', "[]"])
def test_an_intention_that_was_cut_off_names_nothing(
    warehouse: Warehouse, tmp_path: Path, content: str
) -> None:
    (tmp_path / publication.INTENT_FILE).write_text(content)
    assert publication.read_intent(warehouse.spark, str(tmp_path)) == []
    publication.write_intent(warehouse.spark, str(tmp_path), ["b", "a"])
    assert publication.read_intent(warehouse.spark, str(tmp_path)) == ["a", "b"]


def test_a_batch_that_fails_its_checks_leaves_the_tables_as_they_were(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    apicensus("ingest", write_lines(tmp_path / "good.ndjson.gz", {}, {}), "--warehouse", warehouse.root)
    before = {table.name: table.read(warehouse).count() for table in (TRANSACTIONS, QUARANTINE, BATCHES)}
    bad = write_lines(tmp_path / "bad.ndjson.gz", *([{}] * 50), *([{"ClientRequestHost": None}] * 150))
    done = apicensus("ingest", bad, "--warehouse", warehouse.root)
    assert done.code == 3
    assert "quarantined_share: expected max_value 0.5, found 0.75" in done.err
    assert "Traceback" not in done.err
    assert before == {
        table.name: table.read(warehouse).count() for table in (TRANSACTIONS, QUARANTINE, BATCHES)
    }
    assert not (Path(warehouse.root) / "_staging").exists() or not any(
        (Path(warehouse.root) / "_staging").iterdir()
    )


def test_the_checkpoints_result_is_stored_beside_the_batch_and_shown_on_request(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    apicensus(
        "ingest",
        write_lines(tmp_path / "a.ndjson.gz", {}, {}),
        "--warehouse",
        warehouse.root,
        "--data-docs",
        docs,
    )
    (row,) = BATCHES.read(warehouse).collect()
    stored = json.loads(row["expectations"])
    assert stored["counts"]["records"] == 2
    assert {"records", "duplicate_share", "quarantined_share"} <= {
        e["column"] for e in stored["expectations"]
    }
    assert all(e["success"] for e in stored["expectations"] if e["severity"] == "critical")
    assert "batch_counts" in (docs / "index.html").read_text()


def test_a_combined_log_gets_its_host_from_the_option(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        '203.0.113.7 - - [31/Oct/2026:10:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 10 "-" "Mozilla/5.0"\n'
    )
    assert apicensus("ingest", log, "--host", "shop.example", "--warehouse", warehouse.root).code == 0
    (row,) = TRANSACTIONS.read(warehouse).collect()
    assert (row["host"], row["path"], row["query"], row["referer"]) == ("shop.example", "/a", "b=1", None)
    assert row["transaction_id"].endswith("-1")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("cut.ndjson.gz", gzip.compress(json.dumps(LINE).encode() * 400, mtime=0)[:-40], "cut.ndjson.gz"),
        ("cut.har", b'{"log": {"version": "1.2", "entries": [{"request": {"method": "GET", "url"', "cut.har"),
        ("binary.har", bytes(range(256)) * 8, "binary.har"),
        ("empty.ndjson", b"", "empty.ndjson"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_exit_code_2(
    apicensus: Callable[..., Any],
    warehouse: Warehouse,
    tmp_path: Path,
    name: str,
    content: bytes,
    expected: str,
) -> None:
    (tmp_path / name).write_bytes(content)
    done = apicensus("ingest", tmp_path / name, "--warehouse", warehouse.root)
    assert done.code == 2
    errors = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert expected in errors[0]
    assert "Traceback" not in done.err
    assert not TRANSACTIONS.exists(warehouse)
    assert not QUARANTINE.exists(warehouse)


def test_an_unreadable_file_is_left_out_where_the_settings_say_so(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    traffic = tmp_path / "traffic"
    traffic.mkdir()
    write_lines(traffic / "good.ndjson.gz", {}, {})
    (traffic / "cut.har").write_text('{"log": {"entries": [{"request": {"method"')
    mine = tmp_path / "mine.yaml"
    mine.write_text("ingest: {unreadable_files: skip}")
    done = apicensus("ingest", traffic, "--settings", mine, "--warehouse", warehouse.root, "--json")
    assert done.code == 0, done.err
    assert done.summary["valid"] == 2
    assert "cut.har" in done.err


def test_scoring_leaves_out_what_ingest_leaves_out(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    traffic, mine = tmp_path / "traffic", tmp_path / "mine.yaml"
    traffic.mkdir()
    write_lines(traffic / "good.ndjson.gz", {}, {"EdgeResponseStatus": 0})
    (traffic / "cut.har").write_text('{"log": {"entries": [{"request": {"method"')
    lines = gzip.compress("\n".join(json.dumps({**LINE, "RayID": f"r{n}"}) for n in range(9_000)).encode())
    (traffic / "cut.ndjson.gz").write_bytes(lines[:-40])  # the beginning can be read, the end cannot
    mine.write_text("ingest: {unreadable_files: skip}")
    ingest = ("ingest", traffic, "--settings", mine, "--warehouse", warehouse.root, "--json")
    ingested = apicensus(*ingest)
    scored = apicensus("score", traffic, "--settings", mine, "--out", tmp_path / "s.ndjson", "--json")
    assert (ingested.code, scored.code) == (0, 0), scored.err
    assert (ingested.summary["valid"], ingested.summary["quarantined"]) == (1, 1)
    assert (scored.summary["scored"], scored.summary["rejected"]) == (1, 1)
    assert (tmp_path / "s.ndjson").read_text().startswith('{"transaction_id":"ray0","probability":')
    for done in (ingested, scored):
        assert "cut.har" in done.err
        assert "cut.ndjson.gz" in done.err
    again = apicensus(*ingest)  # only the broken files are new
    assert (again.code, again.summary["files"], again.summary["files_known"]) == (0, 0, 1), again.err
    alone = apicensus("score", traffic / "cut.ndjson.gz", "--settings", mine, "--out", tmp_path / "t.ndjson")
    assert alone.code == 2
    assert "cut.ndjson.gz" in alone.err
    assert not (tmp_path / "t.ndjson").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["absent.har"], "does not exist"),
        (["EMPTY"], "holds no file"),
        (["--warehouse", "/proc/census", "FILE"], "cannot be written"),
        (["--format", "pcap", "FILE"], "unknown format"),
        (["--settings", "absent.yaml", "FILE"], "absent.yaml"),
        ([], "Missing argument"),
        (["--nonsense", "FILE"], "No such option"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_the_way_out(
    apicensus: Callable[..., Any], tmp_path: Path, arguments: list[str], expected: str
) -> None:
    (tmp_path / "empty").mkdir()
    file = write_lines(tmp_path / "a.ndjson.gz", {})
    names = {"FILE": str(file), "EMPTY": str(tmp_path / "empty"), "absent.har": str(tmp_path / "absent.har")}
    done = apicensus(
        "ingest",
        *(names.get(a, a) for a in arguments),
        *(["--warehouse", tmp_path / "w"] if "--warehouse" not in arguments else []),
    )
    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err
