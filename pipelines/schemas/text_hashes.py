"""MurmurHash3 of many texts at once, as Apache DataSketches hashes what a sketch is shown (Appleby, 128 bits, seed 9001)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
SEED = 9001
"""DataSketches' default: only sketches of one seed merge."""
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
BLOCK, WORD = 16, 8
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def hashed(texts: pa.Array) -> tuple[Words, Words]:
    """Both 64-bit halves of each text's hash; the empty text's are of no use, as sketches leave it out."""
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
        first[some], second[some] = _mixed(words, lengths[some].astype(np.uint64))
    return first, second


def _words(
    every: Words,
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]],
    blocks: int,
) -> list[Words]:
    """The 64-bit words (little-endian) of each text, zeros after its end: one array for each place."""
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


def _mixed(words: list[Words], lengths: Words) -> tuple[Words, Words]:
    one = np.full(len(lengths), SEED, np.uint64)
    two = one.copy()
    for place in range(0, len(words) - 2, 2):
        one ^= _turned(words[place] * _C1, 31) * _C2
        one = (_turned(one, 27) + two) * np.uint64(5) + np.uint64(0x52DCE729)
        two ^= _turned(words[place + 1] * _C2, 33) * _C1
        two = (_turned(two, 31) + one) * np.uint64(5) + np.uint64(0x38495AB5)
    # the rest is shorter than a block: a word of zeros changes nothing
    two ^= _turned(words[-1] * _C2, 33) * _C1
    one ^= _turned(words[-2] * _C1, 31) * _C2
    one, two = one ^ lengths, two ^ lengths
    one = one + two
    two = two + one
    one, two = _finished(one), _finished(two)
    one = one + two
    return one, two + one


def _turned(word: Words, bits: int) -> Words:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


def _finished(word: Words) -> Words:
    for factor in (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)):
        word = (word ^ (word >> np.uint64(33))) * factor
    return word ^ (word >> np.uint64(33))
