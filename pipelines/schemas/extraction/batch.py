"""The values of some ten thousand requests as arrays of numbers.

Values are counted in these arrays, not row by row in Spark. A batch is a row with four Arrow streams and the names of its
clients. It is stored and read again as it is, so no text crosses between Spark and Python twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.requests.urlencoded import Observation

Codes = np.ndarray[tuple[int], np.dtype[np.int64]]
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


class Batch(NamedTuple):
    """The values of some requests.

    Attributes:
        senders: client, is_held.
        parameters: `keys.PARAMETER_KEY`.
        texts: text, kind (dictionary); a text that has two kinds is there twice.
        seen: One row per value: the places of its sender, parameter and text in these tables; day, hour, and is_first (of its
            name in its request).
    """

    senders: pa.Table
    parameters: pa.Table
    texts: pa.Table
    seen: pa.Table

    def numbers(self, name: str) -> Codes:
        """Returns a column of `seen`."""
        column = self.seen.column(name)
        whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        return np.asarray(whole.cast(pa.int64()).to_numpy(zero_copy_only=False))


def pack_batch(batch: Batch) -> dict[str, Any]:
    """Returns a batch as the fields of `BATCHES_SCHEMA`."""
    streams = {name: _to_stream(table) for name, table in zip(Batch._fields, batch, strict=True)}
    return {"clients": batch.senders.column("client").to_pylist(), **streams}


def unpack_batch(row: Mapping[str, Any]) -> Batch:
    """Reads a batch from a row of `BATCHES_SCHEMA`.

    Its streams are bytes or buffers.
    """
    return Batch(*(pa.ipc.open_stream(row[name]).read_all() for name in Batch._fields))


def exclude_clients(batch: Batch, clients: Sequence[str]) -> Batch:
    """Returns a batch without the values that these clients sent."""
    if not clients:
        return batch
    apart = set(clients)
    stays = np.asarray([client not in apart for client in batch.senders.column("client").to_pylist()])
    return batch._replace(seen=batch.seen.filter(pa.array(stays[batch.numbers("sender")])))


def group_starts(ordered: Codes) -> Codes:
    """Returns where each different number begins in a sorted row; none is below 0."""
    return np.flatnonzero(np.diff(ordered, prepend=-1))


def number_distinct(keys: Codes) -> tuple[Codes, Codes]:
    """Numbers the different values of an array.

    Returns:
        The number of each value among the different ones, and the first position of each different one.
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_new = np.ones(len(keys), bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    places = np.empty(len(keys), np.int64)
    places[order] = np.cumsum(is_new) - 1
    return places, order[is_new]


def encode_rows(*columns: pa.Array) -> tuple[Codes, Codes]:
    """Numbers the different combinations of columns of texts.

    Returns:
        The number of each row's combination, and the first row that has each combination.
    """
    found = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        here = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        found, _ = number_distinct(found * max(len(encoded.dictionary), 1) + here)
    return number_distinct(found)


def _to_stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_COMPRESSED) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


Names = dict[tuple[str, str], int]
"""Location and name → their number in a batch."""
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


class Part(NamedTuple):
    """Flat columns of values, one row per value.

    Attributes:
        places: The number of location and name.
        values: The text.
        types: The JSON type, NULL outside of JSON.
        is_first: Whether it is the first value of its name in its request.
        counts: How many values each request has.
    """

    places: Codes
    values: pa.Array
    types: pa.Array
    is_first: Flags
    counts: Codes


def collect_part(found: Iterable[Iterable[Observation]], names: Names, requests: Codes, count: int) -> Part:
    """Collects the observations of requests into columns.

    Args:
        found: The observations of each request in `requests`.
        names: The numbers of locations and names; new ones are added.
        requests: The places of the requests.
        count: The number of all requests of the batch.
    """
    places: list[int] = []
    values: list[str] = []
    types: list[str | None] = []
    is_first: list[bool] = []
    sizes: list[int] = []
    for each in found:
        before = len(values)
        # into columns at once: tuples that stay would be walked again and again by the garbage collector
        for location, name, value, json_type, first in each:
            places.append(names.setdefault((location, name), len(names)))
            values.append(value)
            types.append(json_type)
            is_first.append(first)
        sizes.append(len(values) - before)
    counts = np.zeros(count, np.int64)
    counts[requests] = sizes
    text = pa.string()
    return Part(
        np.asarray(places, np.int64),
        pa.array(values, text),
        pa.array(types, text),
        np.asarray(is_first, bool),
        counts,
    )
