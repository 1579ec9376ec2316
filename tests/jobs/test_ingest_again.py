"""Changed files, interrupted runs and a second writer: each record once."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F

from pipelines.runtime.lease import describe_this_process, encode_holder
from pipelines.runtime.tables import Table, Warehouse
from pipelines.transactions.tables import BATCHES, QUARANTINE, TRANSACTIONS
from tests.input_files import COMBINED, LOGPUSH

LINES = [COMBINED.replace(b"GET /", b"GET /%d" % number) for number in range(110)]
RECORDS = [
    LOGPUSH.replace(b'"RayID":"1"', b'"RayID":"r%d","EdgeStartTimestamp":"2026-10-31T10:00:%02dZ"' % (number, number))
    .replace(b'"a.example"', b'"a.example","ClientRequestMethod":"GET"')
    for number in range(12)
]  # fmt: skip


def har(*numbers: int) -> str:
    entries = [
        {
            "startedDateTime": f"2026-10-31T10:00:00.{number:03}Z",
            "request": {"method": "GET", "url": f"https://h.example/users?page={number}", "headers": []},
            "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json"}},
        }
        for number in numbers
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def test_what_grew_was_exported_again_or_delivered_twice_adds_only_what_is_new(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = tmp_path / "traffic"
    folder.mkdir()
    (folder / "access.log").write_bytes(b"".join(LINES[:100]))
    (folder / "cut.log").write_bytes(b"".join(LINES[5:9]) + LINES[9][:40])
    (folder / "packed.ndjson.gz").write_bytes(gzip.compress(b"".join(RECORDS[:5])))
    (folder / "page.har").write_text(har(1, 2, 3))
    first = apicensus("ingest", folder, "--warehouse", warehouse.root, "--json")
    assert first.code == 0, first.err
    assert (first.summary["valid"], first.summary["quarantined"]) == (100 + 4 + 5 + 3, 1)

    (folder / "access.log").write_bytes(b"".join(LINES))
    (folder / "cut.log").write_bytes(b"".join(LINES[5:12]))
    (folder / "packed.ndjson.gz").write_bytes(gzip.compress(b"".join(RECORDS[:7])))
    (folder / "page.har").write_text(har(0, 1, 2, 3, 4))
    # 4 was delivered before, 5 and 6 are in this batch
    (folder / "late.ndjson").write_bytes(b"".join(RECORDS[4:9]))
    again = apicensus("ingest", folder, "--warehouse", warehouse.root, "--json")
    assert again.code == 0, again.err
    counts = {name: again.summary[name] for name in ("files", "records", "valid", "quarantined", "repeated")}
    assert counts == {
        "files": 5,
        "records": 10 + 3 + 2 + 5 + 5,
        "valid": 10 + 3 + 2 + 2 + 4,
        "quarantined": 0,
        "repeated": 4,
    }
    assert "access.log: has grown; reading continues at line 101" in again.err
    assert "page.har: its content has changed since it was last read" in again.err

    rows = TRANSACTIONS.read(warehouse)
    assert rows.where("host = 'localhost'").count() == 110 + 7
    sizes = rows.groupBy("source_id").agg(F.min("source_line"), F.max("source_line"), F.count("*")).collect()
    assert sorted(tuple(row[1:]) for row in sizes) == [
        (1, 3, 3), (1, 4, 4), (1, 5, 2), (1, 5, 5), (1, 100, 100), (2, 5, 4), (5, 7, 3), (6, 7, 2), (101, 110, 10)
    ]  # fmt: skip
    paths = rows.where("source_line >= 101 and host = 'localhost'").select("source_line", "path").collect()
    assert {row["source_line"]: row["path"] for row in paths} == {n + 1: f"/{n}" for n in range(100, 110)}
    # repeats within a batch are a quality warning
    assert rows.select("transaction_id").distinct().count() == rows.count() - 2


class Interrupted(RuntimeError):
    """Simulates the end of the process."""


@contextmanager
def interrupt_before_write(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ends the process before its write with this number to a table."""
    writes = iter(range(number))

    def guarded(method: str) -> Any:
        whole = getattr(Table, method)

        def write(table: Table, *arguments: Any) -> None:
            if next(writes, None) is None:
                raise Interrupted
            whole(table, *arguments)

        return write

    with monkeypatch.context() as broken:
        for method in ("append", "replace", "delete"):
            broken.setattr(Table, method, guarded(method))
        yield


def test_an_ingest_that_ends_at_any_step_of_publishing_is_made_good_by_the_next(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"".join(RECORDS[:9]) + b"{}\n")
    # before transactions; before quarantine; after two deletions of a recovery, before the ledger; during a recovery
    for number in (0, 2 + 1, 2 + 2, 1):
        with interrupt_before_write(number, monkeypatch):
            assert apicensus("ingest", file, "--warehouse", warehouse.root).code == 70
        staging = Path(warehouse.root) / "_staging"
        staging.mkdir(exist_ok=True)
        (staging / "left").write_text("by a killed run")
    assert apicensus("ingest", file, "--warehouse", warehouse.root).code == 0
    assert TRANSACTIONS.read(warehouse).count() == 9
    assert QUARANTINE.read(warehouse).count() == 1
    (row,) = BATCHES.read(warehouse).collect()
    assert (row["records"], row["valid"], row["state"]) == (10, 9, "published")
    assert {path.name for path in Path(warehouse.root).glob("_*")} <= {"_key", "_lease.lock", "_staging"}
    assert list(staging.iterdir()) == []


def test_a_second_writer_ends_and_takes_nothing_from_a_living_one(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    file, root = tmp_path / "a.ndjson", Path(warehouse.root)
    file.write_bytes(b"".join(RECORDS))
    root.mkdir()
    quick = tmp_path / "quick.yaml"
    quick.write_text("lease: {wait_seconds: 0}")
    other = replace(describe_this_process("ingest"), host="elsewhere", place="elsewhere", seen=time.time())
    (root / "_lease").write_bytes(encode_holder(other))
    (root / "_staging").mkdir()
    for step, *arguments in (
        ("ingest", file),
        ("discover",),
        ("learn",),
        ("run", file, "--out", tmp_path / "out"),
    ):
        done = apicensus(step, *arguments, "--warehouse", root, "--settings", quick)
        assert done.code == 75, done.err
        assert f"`ingest` (process {os.getpid()} on elsewhere" in done.err
        assert "Traceback" not in done.err
    assert {path.name for path in root.iterdir()} == {"_lease", "_staging"}
    # reading needs no lease
    assert apicensus("decide", "--show", "--warehouse", root, "--settings", quick).code == 0


def test_a_bomb_and_a_fifo_cost_neither_the_other_files_nor_a_traceback(
    apicensus: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = tmp_path / "traffic"
    folder.mkdir()
    (folder / "good.ndjson").write_bytes(b"".join(RECORDS))
    os.mkfifo(folder / "fifo.log")
    (folder / "line.ndjson.gz").write_bytes(gzip.compress(RECORDS[0] + b'{"a":"' + b"x" * (64 << 20), 1))
    mine = tmp_path / "mine.yaml"
    mine.write_text("ingest: {unreadable_files: skip, unpacked_max_bytes: 80000000}")
    (folder / "bomb.log.gz").write_bytes(gzip.compress(COMBINED + b"\n" * 81_000_000, 1))
    done = apicensus("ingest", folder, "--warehouse", warehouse.root, "--settings", mine, "--json")
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert (done.summary["valid"], done.summary["quarantined"]) == (13, 1)
    left = {Path(one["file"]).name: one["reason"] for one in done.summary["left_out"]}
    assert left == {
        "bomb.log.gz": "holds more than 80000000 bytes when decompressed (ingest.unpacked_max_bytes)",
        "fifo.log": "is not a regular file (a FIFO)",
    }
    (row,) = QUARANTINE.read(warehouse).collect()
    assert (row["line"], row["reasons"]) == (2, ["record longer than 4194304 bytes"])
    assert list((Path(warehouse.root) / "_staging").iterdir()) == []
