"""Compiled pieces of the kernels: tokens of a text and the groups of words that they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.requests.compiling import CLASSES, DIGIT, OFFSET, PRIME, UPPER, WORD, Bytes, Floats, Longs, helper

Slots = npt.NDArray[np.uint64]


@helper
def find_groups(word: np.uint64, slots: Slots, marks: Longs) -> Any:
    """Groups of a hashed word; 0 where the table does not hold it."""
    mask = np.uint64(len(slots) - 1)
    slot = word & mask
    while marks[slot] != 0:
        if slots[slot] == word:
            return marks[slot]
        slot = (slot + np.uint64(1)) & mask
    return 0


@helper
def hash_word(data: Bytes, start: int, end: int) -> np.uint64:
    """Hash of the bytes with ASCII letters in lower case."""
    word = OFFSET
    for i in range(start, end):
        byte = data[i] | 0x20 if CLASSES[data[i]] & UPPER else data[i]
        word = (word ^ np.uint64(byte)) * PRIME
    return word


@helper
def find_word_groups(data: Bytes, start: int, end: int, slots: Slots, marks: Longs) -> tuple[int, int]:
    """Groups of all tokens (also without trailing digits: `api2`), and how many may be hashes of content."""
    found, hashes, first, digits, trailing = 0, 0, start, 0, 0
    for i in range(start, end + 1):
        kind = CLASSES[data[i]] if i < end else 0
        if kind & WORD:
            digits += kind & DIGIT
            trailing = trailing + 1 if kind & DIGIT else 0
            continue
        length = i - first
        if 0 < length <= 24:
            found |= find_groups(hash_word(data, first, i), slots, marks)
            if 0 < trailing < length:
                found |= find_groups(hash_word(data, first, i - trailing), slots, marks)
        hashes += length >= 8 and 0 < digits < length
        first, digits, trailing = i + 1, 0, 0
    return found, hashes


@helper
def write_groups(found: int, out: Floats, row: int, column: int) -> None:
    """A 1 in the column of each group that was found; few are, so only those are touched."""
    while found:
        if found & 1:
            out[column, row] = 1
        found >>= 1
        column += 1


@helper
def count_if(condition: bool, out: Floats, row: int, column: int) -> None:
    """One more in a column. The guard matters: most counts stay 0, and each column is a page of its own."""
    if condition:
        out[column, row] += 1
