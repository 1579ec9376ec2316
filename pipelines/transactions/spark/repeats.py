"""Finds records that are in `transactions` already.

Logs are delivered at least once, and each export of a browser repeats the earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.runtime.tables import Warehouse
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.inputs.spark.ledger import EarlierIngest
from pipelines.transactions.tables import BATCHES, TRANSACTIONS

POSITION = ("source", "line")
# An id alone does not identify a request: counters of a log restart. A repeated delivery repeats all three.
SAME_RECORD = ("transaction_id", "time", "host")
# A HAR has no ids, but times to the millisecond.
SAME_ENTRY = ("time", "host", "method", "path", "query", "status")


def find_repeats(
    warehouse: Warehouse,
    valid: DataFrame,
    files: Sequence[Input],
    earlier: Mapping[str, EarlierIngest],
    times: tuple[datetime, datetime] | None,
) -> DataFrame | None:
    """Returns `source, line` of valid rows that the table holds already.

    Each appears once; None if there cannot be any.

    Args:
        warehouse: with the table.
        valid: staged rows without violations.
        files: of the batch.
        earlier: by `Input.uri`, earlier ingests of files of the same name.
        times: the first and the last time of `valid`.
    """
    if times is None or not TRANSACTIONS.exists(warehouse):
        return None
    first, last = times
    days = F.col("day").between(F.lit(first).cast("date"), F.lit(last).cast("date"))  # partitions, then files
    held = TRANSACTIONS.read(warehouse).where(days & F.col("time").between(F.lit(first), F.lit(last)))
    found = []
    if any(entry.format != "combined" for entry in files) and _overlap(warehouse, first, last):
        found.append(valid.join(held.select(*SAME_RECORD), [*SAME_RECORD], "left_semi"))
    exported = {
        entry.uri: earlier[entry.uri] for entry in files if entry.format == "har" and entry.uri in earlier
    }
    if exported:
        found.append(_same_entries(valid, held, exported))
    found += [
        valid.where(F.col("source") == uri).join(
            held.where(F.col("source_id").isin(list(past.source_ids))).select(
                F.col("source_line").alias("line")
            ),
            "line",
            "left_semi",
        )
        for uri, past in earlier.items()
        if past.line is not None
    ]
    return (
        reduce(DataFrame.unionByName, [rows.select(*POSITION) for rows in found]).distinct()
        if found
        else None
    )


def _same_entries(valid: DataFrame, held: DataFrame, exported: Mapping[str, EarlierIngest]) -> DataFrame:
    """Returns entries of HAR files that an earlier export under the same name had."""
    pairs = [(uri, source_id) for uri, past in exported.items() for source_id in past.source_ids]
    ids = valid.sparkSession.createDataFrame(pairs, "source string, source_id string")
    before = held.join(F.broadcast(ids), "source_id").select("source", *SAME_ENTRY)
    return valid.alias("new").join(
        before.alias("old"),
        reduce(
            lambda one, two: one & two,
            [F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}")) for name in ("source", *SAME_ENTRY)],
        ),
        "left_semi",
    )


def _overlap(warehouse: Warehouse, first: datetime, last: datetime) -> bool:
    """Whether any batch in the tables has transactions of this period.

    The file of a new day overlaps none, and nothing is joined.
    """
    same_time = (F.col("first_time") <= F.lit(last)) & (F.col("last_time") >= F.lit(first))
    return not BATCHES.read(warehouse).where(same_time).where("state = 'published'").isEmpty()
