"""Shared parts of loops over bytes: hashing, byte classes, compilation."""

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
"""Slots (hashes), groups of each slot (a bit per group; 0 = empty slot), number of groups. Open addressing, 2^n slots."""

OFFSET: Final = np.uint64(0xCBF29CE484222325)
PRIME: Final = np.uint64(0x100000001B3)
"""Fowler-Noll-Vo 1a, 64 bit (draft-eastlake-fnv): one multiplication per byte; a forged collision only sets a flag."""

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


BYTE_CLASSES: Final = _byte_classes()


def kernel_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a function that kernels call.

    It is never cached itself, because its cache would outlive changes of the functions that it calls.
    """
    return numba.njit(nogil=True)(function)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles `function` at its first call, or loads it from the cache on disk.

    Executors import this module from an archive, possibly as a user without a home directory. If there is no writable folder
    for the cache, each worker process compiles once and keeps the result for all its tasks.
    """
    try:
        cached = numba.njit(cache=True, nogil=True)(function)
        folder = Path(str(cached.stats.cache_path))
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return cached
    except (RuntimeError, OSError):  # numba found no folder, or the system refuses to write there
        return kernel_part(function)
