"""A batch on its way into the tables: what its records are known by."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pyspark.sql import SparkSession

from pipelines.settings import Settings
from pipelines.transactions.inputs import Input
from pipelines.transactions.staging import staged
from tests.input_files import LOGPUSH, written


def test_records_of_a_folder_that_spark_lists_itself_are_identified_by_file_and_line(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    for name in ("a.ndjson.gz", "b.ndjson.gz"):
        written(folder, name, gzip.compress(LOGPUSH.replace(b'"RayID":"1",', b"") * 2))
    whole = Input(folder.as_uri(), None, "logpush", "gzip", None, "0" * 64)  # as a remote folder is given
    stage, now = str(tmp_path / "stage"), datetime.now(UTC)
    with staged(spark, [whole], stage, key=b"k", now=now, settings=settings) as batch:
        rows = batch.rows.select("source", "source_id", "transaction_id", "line").collect()
    assert len({row["transaction_id"] for row in rows}) == len(rows) == 4
    for row in rows:
        assert row["source_id"] == sha256(row["source"].encode()).hexdigest()
        assert row["transaction_id"] == f"{row['source_id'][:16]}-{row['line']}"
