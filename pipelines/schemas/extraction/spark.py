"""Ways to look at the evidence of a window: all of it, and twice in two parts, of which one tests what the other taught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, StringType, StructField, StructType

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.requests.headers_and_cookies import SEPARATOR
from pipelines.schemas.extraction.batch import Batch, exclude_clients, pack_batch, unpack_batch
from pipelines.schemas.extraction.batch_reading import gather_requests, read_batch
from pipelines.schemas.extraction.splits import Split

BATCHES_SCHEMA = StructType(
    [
        StructField("clients", ArrayType(StringType())),
        *(StructField(name, BinaryType()) for name in ("senders", "parameters", "texts", "seen")),
    ]
)
"""`clients` of a batch are beside it, so that those of a list are found without reading it."""

LATE_HOUR = 18
"""Of a window of one day the last quarter (UTC) is its newest slice; of a longer one the last day is."""
HELD_ONE_IN = 8
"""Clients left out of what the others teach: enough to test with, few enough to leave most of the evidence."""


def is_late(time: Column) -> Column:
    """Whether a timestamp is in the last quarter of its day."""
    return F.hour(time) >= LATE_HOUR


def is_held(client: Column) -> Column:
    """Whether a client is among those left out; the same ones every day."""
    return F.pmod(F.xxhash64(client), F.lit(HELD_ONE_IN)) == 0


def assign_splits(parameter_slices: DataFrame) -> DataFrame:
    """Slices of any days → each of them once in every view that it belongs to, with column `view`."""
    endpoint = Window.partitionBy(*ENDPOINT_KEY)
    first, last = F.min("day").over(endpoint), F.max("day").over(endpoint)
    newest = F.when(last > first, F.col("day") == last).otherwise(F.col("is_late"))
    seen_in = F.array(
        F.lit(Split.WHOLE.value),
        F.when(newest, F.lit(Split.LATEST.value)).otherwise(F.lit(Split.EARLIER.value)),
        F.when(F.col("is_held"), F.lit(Split.HOLDOUT.value)).otherwise(F.lit(Split.TRAIN.value)),
    )
    return parameter_slices.withColumn("seen_in", seen_in).withColumn("view", F.explode("seen_in"))


EXCLUDED = "apart"
"""Clients of a batch that must not teach."""


def extract_batches(transactions: DataFrame) -> DataFrame:
    """Transactions with their endpoint → batches of their values (`BATCHES_SCHEMA`).

    Needs: `ENDPOINT_KEY, day, time, status, path, query, client, request_content_type, request_body, request_header_names,
    cookie_names`.

    Only successful ones (2xx) count. Locations of parameters are those of `keys.LOCATIONS`; "request" is there once a request,
    with an empty name and value. Path values are percent-decoded; query and form names and values also have "+" decoded to a
    space. Headers, cookies and files have a mask for a value. Values are cut to `MAX_CHARACTERS`, names to `NAME_CHARACTERS`
    characters.
    """
    sent = {
        "sent_path": F.col("path"),
        "sent_query": F.col("query"),
        "sent_type": F.col("request_content_type"),
        "sent_body": F.col("request_body"),
        "sent_headers": F.array_join("request_header_names", SEPARATOR),
        "sent_cookies": F.array_join("cookie_names", SEPARATOR),
        "hour": F.hour("time"),
        "is_held": is_held(F.col("client")),
    }
    successful = transactions.where(F.col("status").between(200, 299)).withColumns(sent)
    return successful.select(*ENDPOINT_KEY, "day", "client", *sent).mapInArrow(_observed, BATCHES_SCHEMA)


def count_batches(
    batches: DataFrame, count: Callable[[Batch], pa.RecordBatch], schema: StructType
) -> DataFrame:
    """Rows of `BATCHES_SCHEMA`, and perhaps `APART` → the rows that `count` makes of each batch."""
    return batches.mapInArrow(partial(_counted, count=count, names=schema.names), schema)


def mark_excluded_clients(batches: DataFrame, clients: DataFrame) -> DataFrame:
    """Batches with `APART`: those of their clients that are rows of `clients` (few: `deviants`)."""
    all_of_them = F.broadcast(clients.agg(F.collect_list("client").alias(EXCLUDED)))
    mine = F.array_intersect("clients", EXCLUDED)
    return batches.crossJoin(all_of_them).withColumn(EXCLUDED, mine)


def _observed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([("clients", pa.list_(pa.string()))] + [(name, pa.binary()) for name in Batch._fields])
    for requests in gather_requests(batches):
        yield pa.RecordBatch.from_pylist([pack_batch(read_batch(requests))], schema)


def _counted(
    batches: Iterable[pa.RecordBatch], count: Callable[[Batch], pa.RecordBatch], names: list[str]
) -> Iterator[pa.RecordBatch]:
    for rows in batches:
        for place in range(rows.num_rows):
            row = {name: rows.column(name)[place] for name in rows.schema.names}
            streams = unpack_batch({name: row[name].as_buffer() for name in Batch._fields})
            batch = exclude_clients(streams, row[EXCLUDED].as_py() if EXCLUDED in row else ())
            if batch.seen.num_rows:
                yield count(batch).select(names)  # Spark takes columns by their order
