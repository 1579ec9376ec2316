"""Requests in columns → a batch of their values: each different path, query, list of names and body is read once.

Reading is plain Python (`observed.py`). What several requests have in common is repeated as numbers, which costs a hundredth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.batch_parts import Names, Part, part_of
from pipelines.schemas.batch_queries import in_queries
from pipelines.schemas.batches import Batch, Codes, coded, numbered
from pipelines.schemas.observed import REQUEST, in_body, in_cookies, in_headers, in_path
from pipelines.schemas.recognisers import kind_of
from pipelines.schemas.sent_pairs import Observed
from pipelines.schemas.table import PARAMETER_KEY

BATCH_REQUESTS = 65_536
"""Requests of a batch: what is counted once in it crosses to Spark once. Twice as many gained 3 %."""
BATCH_BYTES = 1 << 24
"""Of the requests of a batch, so that long bodies (of `json_body.MAX_VALUES` values each) fit into a worker's memory."""
PARTS: tuple[tuple[tuple[str, ...], Callable[..., Iterable[Observed]]], ...] = (
    ((), lambda: [REQUEST]),
    (("path_template", "sent_path"), in_path),
    (("sent_headers",), in_headers),
    (("sent_cookies",), in_cookies),
    (("sent_type", "sent_body"), in_body),
)
"""Columns that are read together, and how; queries are read all at once (`batch_queries`). No location is read of two of them."""


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Record batches as Spark sends them, joined to tables of `BATCH_REQUESTS` or `BATCH_BYTES`."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        is_full = sum(one.num_rows for one in waiting) >= BATCH_REQUESTS
        if is_full or sum(one.nbytes for one in waiting) >= BATCH_BYTES:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting = []
    if any(one.num_rows for one in waiting):
        yield pa.Table.from_batches(waiting).combine_chunks()


def read(requests: pa.Table) -> Batch:
    """`ENDPOINT_KEY, day, hour, client, is_held` and the columns of `PARTS` → what is in them."""
    columns = {name: requests.column(name).combine_chunks() for name in requests.column_names}
    columns = {
        name: one.chunk(0) if isinstance(one, pa.ChunkedArray) else one for name, one in columns.items()
    }
    names: Names = {}
    parts: list[tuple[Codes, Part]] = []
    for needed, reader in PARTS:
        codes, rows = coded(*(columns[name] for name in needed)) if needed else _all_alike(requests.num_rows)
        texts = [columns[name].take(pa.array(rows)).to_pylist() for name in needed]
        found = (reader(*row) for row in (zip(*texts, strict=True) if texts else [()]))
        parts.append((codes, part_of(found, names, np.arange(len(rows)), len(rows))))
    codes, rows = coded(columns["sent_query"])
    parts += [(codes, part) for part in in_queries(columns["sent_query"].take(pa.array(rows)), names)]
    begins = np.cumsum([0, *(len(part.values) for _, part in parts)])
    seen = [
        _repeated(codes, part.counts, int(begin)) for (codes, part), begin in zip(parts, begins, strict=False)
    ]
    request, flat = (np.concatenate(some) for some in zip(*seen, strict=True))
    text_of, texts_table = _texts(*(pa.concat_arrays([part[of] for _, part in parts]) for of in (1, 2)))
    place, is_first = (np.concatenate([part[of] for _, part in parts])[flat] for of in (0, 3))
    return _batch(columns, request, place, names, text_of[flat], texts_table, is_first)


def _all_alike(count: int) -> tuple[Codes, Codes]:
    return np.zeros(count, np.int64), np.zeros(min(count, 1), np.int64)


def _repeated(codes: Codes, counts: Codes, begin: int) -> tuple[Codes, Codes]:
    """Of every value of every request: the request, and the place of the value among those that were read."""
    starts = begin + np.cumsum(counts) - counts
    each = counts[codes]
    request = np.repeat(np.arange(len(codes)), each)
    inside = np.arange(len(request)) - np.repeat(np.cumsum(each) - each, each)
    return request, starts[codes][request] + inside


def _texts(values: pa.Array, types: pa.Array) -> tuple[Codes, pa.Table]:
    """The place of each value among the different texts of a kind, and those: text, kind."""
    encoded = values.dictionary_encode()
    code = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    of_type = types.dictionary_encode(null_encoding="encode")
    json_types = of_type.dictionary.to_pylist()
    typed, first = numbered(code * len(json_types) + of_type.indices.to_numpy(zero_copy_only=False))
    text = values.take(pa.array(first))
    kinds = list(map(kind_of, text.to_pylist(), types.take(pa.array(first)).to_pylist()))
    kind = pa.array(kinds, pa.string()).dictionary_encode()
    # one text of two JSON types may have one kind
    kept, again = numbered(code[first] * len(kind.dictionary) + kind.indices.to_numpy(zero_copy_only=False))
    table = pa.table({"text": text.take(pa.array(again)), "kind": kind.take(pa.array(again))})
    return kept[typed], table


def _batch(
    columns: dict[str, pa.Array],
    request: Codes,
    place: Codes,
    names: Names,
    text: Codes,
    texts: pa.Table,
    is_first: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Batch:
    sender, senders = coded(columns["client"])
    endpoint, endpoints = coded(*(columns[name] for name in ENDPOINT_KEY))
    parameter, first = _dense(endpoint[request] * len(names) + place, max(len(endpoints), 1) * len(names))
    known = list(names)
    keys = {name: columns[name].take(pa.array(endpoints[endpoint[request[first]]])) for name in ENDPOINT_KEY}
    located = [known[one] for one in place[first]]
    keys |= {
        name: pa.array([one[of] for one in located], pa.string())
        for of, name in enumerate(PARAMETER_KEY[-2:])
    }
    day = columns["day"].cast(pa.int32()).to_numpy(zero_copy_only=False)[request]
    hour = columns["hour"].to_numpy(zero_copy_only=False)[request].astype(np.int8)
    codes = {"sender": sender[request], "parameter": parameter, "text": text}
    seen = {name: pa.array(code.astype(np.int32)) for name, code in codes.items()}
    seen |= {"day": pa.array(day), "hour": pa.array(hour), "is_first": pa.array(is_first)}
    people = {"client": columns["client"], "is_held": columns["is_held"]}
    return Batch(
        pa.table({name: column.take(pa.array(senders)) for name, column in people.items()}),
        pa.table(keys), texts, pa.table(seen),
    )  # fmt: skip


def _dense(keys: Codes, bound: int) -> tuple[Codes, Codes]:
    """`numbered` without sorting, where the numbers are below a `bound` that is not much larger than they are many."""
    if bound > 4 * len(keys) + 1024:
        return numbered(keys)
    first = np.full(bound, -1, np.int64)
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    found = np.flatnonzero(first >= 0)
    places = np.empty(bound, np.int64)
    places[found] = np.arange(len(found))
    return places[keys], first[found]
