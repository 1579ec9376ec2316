"""The different texts of a batch as arrays: numbers, sizes, classes, digests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.http.value_formats import ARRAY, NUMBER_KINDS, UNFORMATTED_KINDS, VALUE_FORMATS
from pipelines.http.value_patterns import classes_of
from pipelines.schemas.extraction.batch import Codes
from pipelines.schemas.statistics.evidence import SIZED_KINDS
from pipelines.schemas.statistics.value_counts import digest

INTEGERS = tuple(one.kind for one in VALUE_FORMATS if one.type == "integer")
"""Kinds of integers within 64 bits."""
_OTHER = 128
_CLASS_OF_BYTE = np.array(
    [classes_of(chr(byte) if byte < _OTHER else "\x80") for byte in range(256)], np.int64
)
"""The class of characters of each byte.

In UTF-8, bytes from 128 on are parts of one character of the class "other".
"""
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Texts:
    """The different texts of a batch.

    `number` and `size` are NaN for texts without one.
    """

    text: pa.Array
    kinds: list[str]
    kind: Codes
    number: Numbers
    size: Numbers
    integer: Codes
    is_integer: np.ndarray[tuple[int], np.dtype[np.bool_]]
    digests: dict[int, str] = field(default_factory=dict)

    def digest(self, place: int) -> str:
        """Returns `value_counts.digest` of a text, computed once."""
        found = self.digests.get(place)
        if found is None:
            found = self.digests[place] = digest(self.text[int(place)].as_py())
        return found

    def are(self, *kinds: str) -> Any:
        """Returns which of the texts are of these kinds."""
        return np.isin(self.kind, [place for place, name in enumerate(self.kinds) if name in kinds])


def prepare_texts(table: pa.Table) -> Texts:
    """Computes the numbers, sizes and integers of a batch's texts."""
    text = table.column("text").combine_chunks()
    encoded = table.column("kind").combine_chunks()
    kinds, kind = (
        encoded.dictionary.to_pylist(),
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
    )
    of = {
        name: np.isin(kind, [place for place, one in enumerate(kinds) if one in group])
        for name, group in _GROUPS.items()
    }
    number, size = np.full(len(kind), np.nan), np.full(len(kind), np.nan)
    for target, group in ((number, of["number"]), (size, of["array"])):
        some = np.flatnonzero(group)
        target[some] = [float(one) for one in text.take(pa.array(some)).to_pylist()]
    size = np.where(of["number"], number, size)
    lengths = pc.utf8_length(text).to_numpy(zero_copy_only=False)
    size = np.where(of["sized"], lengths, size)
    integer = np.zeros(len(kind), np.int64)
    some = np.flatnonzero(of["integer"])
    integer[some] = text.take(pa.array(some)).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return Texts(text, kinds, kind, number, size, integer, of["integer"])


def classify_texts(texts: Texts) -> Codes:
    """Returns the character classes of each text of a kind without format, else 0.

    They are those of `value_patterns.classes_of`.
    """
    found = np.zeros(len(texts.kind), np.int64)
    some = np.flatnonzero(texts.are(*UNFORMATTED_KINDS))
    some = some[pc.binary_length(texts.text).to_numpy(zero_copy_only=False)[some] > 0]
    if len(some):
        whole = texts.text.take(pa.array(some)).cast(pa.large_binary())
        offsets = np.frombuffer(whole.buffers()[1], np.int64)[: len(some) + 1]
        content = np.frombuffer(whole.buffers()[2], np.uint8)[: offsets[-1]]
        found[some] = np.bitwise_or.reduceat(_CLASS_OF_BYTE[content], offsets[:-1])
    return found


_GROUPS = {"number": NUMBER_KINDS, "array": (ARRAY,), "sized": SIZED_KINDS, "integer": INTEGERS}
