"""The statistics of each slice of a batch, computed with numpy.

Extreme values are those that `value_counts.ExtremeValues` keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql.pandas.types import to_arrow_type

from pipelines.http.value_formats import TEXT
from pipelines.http.value_patterns import BITS
from pipelines.schemas.extraction.batch import Batch, Codes, group_starts, number_distinct
from pipelines.schemas.extraction.spark import LATE_HOUR
from pipelines.schemas.keys import PARAMETER_KEY
from pipelines.schemas.statistics.batch_texts import Numbers, Texts, classify_texts, prepare_texts
from pipelines.schemas.statistics.evidence import NAMED_KINDS
from pipelines.schemas.statistics.growth import HOURS
from pipelines.schemas.statistics.prefix import PREFIX_CHARACTERS, shared_prefix
from pipelines.schemas.statistics.sketches import build_sketches, compute_coupons
from pipelines.schemas.statistics.value_counts import (
    MAX_DISTINCT_VALUES,
    MAX_EXTREME_VALUES,
    client_bit,
    digest,
    shorten_value,
)
from pipelines.schemas.tables import DISTINCT_VALUES_SCHEMA, EXTREME_VALUES_SCHEMA


def select_extremes(
    size: Numbers, text: Codes, begins: Codes, digest: Callable[[int], str], sign: int = 1
) -> Codes:
    """Returns the places of the `MAX_EXTREME_VALUES` largest sizes of each slice.

    NaN is left out; of equal sizes those of the largest digest count.

    Args:
        size: The size of each value.
        text: The text of each value.
        begins: Where the slices begin.
        digest: Returns the digest of a text.
        sign: -1 if sizes are negated, so that the smallest digests count.
    """
    ends = np.append(begins[1:], len(size))
    stays = ~np.isnan(size)
    for place in np.flatnonzero(ends - begins > MAX_EXTREME_VALUES):
        begin, end = begins[place], ends[place]
        here = size[begin:end]
        if np.isnan(here[0]):  # all of a kind have a size, or none
            continue
        least = np.partition(here, len(here) - MAX_EXTREME_VALUES)[len(here) - MAX_EXTREME_VALUES]
        above, level = here > least, np.flatnonzero(here == least)
        room = MAX_EXTREME_VALUES - int(above.sum())
        if len(level) > room:
            digests = [digest(one) for one in text[begin + level]]
            level = level[sorted(range(len(level)), key=digests.__getitem__, reverse=sign > 0)[:room]]
        above[level] = True
        stays[begin:end] = above
    return np.flatnonzero(stays)


NO_TEXT = "\0"
"""Stands for the empty text, which sketches leave out; no other value equals it."""


class Pairs(NamedTuple):
    """Different values of each slice, sorted by slice.

    Attributes:
        slice: The slice.
        text: The text.
        n: How often it was sent.
        hours: Bits of the hours in which it was sent.
        clients: Bits of its clients.
    """

    slice: Codes
    text: Codes
    n: Codes
    hours: Codes
    clients: Codes


def compute_slice_states(batch: Batch, log2: int) -> pa.RecordBatch:
    """Computes rows of `learning.spark.STATES_SCHEMA` from a batch.

    There is one row per parameter, kind, day, part of the day and part of the clients.
    """
    sender, parameter, text = map(batch.numbers, ("sender", "parameter", "text"))
    day, hour = batch.numbers("day"), batch.numbers("hour")
    texts = prepare_texts(batch.texts)
    held = batch.senders.column("is_held").to_numpy().astype(np.int64)
    first_day = int(day.min())
    when = (day - first_day) * 4 + 2 * (hour >= LATE_HOUR) + held[sender]
    width = int(when.max()) + 1
    slices, first = number_distinct((parameter * len(texts.kinds) + texts.kind[text]) * width + when)
    pairs = _pairs(slices, text, hour, _bits(batch)[sender])
    count = len(first)
    of_clients = compute_coupons(batch.senders.column("client").combine_chunks())
    known = pc.replace_with_mask(texts.text, pc.equal(texts.text, ""), pa.scalar(NO_TEXT))
    is_first = batch.numbers("is_first")
    keys = {
        name: batch.parameters.column(name).combine_chunks().take(pa.array(parameter[first]))
        for name in PARAMETER_KEY
    }
    return pa.RecordBatch.from_pydict(
        {
            **keys,
            "kind": pa.array([texts.kinds[one] for one in texts.kind[text[first]]], pa.string()),
            "day": pa.array(day[first].astype(np.int32)).cast(pa.date32()),
            "is_late": pa.array(hour[first] >= LATE_HOUR),
            "is_held": pa.array(held[sender[first]] == 1),
            "n": pa.array(np.bincount(slices, minlength=count)),
            "requests": pa.array(np.bincount(slices, is_first, count).astype(np.int64)),
            "clients": pa.array(build_sketches(slices, of_clients[sender], count, log2), pa.binary()),
            "values": pa.array(build_sketches(pairs.slice, compute_coupons(known)[pairs.text], count, log2), pa.binary()),
            **_value_columns(pairs, texts, count),
        }
    )  # fmt: skip


def _pairs(slices: Codes, text: Codes, hour: Codes, bits: Codes) -> Pairs:
    width = int(text.max()) + 1
    keys = slices * width + text
    order = np.argsort(keys)
    ordered = keys[order]
    begins = group_starts(ordered)
    return Pairs(
        ordered[begins] // width,
        ordered[begins] % width,
        np.diff(begins, append=len(keys)),
        np.bitwise_or.reduceat((1 << hour)[order], begins),
        np.bitwise_or.reduceat(bits[order], begins),
    )


def _bits(batch: Batch) -> Codes:
    return np.asarray([client_bit(client) for client in batch.senders.column("client").to_pylist()], np.int64)


def _value_columns(pairs: Pairs, texts: Texts, count: int) -> dict[str, pa.Array]:
    """Returns the columns made of the values: those after counts and sketches."""
    begins = np.searchsorted(pairs.slice, np.arange(count))
    kind = texts.kind[pairs.text[begins]]
    number, size = texts.number[pairs.text], texts.size[pairs.text]
    is_integer = texts.is_integer[pairs.text[begins]]
    integer = texts.integer[pairs.text]
    ends = np.append(begins[1:], len(pairs.slice))
    few = ends - begins <= MAX_DISTINCT_VALUES
    named = np.isin(kind, [place for place, name in enumerate(texts.kinds) if name in NAMED_KINDS])
    return {
        "integer_min": pa.array(np.minimum.reduceat(integer, begins), mask=~is_integer),
        "integer_max": pa.array(np.maximum.reduceat(integer, begins), mask=~is_integer),
        "classes": _class_counts(pairs, texts, begins),
        "is_open": pa.array(~(few & named)),
        "common": _kept_texts(pairs, texts, (few & named)[pairs.slice], begins),
        "high": _extreme_columns(
            pairs, texts, select_extremes(size, pairs.text, begins, texts.digest), size, begins
        ),
        "low": _extreme_columns(
            pairs, texts, select_extremes(-number, pairs.text, begins, texts.digest, -1), number, begins
        ),
        "peaks": _peaks(pairs, number, begins),
        "prefix": _prefixes(pairs, texts, begins, ends, kind),
    }


def _class_counts(pairs: Pairs, texts: Texts, begins: Codes) -> pa.Array:
    classes = classify_texts(texts)[pairs.text]
    each = [np.add.reduceat(np.where(classes & bit, pairs.n, 0), begins) for bit in BITS.values()]
    return _matrix_to_lists(np.stack(each, axis=1), pa.int64())


def _peaks(pairs: Pairs, number: Numbers, begins: Codes) -> pa.Array:
    """Returns the largest number of each of `HOURS`, NULL where there is none."""
    some = np.flatnonzero(~np.isnan(number))
    found = np.full((len(begins), HOURS), np.nan)
    if len(some):
        slices, hours, numbers = pairs.slice[some], pairs.hours[some], number[some]
        starts = group_starts(slices)
        for hour in range(HOURS):
            sent = np.where(hours >> hour & 1, numbers, np.nan)
            found[slices[starts], hour] = np.fmax.reduceat(sent, starts)
    return _matrix_to_lists(found, pa.float64())


def _matrix_to_lists(rows: Any, kind: pa.DataType) -> pa.Array:
    """Returns the rows of a matrix as lists; NaN becomes NULL."""
    flat = pa.array(rows.ravel(), kind, from_pandas=True)
    return pa.ListArray.from_arrays(pa.array(np.arange(len(rows) + 1) * rows.shape[1], pa.int32()), flat)


def _kept_texts(pairs: Pairs, texts: Texts, kept: Any, begins: Codes) -> pa.Array:
    some = np.flatnonzero(kept)
    values = [
        shorten_value(text, digest(text)) for text in texts.text.take(pa.array(pairs.text[some])).to_pylist()
    ]
    return _to_lists(DISTINCT_VALUES_SCHEMA, [pa.array(values, pa.string())], pairs, some, begins)


def _extreme_columns(pairs: Pairs, texts: Texts, some: Codes, size: Numbers, begins: Codes) -> pa.Array:
    digests = pa.array([texts.digest(one) for one in pairs.text[some]], pa.string())
    return _to_lists(EXTREME_VALUES_SCHEMA, [pa.array(size[some]), digests], pairs, some, begins)


def _to_lists(schema: Any, columns: list[pa.Array], pairs: Pairs, some: Codes, begins: Codes) -> pa.Array:
    """Returns some pairs as one list of structs per slice."""
    kind = to_arrow_type(schema)
    columns = [*columns, pa.array(pairs.n[some]), pa.array(pairs.clients[some])]
    flat = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
    offsets = np.append(np.searchsorted(pairs.slice[some], np.arange(len(begins))), len(some))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat)


def _prefixes(pairs: Pairs, texts: Texts, begins: Codes, ends: Codes, kind: Codes) -> pa.Array:
    found: list[str | None] = [None] * len(begins)
    of_text = texts.kinds.index(TEXT) if TEXT in texts.kinds else -1
    for place in np.flatnonzero(kind == of_text):
        theirs = texts.text.take(pa.array(pairs.text[begins[place] : ends[place]]))
        outer = pc.min_max(theirs).as_py()
        found[place] = shared_prefix(*(outer[end][:PREFIX_CHARACTERS] for end in ("min", "max")))
    return pa.array(found, pa.string())
