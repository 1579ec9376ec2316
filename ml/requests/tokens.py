"""Compiled helpers of the kernels: tokens of a text and their groups of words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.requests.compiling import (
    BYTE_CLASSES,
    DIGIT,
    OFFSET,
    PRIME,
    UPPER,
    WORD,
    Bytes,
    Floats,
    Longs,
    kernel_part,
)

Slots = npt.NDArray[np.uint64]


@kernel_part
def find_groups(word: np.uint64, slots: Slots, groups: Longs) -> Any:
    """Returns the groups of a hashed word; 0 if it is not in the table."""
    mask = np.uint64(len(slots) - 1)
    slot = word & mask
    while groups[slot] != 0:
        if slots[slot] == word:
            return groups[slot]
        slot = (slot + np.uint64(1)) & mask
    return 0


@kernel_part
def hash_word(data: Bytes, start: int, end: int) -> np.uint64:
    """Returns the hash of the bytes with ASCII letters in lower case."""
    word = OFFSET
    for i in range(start, end):
        byte = data[i] | 0x20 if BYTE_CLASSES[data[i]] & UPPER else data[i]
        word = (word ^ np.uint64(byte)) * PRIME
    return word


@kernel_part
def find_word_groups(data: Bytes, start: int, end: int, slots: Slots, groups_of: Longs) -> tuple[int, int]:
    """Returns the groups of all tokens, and how many may be hashes of content.

    Tokens are also looked up without trailing digits (`api2`).
    """
    groups, hashes, first, digits, trailing = 0, 0, start, 0, 0
    for i in range(start, end + 1):
        kind = BYTE_CLASSES[data[i]] if i < end else 0
        if kind & WORD:
            digits += kind & DIGIT
            trailing = trailing + 1 if kind & DIGIT else 0
            continue
        length = i - first
        if 0 < length <= 24:
            groups |= find_groups(hash_word(data, first, i), slots, groups_of)
            if 0 < trailing < length:
                groups |= find_groups(hash_word(data, first, i - trailing), slots, groups_of)
        hashes += length >= 8 and 0 < digits < length
        first, digits, trailing = i + 1, 0, 0
    return groups, hashes


@kernel_part
def write_groups(groups: int, out: Floats, row: int, column: int) -> None:
    """Writes 1 into the column of each group that was found.

    Few are, so only those columns are touched.
    """
    while groups:
        if groups & 1:
            out[column, row] = 1
        groups >>= 1
        column += 1


@kernel_part
def count_if(condition: bool, out: Floats, row: int, column: int) -> None:
    """Adds one to a column if the condition holds.

    The check saves time: most counts stay 0, and each column is on another page of memory.
    """
    if condition:
        out[column, row] += 1
