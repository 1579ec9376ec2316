"""What loops over bytes share: constants of hashing, classes of bytes, how a function is compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
WordTable = tuple[npt.NDArray[np.uint64], Longs, int]
"""Slots (hashes), marks (groups; 0 = empty slot), number of groups. Open addressing, 2^n slots."""

OFFSET: Final = np.uint64(0xCBF29CE484222325)
PRIME: Final = np.uint64(0x100000001B3)
"""Fowler-Noll-Vo 1a, 64 bit (draft-eastlake-fnv): a multiplication a byte; a forged collision sets a flag."""

DIGIT, LOWER, UPPER, HEX = 1, 2, 4, 8
LETTER, WORD = LOWER | UPPER, LOWER | UPPER | DIGIT
MARKERS: Final = tuple(b":;,=@~!*")


def _byte_classes() -> Bytes:
    classes = np.zeros(256, np.uint8)
    classes[ord("0") : ord("9") + 1] = DIGIT | HEX
    classes[ord("a") : ord("z") + 1] = LOWER
    classes[ord("A") : ord("Z") + 1] = UPPER
    for letter in b"abcdefABCDEF":
        classes[letter] |= HEX
    return classes


CLASSES: Final = _byte_classes()


def helper(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that kernels call. Never cached itself: its cache would outlive changes of what it calls in turn."""
    return numba.njit(nogil=True)(function)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled at its first call or taken from the disk's cache.

    Executors import this module from an archive and perhaps as a user without a home. Where the cache has no folder
    that can be written, each worker process compiles once and keeps the result for all of its tasks.
    """
    try:
        cached = numba.njit(cache=True, nogil=True)(function)
        folder = Path(str(cached.stats.cache_path))
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return cached
    except (RuntimeError, OSError):  # numba: no folder at all; the system: not this one
        return helper(function)
