"""Compiled: what one segment of a path says."""

from __future__ import annotations

from ml.columns import Path
from ml.compiling import CLASSES, DIGIT, HEX, LOWER, UPPER, Bytes, Floats, piece
from ml.tokens import count

DOT, DASH, UNDERSCORE = b".-_"


@piece
def _is_version(data: Bytes, start: int, end: int) -> bool:
    """`v1`, `v2.1`, `v1beta2`: a v, a digit, then digits, dots or small letters; 8 bytes at most."""
    if not 2 <= end - start <= 8 or data[start] | 0x20 != 118 or not CLASSES[data[start + 1]] & DIGIT:
        return False
    for i in range(start + 2, end):  # noqa: SIM110  # numba compiles no generators inside all()
        if not (CLASSES[data[i]] & (DIGIT | LOWER) or data[i] == DOT):
            return False
    return True


@piece
def _is_date(data: Bytes, start: int, end: int) -> bool:
    """Starts like `2024-05-31`."""
    if end - start < 10 or data[start + 4] != DASH or data[start + 7] != DASH:
        return False
    for i in (0, 1, 2, 3, 5, 6, 8, 9):  # noqa: SIM110  # see above
        if not CLASSES[data[start + i]] & DIGIT:
            return False
    return True


@piece
def count_segment(
    data: Bytes, start: int, end: int, depth: int, after_plural: bool, out: Floats, row: int, base: int
) -> tuple[bool, bool]:
    """Counts one non-empty segment; returns (is identifier, is plural)."""
    length = end - start
    digits, lowers, hexes, dashes, scores, dots, camels = 0, 0, 0, 0, 0, 0, 0
    for i in range(start, end):
        kind = CLASSES[data[i]]
        digits += kind & DIGIT
        lowers += (kind & LOWER) != 0
        hexes += (kind & HEX) != 0
        dashes += data[i] == DASH
        scores += data[i] == UNDERSCORE
        dots += data[i] == DOT
        camels += i > start and (kind & UPPER) != 0 and (CLASSES[data[i - 1]] & LOWER) != 0
    version, date = _is_version(data, start, end), _is_date(data, start, end)
    number = digits == length
    uuid = length == 36 and dashes == 4 and hexes == 32
    hexadecimal = length >= 16 and hexes == length and not number
    opaque = (
        length >= 6 and digits >= 2 and dots == 0 and not (number or uuid or hexadecimal or version or date)
    )
    identifier = number or uuid or hexadecimal or opaque
    plural = length >= 4 and data[end - 1] == 115 and lowers + dashes + scores == length
    count(number, out, row, base + Path.NUMBERS)
    count(number and length >= 5, out, row, base + Path.LONG_NUMBERS)
    count(uuid, out, row, base + Path.UUIDS)
    count(hexadecimal, out, row, base + Path.HEXES)
    count(opaque, out, row, base + Path.OPAQUE)
    count(identifier, out, row, base + Path.IDENTIFIER_SHARE)
    count(plural, out, row, base + Path.PLURALS)
    count(identifier and after_plural, out, row, base + Path.IDENTIFIER_AFTER_PLURAL)
    count(version, out, row, base + Path.VERSION)
    count(version and depth < 2, out, row, base + Path.VERSION_EARLY)
    count(date, out, row, base + Path.DATE)
    count(digits > 0 and dots > 0 and dots + digits == length, out, row, base + Path.DECIMAL)
    count(dashes >= 3 and not uuid and not date, out, row, base + Path.SLUG)
    if camels:
        out[base + Path.CAMELS, row] += camels
    out[base + Path.LONGEST, row] = max(out[base + Path.LONGEST, row], length)
    return identifier, plural
