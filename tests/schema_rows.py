"""Parameter values as rows, and the batches from which schemas are learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.spark.client_days import is_guess
from pipelines.http.value_formats import detect_kind
from pipelines.runtime.settings_sections import OutlierClientSettings, SchemaSettings
from pipelines.schemas.extraction.batch import Batch, encode_rows, pack_batch, unpack_batch
from pipelines.schemas.extraction.spark import BATCHES_SCHEMA, LATE_HOUR, is_held
from pipelines.schemas.learning.spark import build_slices, compute_slice_states
from pipelines.schemas.statistics.spark.maps import MAPS_SCHEMA
from pipelines.schemas.validation.spark import find_outlier_clients, parameter_senders

DAYS = [date(2026, 6, 1), date(2026, 6, 2)]
KEY = ("ml", "a.example", "GET", "/users/{id}")
VALUES = (
    "variant string, host string, method string, path_template string, location string, name string, "
    "day date, value string, kind string, client string, n bigint, requests bigint, is_late boolean, hours int"
)
UNPACKED = [*(one.split()[0] for one in VALUES.split(", ")), "hour", "is_first"]
Rows = list[tuple[Any, ...]]


def row(
    name: str, value: str, client: str = "c", day: date = DAYS[0], n: int = 1, requests: int | None = None
) -> Any:
    """Returns one row of values; the location follows from the name."""
    location = {"": "request", "id": "path"}.get(name, "query")
    return (*KEY, location, name, day, value, None, client, n, n if requests is None else requests, False, 1)


LITERAL = [
    row("", "", "alice", n=30),
    row("", "", "bob", DAYS[1], n=10),
    row("id", "1", "alice", n=30),
    row("id", "9007199254740993", "bob", DAYS[1], n=10),
    row("when", "1718000000", "alice", n=20),
    row("when", "1718009999", "bob", DAYS[1], n=4),
    row("when", "2026-06-01T00:00:00Z", "bob", DAYS[1], n=4),
    row("price", "-1.5", "bob", DAYS[1], n=25, requests=20),
    row("price", "", "bob", DAYS[1]),
    row("sort", "name", "alice", n=3),
    row("sort", "Größe-2", "bob", DAYS[1], n=2),
    row("sort", "a,b", "bob", DAYS[1]),
    row("sort", "' OR 1=1", "carol", n=1),
    row("sort", "long " * 20, "carol", n=2),
]


def in_the_evening(values: Any) -> Any:
    """Returns the same row, sent at eight in the evening."""
    return (*values[:-2], True, 1 << 20)


def value_rows(spark: SparkSession, rows: Rows) -> DataFrame:
    """Returns the rows as learning reads them.

    The kind of each value takes the place of its JSON type.
    """
    read = [(*one[:8], detect_kind(one[7], one[8]), *one[9:]) for one in rows]
    return spark.createDataFrame(read, VALUES)


def batches(values: DataFrame) -> DataFrame:
    """Packs rows of `value_rows` into batches, as learning reads them."""
    return values.withColumn("is_held", is_held(F.col("client"))).mapInArrow(_packed, BATCHES_SCHEMA)


def values_of(observed: DataFrame) -> DataFrame:
    """Unpacks batches into the rows of `value_rows`.

    Equal values of a client, day and part of the day are one row.
    """
    schema = f"{VALUES}, hour int, is_first boolean"
    each = observed.mapInArrow(_unpacked, schema)
    key = [one for one in each.columns if one not in ("n", "requests", "hours", "hour", "is_first")]
    hour = F.call_function("shiftleft", F.lit(1), F.col("hour"))
    return each.groupBy(*key).agg(
        F.count("*").alias("n"), F.sum(F.col("is_first").cast("int")).alias("requests"), F.bit_or(hour).alias("hours")
    )  # fmt: skip


def slices_of(values: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Learns slices from values, without maps and outlier clients."""
    return build_slices(compute_slice_states(batches(values), empty_maps(values.sparkSession), settings))


def outlier_clients_of(
    values: DataFrame, transactions: DataFrame, settings: OutlierClientSettings
) -> DataFrame:
    """Finds the outlier clients, without maps."""
    return find_outlier_clients(
        parameter_senders(batches(values), settings),
        empty_maps(values.sparkSession),
        transactions.groupBy("client").agg(F.count("*").alias("n"), F.count_if(is_guess()).alias("errors")),
        settings,
    )


def empty_maps(spark: SparkSession) -> DataFrame:
    """Returns the table of maps where no endpoint has one."""
    return spark.createDataFrame([], MAPS_SCHEMA)


def _packed(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([("clients", pa.list_(pa.string()))] + [(name, pa.binary()) for name in Batch._fields])
    for some in rows:
        if some.num_rows:
            yield pa.RecordBatch.from_pylist([pack_batch(_batch(pa.Table.from_batches([some])))], schema)


def _batch(rows: pa.Table) -> Batch:
    """Builds a batch from rows of `value_rows` with `is_held`.

    Each row is repeated as often as it counts.
    """
    keys = {
        "sender": ("client", "is_held"),
        "parameter": (*ENDPOINT_KEY, "location", "name"),
        "text": ("value", "kind"),
    }
    columns = {name: rows.column(name).combine_chunks() for name in rows.column_names}
    n, requests = (columns[name].to_numpy() for name in ("n", "requests"))
    row = np.repeat(np.arange(len(n)), n)
    seen = {
        "is_first": pa.array(
            np.concatenate([np.arange(all_) < first for all_, first in zip(n, requests, strict=True)])
        )
    }
    tables = []
    for name, of in keys.items():
        codes, firsts = encode_rows(*(columns[one].cast(pa.string()) for one in of))
        seen[name] = pa.array(codes[row].astype(np.int32))
        tables.append(pa.table({one: columns[one].take(pa.array(firsts)) for one in of}))
    seen["day"] = columns["day"].cast(pa.int32()).take(pa.array(row))
    seen["hour"] = pa.array(
        [int(one).bit_length() - 1 for one in columns["hours"].to_pylist()], pa.int8()
    ).take(pa.array(row))
    senders, parameters, texts = tables
    known = {"text": texts.column("value"), "kind": texts.column("kind").combine_chunks().dictionary_encode()}
    return Batch(senders, parameters, pa.table(known), pa.table(seen))


def _unpacked(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for row in (one for some in rows for one in some.to_pylist()):
        batch = unpack_batch(row)
        columns: dict[str, Any] = {}
        for name, table in (
            ("sender", batch.senders),
            ("parameter", batch.parameters),
            ("text", batch.texts),
        ):
            places = pa.array(batch.numbers(name))
            columns |= {
                column: table.column(column).combine_chunks().take(places) for column in table.column_names
            }
        hour = batch.numbers("hour")
        columns |= {
            "value": columns["text"], "kind": columns["kind"].cast(pa.string()), "is_late": pa.array(hour >= LATE_HOUR),
            "day": pa.array(batch.numbers("day").astype(np.int32)).cast(pa.date32()), "hour": pa.array(hour.astype(np.int32)),
            "is_first": batch.seen.column("is_first").combine_chunks(), "n": pa.array(hour), "requests": pa.array(hour),
            "hours": pa.array(hour.astype(np.int32)),
        }  # fmt: skip
        yield pa.RecordBatch.from_pydict({name: columns[name] for name in UNPACKED})
