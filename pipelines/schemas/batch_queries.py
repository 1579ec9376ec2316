"""Many query strings at once: what `sent_pairs.fields` reads of each, without Python for every value.

Only queries with a percent sign, values that may be lists and times that lost a "+" go through Python. Laws test that both agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.schemas.batch_parts import Names, Part, part_of
from pipelines.schemas.batches import Codes, numbered
from pipelines.schemas.bracketed import parameter_name
from pipelines.schemas.names import NAME_CHARACTERS
from pipelines.schemas.recognisers import MAX_CHARACTERS
from pipelines.schemas.sent_pairs import MAX_PAIRS, fields, items, with_offset

LOCATION = "query"


def in_queries(queries: pa.Array, names: Names) -> list[Part]:
    """The values of query strings, NULL where a request has none; those of lists are a part of their own."""
    is_escaped = pc.fill_null(pc.match_substring(queries, "%"), False)
    escaped = np.flatnonzero(is_escaped.to_numpy(zero_copy_only=False))
    rest = (fields(LOCATION, query) for query in queries.take(pa.array(escaped)).to_pylist())
    plain = pc.if_else(is_escaped, pa.scalar(None, queries.type), queries)
    return [part_of(rest, names, escaped, len(queries)), *_plain(plain, names)]


def _plain(queries: pa.Array, names: Names) -> list[Part]:
    """The values of queries without a percent sign, and the items of those that are lists."""
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
    first[numbered(query * max(len(names), 1) + place)[1]] = True
    cut = texts
    if len(texts) and pc.max(pc.binary_length(texts)).as_py() > MAX_CHARACTERS:
        cut = pc.utf8_slice_codeunits(texts, 0, MAX_CHARACTERS)
    counts = np.bincount(query, minlength=len(queries))
    pairs = Part(place, cut, pa.nulls(len(cut), pa.string()), first, counts)
    return [pairs, _items(query, place, texts, names, len(queries))]


def _halves(pieces: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What stands before the first "=" of each piece and what stands after it, nothing where there is none."""
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
    mended = pa.array([with_offset(text) for text in texts.take(pa.array(some)).to_pylist()], pa.string())
    return pc.replace_with_mask(texts, may_be, mended)


def _items(query: Codes, place: Codes, texts: pa.Array, names: Names, count: int) -> Part:
    """Items of values that are lists: each different value is split once."""
    some = np.flatnonzero(pc.match_substring_regex(texts, "[,| ]").to_numpy(zero_copy_only=False))
    encoded = texts.take(pa.array(some)).dictionary_encode()
    split = [items(text) for text in encoded.dictionary.to_pylist()]
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
