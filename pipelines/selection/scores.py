"""Scores of transactions → one file, streamed row by row from Spark: what is scored may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from pipelines.whole_file import whole_file

SCORE: Final = (pa.field("transaction_id", pa.string()), pa.field("probability", pa.float32()))
REASONS: Final = pa.field(
    "reasons",
    pa.list_(
        pa.struct(
            [
                ("group", pa.string()),
                ("feature", pa.string()),
                ("value", pa.float32()),
                ("contribution", pa.float32()),
                ("text", pa.string()),
            ]
        )
    ),
)
"""Only where the scores are explained: see `ml.explain`, which makes them."""

ROWS_PER_GROUP: Final = 20_000  # of Parquet: some 40 MB as Python objects where there are reasons


def write_scores(scores: DataFrame, out: Path) -> int:
    """`transaction_id, probability` and, where there, `reasons` → NDJSON or Parquet by the ending of `out`; the number of rows.

    The file appears under its name only when it is whole.

    Raises:
        OutputError: the file cannot be written.
    """
    schema = pa.schema([*SCORE, REASONS] if REASONS.name in scores.columns else SCORE)
    chosen = scores.select(*schema.names).toLocalIterator(prefetchPartitions=True)
    rows = (row.asDict(recursive=True) for row in chosen)
    with whole_file(out) as file:
        return _parquet(rows, schema, file) if out.suffix == ".parquet" else _ndjson(rows, file)


def _ndjson(rows: Iterator[dict[str, Any]], file: BinaryIO) -> int:
    written = 0
    for row in rows:
        row["probability"] = round(row["probability"], 6)
        for reason in row.get(REASONS.name, ()):
            reason |= {name: round(reason[name], 4) for name in ("value", "contribution")}
        file.write(orjson.dumps(row) + b"\n")
        written += 1
    return written


def _parquet(rows: Iterator[dict[str, Any]], schema: pa.Schema, file: BinaryIO) -> int:
    written = 0
    with pq.ParquetWriter(file, schema) as table:
        while batch := list(islice(rows, ROWS_PER_GROUP)):
            table.write_table(pa.Table.from_pylist(batch, schema))
            written += len(batch)
    return written
