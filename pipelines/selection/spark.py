"""Selection by session identifier (D1): what a host's configured header, cookie or JWT claim rides on counts as API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.runtime.files import whole_file
from pipelines.runtime.settings import SelectionSettings, SessionIdentifier
from pipelines.selection.columns import media_family, preflight
from pipelines.selection.variant import Variant

IDENTIFIER = "session_key"


def with_session_key(transactions: DataFrame, sessions: Mapping[str, SessionIdentifier]) -> DataFrame:
    """`host, ...` → the same plus `session_key` ("cookie:sid"), NULL where nobody configured one for the host.

    An exact host name wins over a pattern, a longer pattern over a shorter one. Exact names are looked up in a broadcast
    table (an organisation has thousands); patterns are few and become one expression.
    """
    exact = [(host.lower(), identifier.key) for host, identifier in sessions.items() if "*" not in host]
    patterns = sorted(
        ((host.lower(), identifier.key) for host, identifier in sessions.items() if "*" in host),
        key=lambda p: -len(p[0]),
    )
    by_pattern: Column = F.lit(None).cast("string")
    for pattern, key in reversed(patterns):
        by_pattern = F.when(F.col("host").endswith(pattern.removeprefix("*")), F.lit(key)).otherwise(
            by_pattern
        )
    names = transactions.sparkSession.createDataFrame(exact, "host string, exact_key string")
    found = transactions.join(F.broadcast(names), "host", "left")
    return found.withColumn(IDENTIFIER, F.coalesce("exact_key", by_pattern)).drop("exact_key")


def has_session() -> Column:
    """Whether the transaction carries its host's identifier. Needs `session_key` and `identifiers`."""
    return F.coalesce(F.try_element_at("identifiers", F.col(IDENTIFIER)).isNotNull(), F.lit(False))


Scorer = Callable[[DataFrame], DataFrame]
"""transactions → the same plus `probability`; given by the job, because pipelines never imports ml."""

KEPT = (
    "host", "method", "path_shape", "status", "time", "day", "client", "scheme", "preflight", "has_session", "media_family",
    "sample_hash",
)  # fmt: skip


def selected(
    transactions: DataFrame,
    *,
    variants: Sequence[Variant],
    settings: SelectionSettings,
    scored: Mapping[str, Scorer],
) -> DataFrame:
    """transactions → `KEPT` columns, `variant` and `probability` (NULL for session): one row for each variant that takes it.

    One scan and one scoring serve both variants.
    """
    rows = with_session_key(transactions, settings.sessions)
    rows = rows.withColumns(
        {
            "has_session": has_session(),
            "media_family": media_family(),
            "preflight": preflight(),
            "sample_hash": sample_hash(),
        }
    )
    rows = (
        scored["ml"](rows) if "ml" in variants else rows.withColumn("probability", F.lit(None).cast("float"))
    )
    takes = {"ml": F.lit(True), "session": F.col("has_session")}
    chosen = F.array_compact(F.array(*(F.when(takes[variant], F.lit(variant)) for variant in variants)))
    exploded = rows.select(*KEPT, "probability", F.explode(chosen).alias("variant"))
    return exploded.withColumn("probability", F.when(F.col("variant") == "ml", F.col("probability")))


def sample_hash() -> Column:
    """By which transactions are drawn: 64 bits of the id, the same in every run and independent of the traffic."""
    return F.xxhash64("transaction_id")


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
"""Only where the scores are explained: see `ml.explanation.reasons`, which makes them."""

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
