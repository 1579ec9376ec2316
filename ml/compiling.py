"""What compiled loops over bytes share: constants of hashing, classes of bytes, and how a function is compiled.

Values here are frozen into cached kernels, which are renewed only when `ml/kernels.py` changes: they never change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np

OFFSET: Final = np.uint64(0xCBF29CE484222325)
PRIME: Final = np.uint64(0x100000001B3)
"""Fowler-Noll-Vo 1a, 64 bit (draft-eastlake-fnv): one multiplication a byte; a forged collision sets one flag."""

DIGIT, LOWER, UPPER, HEX = 1, 2, 4, 8
LETTER, WORD = LOWER | UPPER, LOWER | UPPER | DIGIT
MARKERS: Final = tuple(b":;,=@~!*")


def _byte_classes() -> np.ndarray[Any, np.dtype[np.uint8]]:
    classes = np.zeros(256, np.uint8)
    classes[ord("0") : ord("9") + 1] = DIGIT | HEX
    classes[ord("a") : ord("z") + 1] = LOWER
    classes[ord("A") : ord("Z") + 1] = UPPER
    for letter in b"abcdefABCDEF":
        classes[letter] |= HEX
    return classes


CLASSES: Final = _byte_classes()


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled at its first call or taken from the disk's cache.

    Executors import this module from a zip and perhaps as a user without a home. Where numba finds no folder that can
    hold its cache, each worker process compiles once and keeps the result for all of its tasks.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]
    except (RuntimeError, OSError):
        return numba.njit(nogil=True)(function)  # type: ignore[no-any-return]
