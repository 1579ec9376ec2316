"""HyperLogLog sketches of many groups at once, in the bytes that Spark's `hll_*` functions read (Apache DataSketches, HLL_8).

Spark's own aggregate is shown one value at a time, which for millions of values costs more than reading them.
"""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.schemas.batches import begins_of
from pipelines.schemas.text_hashes import hashed

Coupons = np.ndarray[tuple[int], np.dtype[np.int64]]
SLOT_BITS = 26
"""Of a coupon: below them the slot, above them the leading zeros and one."""
LEADING_MOST = 62
LIST_MOST = 7
"""Coupons that are listed; more are a set, and more than a set holds are registers."""
_VERSION, _FAMILY = 1, 7
_LIST, _SET, _HLL, _TARGET_8 = 0, 1, 2, 2 << 2
_COMPACT, _EMPTY, _OUT_OF_ORDER = 8, 4, 16


def coupons(texts: pa.Array) -> Coupons:
    """What a sketch keeps of each text, -1 of the empty one, which sketches leave out."""
    first, second = hashed(texts)
    slots = (first & np.uint64((1 << SLOT_BITS) - 1)).astype(np.int64)
    zeros = np.minimum(64 - _bit_length(second), LEADING_MOST)
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    return np.where(lengths == 0, -1, (zeros + 1) << SLOT_BITS | slots)


def _bit_length(words: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> Coupons:
    """Digits of each number in base 2: halves first, as a double holds 53 bits only."""
    high = (words >> np.uint64(32)).astype(np.float64)
    low = (words & np.uint64(0xFFFFFFFF)).astype(np.float64)
    return np.where(high > 0, np.frexp(high)[1] + 32, np.frexp(low)[1]).astype(np.int64)


def sketches(groups: Coupons, of: Coupons, count: int, log2: int) -> list[bytes]:
    """Groups 0 to `count` and the coupon of each of their members → a sketch of every group."""
    ordered = np.sort((groups << 32 | of)[of >= 0])
    distinct = ordered[begins_of(ordered)]
    ends = np.searchsorted(distinct >> 32, np.arange(count), side="right")
    members = (distinct & 0xFFFFFFFF).astype("<u4")
    begins = np.concatenate(([0], ends[:-1])) if count else ends
    return [_sketch(members[begin:end], log2) for begin, end in zip(begins, ends, strict=True)]


def _sketch(members: np.ndarray[tuple[int], np.dtype[np.uint32]], log2: int) -> bytes:
    size = len(members)
    if size <= LIST_MOST:
        flags = _COMPACT | (0 if size else _EMPTY)
        return bytes((2, _VERSION, _FAMILY, log2, 3, flags, size, _LIST | _TARGET_8)) + members.tobytes()
    if size <= 3 << (log2 - 5):  # three quarters of an eighth of the registers
        bits = max(5, (size * 4 // 3).bit_length())
        head = bytes((3, _VERSION, _FAMILY, log2, bits, _COMPACT, 0, _SET | _TARGET_8))
        return head + struct.pack("<I", size) + members.tobytes()
    return _registers(members, log2)


def _registers(members: np.ndarray[tuple[int], np.dtype[np.uint32]], log2: int) -> bytes:
    registers = np.zeros(1 << log2, np.uint8)
    slots = members & np.uint32((1 << log2) - 1)
    np.maximum.at(registers, slots, (members >> np.uint32(SLOT_BITS)).astype(np.uint8))
    inverse = np.ldexp(1.0, -registers.astype(np.int64))
    small = registers < 32
    zeros = int((registers == 0).sum())
    head = bytes((10, _VERSION, _FAMILY, log2, 0, _COMPACT | _OUT_OF_ORDER, 0, _HLL | _TARGET_8))
    sums = struct.pack("<dddII", 0.0, float(inverse[small].sum()), float(inverse[~small].sum()), zeros, 0)
    return head + sums + registers.tobytes()
