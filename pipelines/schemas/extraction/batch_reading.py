"""Reads many requests at once, without Python for every value of a query.

Queries give what `urlencoded.read_urlencoded` reads of each. Only those with a percent sign, values that may be lists and times
that lost a "+" go through Python. Property tests check that both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.http.value_formats import MAX_CHARACTERS, detect_kind
from pipelines.requests.parameter_names import NAME_CHARACTERS
from pipelines.requests.request import REQUEST, observe_body, observe_cookies, observe_headers, observe_path
from pipelines.requests.urlencoded import (
    MAX_PAIRS,
    Observation,
    parameter_name,
    read_urlencoded,
    restore_offset,
    split_items,
)
from pipelines.schemas.extraction.batch import (
    Batch,
    Codes,
    Names,
    Part,
    collect_part,
    encode_rows,
    number_distinct,
)
from pipelines.schemas.keys import PARAMETER_KEY

LOCATION = "query"


def read_queries(queries: pa.Array, names: Names) -> list[Part]:
    """Reads the values of query strings, NULL for requests without one.

    The items of values that are lists are a part of their own.
    """
    is_escaped = pc.fill_null(pc.match_substring(queries, "%"), False)
    escaped = np.flatnonzero(is_escaped.to_numpy(zero_copy_only=False))
    rest = (read_urlencoded(LOCATION, query) for query in queries.take(pa.array(escaped)).to_pylist())
    plain = pc.if_else(is_escaped, pa.scalar(None, queries.type), queries)
    return [collect_part(rest, names, escaped, len(queries)), *_plain(plain, names)]


def _plain(queries: pa.Array, names: Names) -> list[Part]:
    """Reads queries without a percent sign, and the items of values that are lists."""
    pieces = pc.split_pattern(pc.replace_substring(pc.fill_null(queries, ""), "+", " "), "&")
    query = pc.list_parent_indices(pieces).to_numpy(zero_copy_only=False).astype(np.int64)
    name, value = _halves(pieces.flatten())
    named = np.flatnonzero(pc.not_equal(name, "").to_numpy(zero_copy_only=False))
    query = query[named]
    begins = np.searchsorted(query, query)  # of the query that a pair belongs to
    few = np.arange(len(query)) - begins < MAX_PAIRS
    query, named = query[few], named[few]
    encoded = name.take(pa.array(named)).dictionary_encode()
    known = [parameter_name(one[:NAME_CHARACTERS]) for one in encoded.dictionary.to_pylist()]
    place_of = np.asarray(
        [-1 if one is None else names.setdefault((LOCATION, one), len(names)) for one in known], np.int64
    )
    place = place_of[encoded.indices.to_numpy(zero_copy_only=False)] if known else np.zeros(0, np.int64)
    is_known = np.flatnonzero(place >= 0)
    query, place = query[is_known], place[is_known]
    texts = _with_offsets(value.take(pa.array(named[is_known])))
    first = np.zeros(len(query), bool)
    first[number_distinct(query * max(len(names), 1) + place)[1]] = True
    cut = texts
    if len(texts) and pc.max(pc.binary_length(texts)).as_py() > MAX_CHARACTERS:
        cut = pc.utf8_slice_codeunits(texts, 0, MAX_CHARACTERS)
    counts = np.bincount(query, minlength=len(queries))
    pairs = Part(place, cut, pa.nulls(len(cut), pa.string()), first, counts)
    return [pairs, _items(query, place, texts, names, len(queries))]


def _halves(pieces: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Splits each piece at its first "="; the second half is empty if there is none."""
    halves = pc.split_pattern(pieces, "=", max_splits=1)
    offsets = halves.offsets.to_numpy(zero_copy_only=False)
    after = np.where(np.diff(offsets) == 2, offsets[:-1] + 1, -1)
    value = halves.values.take(pa.array(after, mask=after < 0))
    return halves.values.take(pa.array(offsets[:-1])), pc.fill_null(value, "")


def _with_offsets(texts: pa.Array) -> pa.Array:
    may_be = pc.match_substring_regex(texts, r"T[0-9]{2}:[0-9:.]+ ")
    some = np.flatnonzero(may_be.to_numpy(zero_copy_only=False))
    if not len(some):
        return texts
    mended = pa.array([restore_offset(text) for text in texts.take(pa.array(some)).to_pylist()], pa.string())
    return pc.replace_with_mask(texts, may_be, mended)


def _items(query: Codes, place: Codes, texts: pa.Array, names: Names, count: int) -> Part:
    """Splits values that are lists, each different value once."""
    some = np.flatnonzero(pc.match_substring_regex(texts, "[,| ]").to_numpy(zero_copy_only=False))
    encoded = texts.take(pa.array(some)).dictionary_encode()
    split = [split_items(text) for text in encoded.dictionary.to_pylist()]
    known = list(names)
    found: dict[str, list[Any]] = {"query": [], "place": [], "item": []}
    for at, code in zip(some, encoded.indices.to_pylist(), strict=True):
        if split[code]:
            here = names.setdefault(("item", known[place[at]][1]), len(names))
            found["query"] += [query[at]] * len(split[code])
            found["place"] += [here] * len(split[code])
            found["item"] += [item[:MAX_CHARACTERS] for item in split[code]]
    size = len(found["item"])
    counts = np.bincount(np.asarray(found["query"], np.int64), minlength=count)
    of_items = np.asarray(found["place"], np.int64)
    return Part(
        of_items,
        pa.array(found["item"], pa.string()),
        pa.nulls(size, pa.string()),
        np.zeros(size, bool),
        counts,
    )


BATCH_REQUESTS = 65_536
"""Requests of a batch.

Whatever is counted once in a batch crosses to Spark once. Twice as many requests gained 3 %.
"""
BATCH_BYTES = 1 << 24
"""Bytes of the requests of a batch.

So long bodies (of `json_body.MAX_VALUES` values each) fit into a worker's memory.
"""
PARTS: tuple[tuple[tuple[str, ...], Callable[..., Iterable[Observation]]], ...] = (
    ((), lambda: [REQUEST]),
    (("path_template", "sent_path"), observe_path),
    (("sent_headers",), observe_headers),
    (("sent_cookies",), observe_cookies),
    (("sent_type", "sent_body"), observe_body),
)
"""Columns that are read together, and the function that reads them.

Queries are read all at once (`read_queries`). No location is read by two of these.
"""


def gather_requests(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Joins Spark's record batches to tables of `BATCH_REQUESTS` or `BATCH_BYTES`."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        is_full = sum(one.num_rows for one in waiting) >= BATCH_REQUESTS
        if is_full or sum(one.nbytes for one in waiting) >= BATCH_BYTES:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting = []
    if any(one.num_rows for one in waiting):
        yield pa.Table.from_batches(waiting).combine_chunks()


def read_batch(requests: pa.Table) -> Batch:
    """Reads the values of requests.

    Args:
        requests: Columns `ENDPOINT_KEY, day, hour, client, is_held` and those of `PARTS`.
    """
    columns = {name: requests.column(name).combine_chunks() for name in requests.column_names}
    columns = {
        name: one.chunk(0) if isinstance(one, pa.ChunkedArray) else one for name, one in columns.items()
    }
    names: Names = {}
    parts: list[tuple[Codes, Part]] = []
    for needed, reader in PARTS:
        codes, rows = (
            encode_rows(*(columns[name] for name in needed)) if needed else _one_code(requests.num_rows)
        )
        texts = [columns[name].take(pa.array(rows)).to_pylist() for name in needed]
        found = (reader(*row) for row in (zip(*texts, strict=True) if texts else [()]))
        parts.append((codes, collect_part(found, names, np.arange(len(rows)), len(rows))))
    codes, rows = encode_rows(columns["sent_query"])
    parts += [(codes, part) for part in read_queries(columns["sent_query"].take(pa.array(rows)), names)]
    begins = np.cumsum([0, *(len(part.values) for _, part in parts)])
    seen = [
        _repeat(codes, part.counts, int(begin)) for (codes, part), begin in zip(parts, begins, strict=False)
    ]
    request, flat = (np.concatenate(some) for some in zip(*seen, strict=True))
    text_of, texts_table = _texts(*(pa.concat_arrays([part[of] for _, part in parts]) for of in (1, 2)))
    place, is_first = (np.concatenate([part[of] for _, part in parts])[flat] for of in (0, 3))
    return _batch(columns, request, place, names, text_of[flat], texts_table, is_first)


def _one_code(count: int) -> tuple[Codes, Codes]:
    return np.zeros(count, np.int64), np.zeros(min(count, 1), np.int64)


def _repeat(codes: Codes, counts: Codes, begin: int) -> tuple[Codes, Codes]:
    """Repeats what was read once for each request that has it.

    Returns:
        For every value of every request, the request and the place of the value among those that were read.
    """
    starts = begin + np.cumsum(counts) - counts
    each = counts[codes]
    request = np.repeat(np.arange(len(codes)), each)
    inside = np.arange(len(request)) - np.repeat(np.cumsum(each) - each, each)
    return request, starts[codes][request] + inside


def _texts(values: pa.Array, types: pa.Array) -> tuple[Codes, pa.Table]:
    """Numbers the different texts of a kind.

    Returns:
        The place of each value among them, and the table of them: text, kind.
    """
    encoded = values.dictionary_encode()
    code = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    of_type = types.dictionary_encode(null_encoding="encode")
    json_types = of_type.dictionary.to_pylist()
    typed, first = number_distinct(code * len(json_types) + of_type.indices.to_numpy(zero_copy_only=False))
    text = values.take(pa.array(first))
    kinds = list(map(detect_kind, text.to_pylist(), types.take(pa.array(first)).to_pylist()))
    kind = pa.array(kinds, pa.string()).dictionary_encode()
    # one text of two JSON types may have one kind
    kept, again = number_distinct(
        code[first] * len(kind.dictionary) + kind.indices.to_numpy(zero_copy_only=False)
    )
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
    sender, senders = encode_rows(columns["client"])
    endpoint, endpoints = encode_rows(*(columns[name] for name in ENDPOINT_KEY))
    parameter, first = _number_distinct_below(
        endpoint[request] * len(names) + place, max(len(endpoints), 1) * len(names)
    )
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


def _number_distinct_below(keys: Codes, bound: int) -> tuple[Codes, Codes]:
    """Does what `number_distinct` does, without sorting.

    Args:
        keys: Numbers below `bound`.
        bound: At most about four times the number of keys, otherwise sorting is used.
    """
    if bound > 4 * len(keys) + 1024:
        return number_distinct(keys)
    first = np.full(bound, -1, np.int64)
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    found = np.flatnonzero(first >= 0)
    places = np.empty(bound, np.int64)
    places[found] = np.arange(len(found))
    return places[keys], first[found]
