"""Text that reads as a number: the grammar of JSON (RFC 8259 s. 6).

`007`, `+5`, `.5` and `0x1f` are not numbers in it. Learning, checking and comparing share this rule, so none of them takes for
a number what another takes for text.
"""

from __future__ import annotations

import math
import re

INTEGER_DIGITS = 19
"""Digits of an integer that is read exactly: those of 64 bits. A longer one is read as a double, as most JSON parsers do."""


def number_pattern(whole: int, fraction: int, exponent: int) -> str:
    """Returns a regular expression of decimal numbers, for any engine, not anchored.

    Args:
        whole: most digits before the decimal point.
        fraction: most digits after it.
        exponent: most digits of the exponent.
    """
    return (
        rf"-?(?:0|[1-9][0-9]{{0,{whole - 1}}})(?:\.[0-9]{{1,{fraction}}})?(?:[eE][+-]?[0-9]{{1,{exponent}}})?"
    )


_INTEGER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{INTEGER_DIGITS - 1}}})")
_NUMBER = re.compile(number_pattern(308, 340, 3))
"""Doubles: 1.8e308 at most, 4.9e-324 at least (IEEE 754 s. 3.4)."""


def parse_number(text: str) -> int | float | None:
    """Returns the number that a text reads as.

    None if it is not a number, or is one that a double cannot hold.
    """
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return None
