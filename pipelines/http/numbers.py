"""Texts that read as a number: the grammar of JSON (RFC 8259 s. 6), in which `007`, `+5`, `.5` and `0x1f` are none.

One rule for learning, checking and comparing, so that none of them takes for a number what another takes for a text.
"""

from __future__ import annotations

import math
import re

INTEGER_DIGITS = 19
"""Of an integer that is read exactly: those of 64 bits. A longer one is read as a double, as most JSON parsers do."""


def number_pattern(whole: int, fraction: int, exponent: int) -> str:
    """A regular expression of decimal numbers with at most so many digits in each part, for any engine, without anchors."""
    return (
        rf"-?(?:0|[1-9][0-9]{{0,{whole - 1}}})(?:\.[0-9]{{1,{fraction}}})?(?:[eE][+-]?[0-9]{{1,{exponent}}})?"
    )


_INTEGER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{INTEGER_DIGITS - 1}}})")
_NUMBER = re.compile(number_pattern(308, 340, 3))
"""Doubles: 1.8e308 at most, 4.9e-324 at least (IEEE 754 s. 3.4)."""


def parse_number(text: str) -> int | float | None:
    """The number that a text reads as; None where it reads as none, or as one that no double holds."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return None
