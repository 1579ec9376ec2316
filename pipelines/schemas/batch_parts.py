"""What was read of one part (the path, the query, ...) of many requests, in columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.schemas.batches import Codes
from pipelines.schemas.sent_pairs import Observed

Names = dict[tuple[str, str], int]
"""Location and name → their number in a batch."""
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


class Part(NamedTuple):
    """Values, flat: the number of location and name, the text, its JSON type, is_first; and how many each request has."""

    places: Codes
    values: pa.Array
    types: pa.Array
    is_first: Flags
    counts: Codes


def part_of(found: Iterable[Iterable[Observed]], names: Names, requests: Codes, count: int) -> Part:
    """What was found in each of some requests, of which there are `count`."""
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
