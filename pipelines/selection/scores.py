"""Scores of transactions → one file, streamed from Spark in Arrow batches: what is scored may be larger than memory."""

from __future__ import annotations

from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from pipelines.errors import WarehouseError

SCHEMA = pa.schema([("transaction_id", pa.string()), ("probability", pa.float32())])


def write_scores(scores: DataFrame, out: Path) -> int:
    """`transaction_id, probability` → NDJSON or Parquet by the ending of `out`; returns the number of rows.

    The file appears under its name only when it is whole.

    Raises:
        WarehouseError: the file cannot be written.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        rows = _parquet(scores, part) if out.suffix == ".parquet" else _ndjson(scores, part)
        part.replace(out)
    except OSError as error:
        raise WarehouseError(
            f"--out {out}: cannot be written ({error.strerror}). Name a file that you may write."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return rows


def _ndjson(scores: DataFrame, part: Path) -> int:
    rows = 0
    with part.open("wb") as file:
        for row in scores.select(*SCHEMA.names).toLocalIterator(prefetchPartitions=True):
            file.write(orjson.dumps({"transaction_id": row[0], "probability": round(row[1], 6)}) + b"\n")
            rows += 1
    return rows


def _parquet(scores: DataFrame, part: Path) -> int:
    rows = 0
    with pq.ParquetWriter(part, SCHEMA) as file:
        batch: list[dict[str, object]] = []
        for row in scores.select(*SCHEMA.names).toLocalIterator(prefetchPartitions=True):
            batch.append(row.asDict())
            rows += 1
            if len(batch) == 100_000:
                file.write_table(pa.Table.from_pylist(batch, SCHEMA))
                batch.clear()
        file.write_table(pa.Table.from_pylist(batch, SCHEMA))
    return rows
