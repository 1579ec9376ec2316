"""HyperLogLog sketches of many texts at once, in Apache DataSketches' format.

Texts are hashed with MurmurHash3 (Appleby, 128 bits, seed 9001).
"""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.schemas.extraction.batch import group_starts

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
SEED = 9001
"""DataSketches' default: only sketches of the same seed merge."""
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
BLOCK, WORD = 16, 8
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def hash_texts(texts: pa.Array) -> tuple[Words, Words]:
    """Returns both 64-bit halves of each text's hash.

    The hash of the empty text is meaningless, as sketches leave it out.
    """
    whole = texts.cast(pa.large_binary())
    offsets = np.frombuffer(whole.buffers()[1], np.int64)[whole.offset : whole.offset + len(whole) + 1]
    data = whole.buffers()[2]
    content = data.to_pybytes() if data is not None else b""
    # a word at every byte; zeros at the end, so that the last text's words are whole
    every = np.ndarray((len(content) + 1,), "<u8", content + bytes(BLOCK), strides=(1,))
    first, second = np.zeros(len(whole), np.uint64), np.zeros(len(whole), np.uint64)
    lengths = np.diff(offsets)
    blocks = lengths // BLOCK
    order = np.argsort(blocks, kind="stable")
    ends = np.flatnonzero(np.diff(blocks[order], append=-1))
    begin = 0
    for end in ends:  # texts of as many whole blocks go through the same steps
        some = order[begin : end + 1]
        begin = int(end) + 1
        words = _words(every, offsets[some], lengths[some], int(blocks[some[0]]) + 1)
        first[some], second[some] = _mix(words, lengths[some].astype(np.uint64))
    return first, second


def _words(
    every: Words,
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]],
    blocks: int,
) -> list[Words]:
    """Returns the 64-bit words (little-endian) of each text, one array for each place.

    Words after the end of a text are zeros.
    """
    found = []
    for place in range(0, blocks * BLOCK, WORD):
        left = np.clip(lengths - place, 0, WORD).astype(np.uint64) * np.uint64(8)
        here = every[np.minimum(starts + place, len(every) - 1)]
        # shifting by 64 bits is undefined: none are kept where none are left
        found.append(
            np.where(
                left > 0, here & (_ALL >> (np.uint64(64) - np.maximum(left, np.uint64(8)))), np.uint64(0)
            )
        )
    return found


def _mix(words: list[Words], lengths: Words) -> tuple[Words, Words]:
    one = np.full(len(lengths), SEED, np.uint64)
    two = one.copy()
    for place in range(0, len(words) - 2, 2):
        one ^= _rotate_left(words[place] * _C1, 31) * _C2
        one = (_rotate_left(one, 27) + two) * np.uint64(5) + np.uint64(0x52DCE729)
        two ^= _rotate_left(words[place + 1] * _C2, 33) * _C1
        two = (_rotate_left(two, 31) + one) * np.uint64(5) + np.uint64(0x38495AB5)
    # the rest is shorter than a block: a word of zeros changes nothing
    two ^= _rotate_left(words[-1] * _C2, 33) * _C1
    one ^= _rotate_left(words[-2] * _C1, 31) * _C2
    one, two = one ^ lengths, two ^ lengths
    one = one + two
    two = two + one
    one, two = _finalise(one), _finalise(two)
    one = one + two
    return one, two + one


def _rotate_left(word: Words, bits: int) -> Words:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


def _finalise(word: Words) -> Words:
    for factor in (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)):
        word = (word ^ (word >> np.uint64(33))) * factor
    return word ^ (word >> np.uint64(33))


Coupons = np.ndarray[tuple[int], np.dtype[np.int64]]
SLOT_BITS = 26
"""Lowest bits of a coupon, its slot; above them are the leading zeros plus one."""
MAX_LEADING_ZEROS = 62
MAX_LIST_COUPONS = 7
"""Most coupons in a list; more are a set, and more than fit a set are registers."""
_VERSION, _FAMILY = 1, 7
_LIST, _SET, _HLL, _TARGET_8 = 0, 1, 2, 2 << 2
_COMPACT, _EMPTY, _OUT_OF_ORDER = 8, 4, 16


def compute_coupons(texts: pa.Array) -> Coupons:
    """Returns the coupon of each text: what a sketch keeps; -1 for the empty text."""
    first, second = hash_texts(texts)
    slots = (first & np.uint64((1 << SLOT_BITS) - 1)).astype(np.int64)
    zeros = np.minimum(64 - _bit_length(second), MAX_LEADING_ZEROS)
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    return np.where(lengths == 0, -1, (zeros + 1) << SLOT_BITS | slots)


def _bit_length(words: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> Coupons:
    """Returns the binary digits of each number; by halves, as a double has 53 bits."""
    high = (words >> np.uint64(32)).astype(np.float64)
    low = (words & np.uint64(0xFFFFFFFF)).astype(np.float64)
    return np.where(high > 0, np.frexp(high)[1] + 32, np.frexp(low)[1]).astype(np.int64)


def build_sketches(groups: Coupons, of: Coupons, count: int, log2: int) -> list[bytes]:
    """Builds a sketch of each group.

    Args:
        groups: The group of each member, from 0 to `count`.
        of: The coupon of each member.
        count: The number of groups.
        log2: The binary logarithm of the number of registers.
    """
    ordered = np.sort((groups << 32 | of)[of >= 0])
    distinct = ordered[group_starts(ordered)]
    ends = np.searchsorted(distinct >> 32, np.arange(count), side="right")
    members = (distinct & 0xFFFFFFFF).astype("<u4")
    begins = np.concatenate(([0], ends[:-1])) if count else ends
    return [_sketch(members[begin:end], log2) for begin, end in zip(begins, ends, strict=True)]


def _sketch(members: np.ndarray[tuple[int], np.dtype[np.uint32]], log2: int) -> bytes:
    size = len(members)
    if size <= MAX_LIST_COUPONS:
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
