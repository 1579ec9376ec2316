"""A batch → who sent values of which kinds and sizes, and who sent which texts: what deviants are told by."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from pipelines.schemas.batch_parts import Flags
from pipelines.schemas.batch_texts import texts_of
from pipelines.schemas.batches import Batch, Codes, begins_of
from pipelines.schemas.evidence import SIZED_KINDS
from pipelines.schemas.recognisers import NUMBERS, UNIX_MILLISECONDS, UNIX_SECONDS
from pipelines.schemas.seen import CLIENTS
from pipelines.schemas.table import OF_REQUESTS, PARAMETER_KEY
from pipelines.schemas.text_hashes import hashed

UNTOLD = (*OF_REQUESTS, "item")
"""Locations that nobody deviates at: those of requests, and items, whose values are told by their queries."""
MEASURED = tuple(kind for kind in (*NUMBERS, *SIZED_KINDS) if kind not in (UNIX_SECONDS, UNIX_MILLISECONDS))
"""Kinds whose sizes tell. Times are free: who asks for next year is honest."""
NUMBER_DIGITS = 15
"""Hexadecimal digits of a client's number, a bigint: that two of a million clients have the same one happens once in 2 * 10^6."""


def senders(batch: Batch) -> pa.RecordBatch:
    """Rows of `deviants.SENDERS_SCHEMA`: one per parameter and kind, with its clients (`numbers_of`).

    `most` and `least` are there for the clients of the `CLIENTS` largest and smallest sizes only: more decide nothing.
    """
    some = _told(batch)
    sender, parameter, text = (batch.numbers(name)[some] for name in ("sender", "parameter", "text"))
    texts = texts_of(batch.texts)
    people = batch.senders.num_rows
    places = parameter * len(texts.kinds) + texts.kind[text]
    keys = places * people + sender
    order = np.argsort(keys)
    ordered = keys[order]
    begins = begins_of(ordered)
    size = texts.size[text][order]
    each = ordered[begins] // people
    place, lists = _lists(each)
    most, least = (of.reduceat(size, begins) if len(begins) else size for of in (np.fmax, np.fmin))
    measured = np.isin(
        place % len(texts.kinds), [n for n, kind in enumerate(texts.kinds) if kind in MEASURED]
    )
    is_outer = np.repeat(measured, np.diff(lists)) & (_are_first(each, least) | _are_first(each, -most))
    sizes = {name: pa.array(of, mask=~is_outer) for name, of in (("most", most), ("least", least))}
    who = numbers_of(batch.senders.column("client").to_pylist())[ordered[begins] % people]
    return pa.RecordBatch.from_pydict(
        {
            **_parameters(batch, place // len(texts.kinds)),
            "kind": pa.array([texts.kinds[one] for one in place % len(texts.kinds)], pa.string()),
            **_listed(pa.array(lists), {"who": pa.array(who), **sizes}),
        }
    )


def shared(batch: Batch, clients: int) -> pa.RecordBatch:
    """Rows of `deviants.SHARED_SCHEMA`: one per parameter, with its texts (their hashes) and some of those who sent each.

    How often a text was sent is written beside the first of its clients. `most` is how many clients the most popular text has
    in this batch; where it has `clients`, nothing but `CLIENTS` of a text's is asked for any more.
    """
    texts = texts_of(batch.texts)
    some = _told(batch) & texts.are(*SIZED_KINDS)[batch.numbers("text")]
    sender, parameter, text = (batch.numbers(name)[some] for name in ("sender", "parameter", "text"))
    people, width = batch.senders.num_rows, len(texts.kind)
    keys = np.sort((parameter * width + text) * people + sender)
    begins = begins_of(keys)  # of a client's values
    pair = keys[begins] // people
    n = np.diff(begins, append=len(keys))
    firsts = begins_of(pair)
    of_pair, most = np.zeros(len(pair), np.int64), np.zeros(batch.parameters.num_rows, np.int64)
    sent_by = np.diff(firsts, append=len(pair))
    if len(firsts):
        of_pair[firsts] = np.add.reduceat(n, firsts)
    np.maximum.at(most, pair[firsts] // width, sent_by)
    rank = np.arange(len(pair)) - np.repeat(firsts, sent_by)
    kept = np.flatnonzero(rank < np.where(most >= clients, CLIENTS, clients)[pair // width])
    place, lists = _lists(pair[kept] // width)
    used, value = np.unique(pair[kept] % width, return_inverse=True)
    hashes = hashed(texts.text.take(pa.array(used)))[0].view(np.int64)
    who = numbers_of(batch.senders.column("client").to_pylist())[keys[begins][kept] % people]
    each = {"value": pa.array(hashes[value]), "who": pa.array(who), "n": pa.array(of_pair[kept])}
    return pa.RecordBatch.from_pydict(
        {**_parameters(batch, place), "most": pa.array(most[place]), **_listed(pa.array(lists), each)}
    )


def numbers_of(clients: list[str]) -> Codes:
    """60 bits in place of the names of clients, as Spark makes them of a column (`deviants.number_of`)."""
    digests = (hashlib.md5(one.encode("utf-8", "surrogatepass"), usedforsecurity=False) for one in clients)
    return np.asarray([int(one.hexdigest()[:NUMBER_DIGITS], 16) for one in digests], np.int64)


def members(batch: Batch) -> pa.RecordBatch:
    """`ENDPOINT_KEY, location, name, client`: who sent which members of JSON bodies."""
    is_body = np.asarray([one == "body" for one in batch.parameters.column("location").to_pylist()], bool)
    parameter = batch.numbers("parameter")
    some = is_body[parameter]
    ordered = np.sort(parameter[some] * batch.senders.num_rows + batch.numbers("sender")[some])
    keys = ordered[begins_of(ordered)]
    people = batch.senders.num_rows
    who = batch.senders.column("client").combine_chunks().take(pa.array(keys % people))
    return pa.RecordBatch.from_pydict({**_parameters(batch, keys // people), "client": who})


def _told(batch: Batch) -> Flags:
    is_told = [location not in UNTOLD for location in batch.parameters.column("location").to_pylist()]
    return np.asarray(is_told, bool)[batch.numbers("parameter")]


def _parameters(batch: Batch, places: Codes) -> dict[str, pa.Array]:
    return {
        name: batch.parameters.column(name).combine_chunks().take(pa.array(places)) for name in PARAMETER_KEY
    }


def _are_first(groups: Codes, size: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Flags:
    """Which are among the `CLIENTS` smallest of their group; groups are in order."""
    order = np.lexsort((size, groups))
    begins = begins_of(groups)
    found = np.zeros(len(groups), bool)
    rank = np.arange(len(groups)) - np.repeat(begins, np.diff(begins, append=len(groups)))
    found[order] = rank < CLIENTS
    return found


def _lists(keys: Codes) -> tuple[Codes, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """The different ones of sorted keys, and the offsets of the lists of what has the same key."""
    begins = begins_of(keys)
    return keys[begins], np.append(begins, len(keys)).astype(np.int32)


def _listed(offsets: pa.Array, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    flat = pa.StructArray.from_arrays(list(columns.values()), list(columns))
    return {"each": pa.ListArray.from_arrays(offsets, flat)}
