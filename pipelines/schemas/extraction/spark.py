"""Batches of values from transactions, and splits of the evidence, on Spark.

All evidence is used as a whole and in two splits, of which one part tests what was learned from the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, StringType, StructField, StructType

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.http.status import SUCCESSFUL
from pipelines.requests.headers_and_cookies import SEPARATOR
from pipelines.runtime.columns import struct_fields
from pipelines.schemas.extraction.batch import Batch, exclude_clients, pack_batch, unpack_batch
from pipelines.schemas.extraction.batch_reading import gather_requests, read_batch
from pipelines.schemas.extraction.splits import Split

BATCHES_SCHEMA = StructType(
    [
        StructField("clients", ArrayType(StringType())),
        *struct_fields(BinaryType(), "senders", "parameters", "texts", "seen", nullable=True),
    ]
)
"""The fields of `extraction.batch.Batch`.

`clients` stands next to the streams, so that the batches of a client are found without reading the streams.
"""

LATE_HOUR = 18
"""First hour (UTC) of the last quarter of a day.

The last quarter is the latest part of a window of one day; of a longer window it is the last day.
"""
HOLDOUT_ONE_IN = 8
"""One in so many clients is held out.

That is enough to test with, and most of the evidence remains.
"""


def is_late(time: Column) -> Column:
    """Returns whether a timestamp is in the last quarter of its day."""
    return F.hour(time) >= LATE_HOUR


def is_held(client: Column) -> Column:
    """Returns whether a client is held out; the same clients are held out every day."""
    return F.pmod(F.xxhash64(client), F.lit(HOLDOUT_ONE_IN)) == 0


def assign_splits(parameter_slices: DataFrame) -> DataFrame:
    """Repeats slices of any days for each split they belong to, in column `split`."""
    endpoint = Window.partitionBy(*ENDPOINT_KEY)
    first, last = F.min("day").over(endpoint), F.max("day").over(endpoint)
    newest = F.when(last > first, F.col("day") == last).otherwise(F.col("is_late"))
    splits = F.array(
        F.lit(Split.WHOLE.value),
        F.when(newest, F.lit(Split.LATEST.value)).otherwise(F.lit(Split.EARLIER.value)),
        F.when(F.col("is_held"), F.lit(Split.HOLDOUT.value)).otherwise(F.lit(Split.TRAIN.value)),
    )
    return parameter_slices.withColumn("splits", splits).withColumn("split", F.explode("splits"))


EXCLUDED = "apart"
"""Column with the clients of a batch that must not be learned from."""


def extract_batches(transactions: DataFrame) -> DataFrame:
    """Reads the values of successful transactions in batches (`BATCHES_SCHEMA`).

    Only successful transactions (2xx) count. Locations are those of `keys.LOCATIONS`; "request" is there once per request, with
    an empty name and value. Path values are percent-decoded; in names and values of queries and forms "+" is decoded to a space,
    too. Headers, cookies and files have a mask for a value. Values are cut to `MAX_CHARACTERS`, names to `NAME_CHARACTERS`
    characters.

    Args:
        transactions: Transactions with their endpoint: `ENDPOINT_KEY, day, time, status, path, query, client,
            request_content_type, request_body, request_header_names, cookie_names`.
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
    successful = transactions.where(F.col("status").between(*SUCCESSFUL)).withColumns(sent)
    return successful.select(*ENDPOINT_KEY, "day", "client", *sent).mapInArrow(_extract, BATCHES_SCHEMA)


def count_batches(
    batches: DataFrame, count: Callable[[Batch], pa.RecordBatch], schema: StructType
) -> DataFrame:
    """Applies `count` to each batch and returns its rows.

    Args:
        batches: Rows of `BATCHES_SCHEMA`; clients in a column `EXCLUDED` are left out.
        count: Returns the rows of one batch.
        schema: The schema of the rows.
    """
    return batches.mapInArrow(partial(_count, count=count, names=schema.names), schema)


def mark_excluded_clients(batches: DataFrame, clients: DataFrame) -> DataFrame:
    """Adds to batches, in column `EXCLUDED`, their clients that are rows of `clients`.

    Args:
        batches: Rows of `BATCHES_SCHEMA`.
        clients: Few clients (`validation.spark.find_outlier_clients`).
    """
    all_of_them = F.broadcast(clients.agg(F.collect_list("client").alias(EXCLUDED)))
    mine = F.array_intersect("clients", EXCLUDED)
    return batches.crossJoin(all_of_them).withColumn(EXCLUDED, mine)


def _extract(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([("clients", pa.list_(pa.string()))] + [(name, pa.binary()) for name in Batch._fields])
    for requests in gather_requests(batches):
        yield pa.RecordBatch.from_pylist([pack_batch(read_batch(requests))], schema)


def _count(
    batches: Iterable[pa.RecordBatch], count: Callable[[Batch], pa.RecordBatch], names: list[str]
) -> Iterator[pa.RecordBatch]:
    for rows in batches:
        for place in range(rows.num_rows):
            row = {name: rows.column(name)[place] for name in rows.schema.names}
            streams = unpack_batch({name: row[name].as_buffer() for name in Batch._fields})
            batch = exclude_clients(streams, row[EXCLUDED].as_py() if EXCLUDED in row else ())
            if batch.seen.num_rows:
                yield count(batch).select(names)  # Spark takes columns by their order
