"""Staged batches: identification of records."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.spark.staging import stage_batch
from tests.input_files import COMBINED, LOGPUSH, write_file

NAMELESS = LOGPUSH.replace(b'"RayID":"1",', b"")


def test_records_are_identified_by_file_and_line_also_where_a_file_is_read_on(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    write_file(tmp_path, "c.log", COMBINED * 3)
    write_file(tmp_path, "a.ndjson.gz", gzip.compress(NAMELESS * 2))
    grown = write_file(tmp_path, "b.ndjson.gz", gzip.compress(NAMELESS * 3 + b"\n" + NAMELESS * 2))
    inputs = [
        replace(entry, start=3 * len(NAMELESS), lines_before=3) if entry.path == grown.resolve() else entry
        for entry in find_inputs([str(tmp_path)]).files
    ]
    with (tmp_path / "c.log").open("ab") as growing:  # a server keeps writing while its log is read
        growing.write(COMBINED * 2)
    stage, now = str(tmp_path / "stage"), datetime.now(UTC)
    with stage_batch(spark, inputs, stage, key=b"k", now=now, settings=settings) as batch:
        rows = batch.rows.select("source_id", "transaction_id", "line").orderBy("source_id", "line").collect()
    expected = {
        (entry.checksum, line)
        for entry, lines in zip(inputs, ([1, 2], [5, 6], [1, 2, 3]), strict=True)
        for line in lines
    }
    assert {(row["source_id"], row["line"]) for row in rows} == expected
    for row in rows:
        assert row["transaction_id"] == f"{row['source_id'][:16]}-{row['line']}"
