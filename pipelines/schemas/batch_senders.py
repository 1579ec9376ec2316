"""A batch → who sent values of which kinds and sizes, and who sent which texts: what deviants are told by."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.schemas.batch_texts import texts_of
from pipelines.schemas.batches import Batch, Codes
from pipelines.schemas.evidence import SIZED_KINDS
from pipelines.schemas.table import OF_REQUESTS, PARAMETER_KEY

UNTOLD = (*OF_REQUESTS, "item")
"""Locations that nobody deviates at: those of requests, and items, whose values are told by their queries."""


def senders(batch: Batch) -> pa.RecordBatch:
    """Rows of `deviants.SENDERS_SCHEMA`: one per parameter and kind, with its clients and the sizes of their values."""
    some = _told(batch)
    sender, parameter, text = (batch.numbers(name)[some] for name in ("sender", "parameter", "text"))
    texts = texts_of(batch.texts)
    people = batch.senders.num_rows
    places = parameter * len(texts.kinds) + texts.kind[text]
    keys = places * people + sender
    order = np.argsort(keys)
    ordered = keys[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    size = texts.size[text][order]
    place, lists = _lists(ordered[begins] // people)
    who = batch.senders.column("client").combine_chunks().take(pa.array(ordered[begins] % people))
    most, least = (pa.array(of.reduceat(size, begins), from_pandas=True) for of in (np.fmax, np.fmin))
    return pa.RecordBatch.from_pydict(
        {
            **_parameters(batch, place // len(texts.kinds)),
            "kind": pa.array([texts.kinds[one] for one in place % len(texts.kinds)], pa.string()),
            **_listed(lists, {"client": who, "most": most, "least": least}),
        }
    )


def shared(batch: Batch, clients: int) -> pa.RecordBatch:
    """Rows of `deviants.SHARED_SCHEMA`: one per parameter, with its texts and at most `clients` of those who sent each.

    How often a text was sent is written beside the first of its clients.
    """
    texts = texts_of(batch.texts)
    some = _told(batch) & texts.are(*SIZED_KINDS)[batch.numbers("text")]
    sender, parameter, text = (batch.numbers(name)[some] for name in ("sender", "parameter", "text"))
    people, width = batch.senders.num_rows, len(texts.kind)
    keys = np.sort((parameter * width + text) * people + sender)
    begins = np.flatnonzero(np.diff(keys, prepend=-1))  # of a client's values
    pair = keys[begins] // people
    n = np.diff(begins, append=len(keys))
    firsts = np.flatnonzero(np.diff(pair, prepend=-1))
    of_pair = np.zeros(len(pair), np.int64)
    if len(firsts):
        of_pair[firsts] = np.add.reduceat(n, firsts)
    rank = np.arange(len(pair)) - np.repeat(firsts, np.diff(firsts, append=len(pair)))
    kept = np.flatnonzero(rank < clients)
    place, lists = _lists(pair[kept] // width)
    value = texts.text.take(pa.array(pair[kept] % width))
    who = batch.senders.column("client").combine_chunks().take(pa.array(keys[begins][kept] % people))
    return pa.RecordBatch.from_pydict(
        {
            **_parameters(batch, place),
            **_listed(lists, {"value": value, "client": who, "n": pa.array(of_pair[kept])}),
        }
    )


def members(batch: Batch) -> pa.RecordBatch:
    """`ENDPOINT_KEY, location, name, client`: who sent which members of JSON bodies."""
    is_body = np.asarray([one == "body" for one in batch.parameters.column("location").to_pylist()], bool)
    parameter = batch.numbers("parameter")
    some = is_body[parameter]
    ordered = np.sort(parameter[some] * batch.senders.num_rows + batch.numbers("sender")[some])
    keys = ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]
    people = batch.senders.num_rows
    who = batch.senders.column("client").combine_chunks().take(pa.array(keys % people))
    return pa.RecordBatch.from_pydict({**_parameters(batch, keys // people), "client": who})


def _told(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    is_told = [location not in UNTOLD for location in batch.parameters.column("location").to_pylist()]
    return np.asarray(is_told, bool)[batch.numbers("parameter")]


def _parameters(batch: Batch, places: Codes) -> dict[str, pa.Array]:
    return {
        name: batch.parameters.column(name).combine_chunks().take(pa.array(places)) for name in PARAMETER_KEY
    }


def _lists(keys: Codes) -> tuple[Codes, pa.Array]:
    """The different ones of sorted keys, and the offsets of the lists of what has the same key."""
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[begins], pa.array(np.append(begins, len(keys)), pa.int32())


def _listed(offsets: pa.Array, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    flat = pa.StructArray.from_arrays(list(columns.values()), list(columns))
    return {"each": pa.ListArray.from_arrays(offsets, flat)}
