"""Compiled kernels that fill the features of paths, hosts, queries and flags."""

from __future__ import annotations

from typing import Final

from ml.requests.columns import HOST_COLUMNS, PATH_COLUMNS, QUERY_COLUMNS, Host, Path, Query
from ml.requests.compiling import (
    BYTE_CLASSES,
    DIGIT,
    HEX,
    LOWER,
    MARKERS,
    UPPER,
    WORD,
    Bytes,
    Floats,
    Longs,
    WordTable,
    kernel,
    kernel_part,
)
from ml.requests.tokens import count_if, find_groups, find_word_groups, hash_word, write_groups

DOT, DASH, UNDERSCORE = b".-_"


@kernel_part
def _is_version(data: Bytes, start: int, end: int) -> bool:
    """Returns whether a segment is a version such as `v1`, `v2.1` or `v1beta2`.

    A v and a digit, then digits, dots or lower-case letters; at most 8 bytes.
    """
    if not 2 <= end - start <= 8 or data[start] | 0x20 != 118 or not BYTE_CLASSES[data[start + 1]] & DIGIT:
        return False
    for i in range(start + 2, end):  # noqa: SIM110  # numba compiles no generators inside all()
        if not (BYTE_CLASSES[data[i]] & (DIGIT | LOWER) or data[i] == DOT):
            return False
    return True


@kernel_part
def _is_date(data: Bytes, start: int, end: int) -> bool:
    """Returns whether a segment starts with a date such as `2024-05-31`."""
    if end - start < 10 or data[start + 4] != DASH or data[start + 7] != DASH:
        return False
    for i in (0, 1, 2, 3, 5, 6, 8, 9):  # noqa: SIM110  # see above
        if not BYTE_CLASSES[data[start + i]] & DIGIT:
            return False
    return True


@kernel_part
def count_segment(
    data: Bytes, start: int, end: int, depth: int, after_plural: bool, out: Floats, row: int, base: int
) -> tuple[bool, bool]:
    """Counts one non-empty segment; returns (is identifier, is plural)."""
    length = end - start
    digits, lowers, hexes, dashes, scores, dots, camels = 0, 0, 0, 0, 0, 0, 0
    for i in range(start, end):
        kind = BYTE_CLASSES[data[i]]
        digits += kind & DIGIT
        lowers += (kind & LOWER) != 0
        hexes += (kind & HEX) != 0
        dashes += data[i] == DASH
        scores += data[i] == UNDERSCORE
        dots += data[i] == DOT
        camels += i > start and (kind & UPPER) != 0 and (BYTE_CLASSES[data[i - 1]] & LOWER) != 0
    version, date = _is_version(data, start, end), _is_date(data, start, end)
    number = digits == length
    uuid = length == 36 and dashes == 4 and hexes == 32
    hexadecimal = length >= 16 and hexes == length and not number
    opaque = (
        length >= 6 and digits >= 2 and dots == 0 and not (number or uuid or hexadecimal or version or date)
    )
    identifier = number or uuid or hexadecimal or opaque
    plural = length >= 4 and data[end - 1] == 115 and lowers + dashes + scores == length
    count_if(number, out, row, base + Path.NUMBERS)
    count_if(number and length >= 5, out, row, base + Path.LONG_NUMBERS)
    count_if(uuid, out, row, base + Path.UUIDS)
    count_if(hexadecimal, out, row, base + Path.HEXES)
    count_if(opaque, out, row, base + Path.OPAQUE)
    count_if(identifier, out, row, base + Path.IDENTIFIER_SHARE)
    count_if(plural, out, row, base + Path.PLURALS)
    count_if(identifier and after_plural, out, row, base + Path.IDENTIFIER_AFTER_PLURAL)
    count_if(version, out, row, base + Path.VERSION)
    count_if(version and depth < 2, out, row, base + Path.VERSION_EARLY)
    count_if(date, out, row, base + Path.DATE)
    count_if(digits > 0 and dots > 0 and dots + digits == length, out, row, base + Path.DECIMAL)
    count_if(dashes >= 3 and not uuid and not date, out, row, base + Path.SLUG)
    if camels:
        out[base + Path.CAMELS, row] += camels
    out[base + Path.LONGEST, row] = max(out[base + Path.LONGEST, row], length)
    return identifier, plural


SLASH, AMPERSAND, EQUALS, COLON, PERCENT, PARENTHESIS, BRACKET, BRACE = b"/&=:%([{"

KERNEL_PARTS_DIGEST: Final = "9a9eb0b31311"
"""Start of the SHA-256 of the modules imported above. numba renews a cached kernel only when the kernel's own file
changes, so this line has to change with those files; a test compares it."""


@kernel_part
def _bytes_of_path(data: Bytes, start: int, end: int, out: Floats, row: int, base: int) -> None:
    """Fills shares and counts that do not depend on segments."""
    digits, uppers = 0, 0
    for i in range(start, end):
        byte = data[i]
        kind = BYTE_CLASSES[byte]
        digits += kind & DIGIT
        uppers += (kind & UPPER) != 0
        if kind & WORD or byte == SLASH:
            continue
        count_if(byte == DASH, out, row, base + Path.DASHES)
        count_if(byte == UNDERSCORE, out, row, base + Path.UNDERSCORES)
        count_if(byte == DOT, out, row, base + Path.DOTS)
        count_if(byte == PERCENT, out, row, base + Path.ESCAPES)
        count_if(byte == PARENTHESIS, out, row, base + Path.PARENTHESES)
        count_if(byte in MARKERS, out, row, base + Path.MARKERS)
    length = end - start
    out[base + Path.LENGTH, row] = length
    out[base + Path.DIGIT_SHARE, row] = digits / max(length, 1)
    out[base + Path.UPPER_SHARE, row] = uppers / max(length, 1)


@kernel_part
def _last_segment(
    data: Bytes,
    start: int,
    end: int,
    extensions: WordTable,
    out: Floats,
    row: int,
    base: int,
    column: int,
) -> None:
    """Fills the columns of the last non-empty segment.

    The classes of its extension go to `column` and the columns after it.
    """
    digits = 0
    for i in range(start, end):
        digits += BYTE_CLASSES[data[i]] & DIGIT
    out[base + Path.LAST_LENGTH, row] = end - start
    out[base + Path.LAST_DIGIT_SHARE, row] = digits / max(end - start, 1)
    out[base + Path.HIDDEN, row] = end > start and data[start] == DOT
    dot = end - 1
    while dot > start and end - dot <= 12 and BYTE_CLASSES[data[dot]] & WORD:
        dot -= 1
    if dot > start and data[dot] == DOT and dot < end - 1 and BYTE_CLASSES[data[dot + 1]] & WORD:
        groups = find_groups(hash_word(data, dot + 1, end), extensions[0], extensions[1])
        out[base + Path.HAS_EXTENSION, row] = 1
        out[base + Path.EXTENSION_LENGTH, row] = end - dot - 1
        write_groups(groups, out, row, column)


@kernel
def fill_paths(
    data: Bytes, offsets: Longs, words: WordTable, extensions: WordTable, out: Floats, base: int
) -> None:
    """Fills the columns of paths.

    They are `Path`, one per path word (anywhere), the same for the first two segments, and one per extension.

    `words` and `extensions` are (slots, groups of each slot, number of groups); `offsets` has one more entry than there are
    rows.
    """
    early, ending = base + PATH_COLUMNS + words[2], base + PATH_COLUMNS + 2 * words[2]
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        _bytes_of_path(data, start, end, out, row, base)
        out[base + Path.ENDS_IN_SLASH, row] = end > start and data[end - 1] == SLASH
        depth, first, last, all_groups, early_groups, hashes = 0, start, (start, start), 0, 0, 0
        identifier, plural = False, False
        for i in range(start, end + 1):
            if i < end and data[i] != SLASH:
                continue
            if i > first:
                groups, hashes = find_word_groups(data, first, i, words[0], words[1])
                identifier, plural = count_segment(data, first, i, depth, plural, out, row, base)
                all_groups, last = all_groups | groups, (first, i)
                early_groups = early_groups | groups if depth < 2 else early_groups
                depth += 1
            elif start < i < end:
                out[base + Path.EMPTY_SEGMENTS, row] += 1
            first = i + 1
        out[base + Path.DEPTH, row] = depth
        out[base + Path.IDENTIFIER_SHARE, row] /= max(depth, 1)
        out[base + Path.LAST_IS_IDENTIFIER, row] = identifier
        write_groups(all_groups, out, row, base + PATH_COLUMNS)
        write_groups(early_groups, out, row, early)
        _last_segment(data, last[0], last[1], extensions, out, row, base, ending)
        out[base + Path.HASHED_NAME, row] = hashes > 0 and out[base + Path.HAS_EXTENSION, row] > 0


@kernel
def fill_hosts(data: Bytes, offsets: Longs, words: WordTable, out: Floats, base: int) -> None:
    """Fills the columns of hosts: `Host`, then one per host word.

    Words of the last two labels (the registered domain) are ignored.

    Digits and dashes of a name are not counted: they distinguish sites, not API calls from pages.
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        labels, digits, colons, inner, outer = 1, 0, 0, start, start
        for i in range(start, end):
            digits += BYTE_CLASSES[data[i]] & DIGIT
            colons += data[i] == COLON
            if data[i] == DOT:
                labels, inner, outer = labels + 1, outer, i
        name = inner if labels > 2 else (outer if labels == 2 else end)
        groups, _ = find_word_groups(data, start, name, words[0], words[1])
        out[base + Host.LABELS, row] = labels
        out[base + Host.HAS_PORT, row] = colons == 1
        out[base + Host.IS_ADDRESS, row] = digits > 0 and digits + labels - 1 + colons == end - start
        write_groups(groups, out, row, base + HOST_COLUMNS)


@kernel
def fill_queries(
    data: Bytes, offsets: Longs, words: WordTable, formats: WordTable, out: Floats, base: int
) -> None:
    """Fills the columns of queries: `Query`, then one per query word.

    Query words are whole parameter names.
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        digits, groups, first, equals = 0, 0, start, -1
        for i in range(start, end + 1):
            byte = data[i] if i < end else AMPERSAND
            if i < end:
                digits += BYTE_CLASSES[byte] & DIGIT
                count_if(byte == BRACKET, out, row, base + Query.BRACKETS)
                count_if(byte == BRACE, out, row, base + Query.BRACES)
            if byte == EQUALS and equals < 0:
                equals = i
            if byte != AMPERSAND:
                continue
            if i > first:
                groups |= find_groups(
                    hash_word(data, first, equals if equals >= 0 else i), words[0], words[1]
                )
                out[base + Query.PARAMETERS, row] += 1
                if equals >= 0 and find_groups(hash_word(data, equals + 1, i), formats[0], formats[1]):
                    out[base + Query.NAMES_FORMAT, row] = 1
            first, equals = i + 1, -1
        out[base + Query.LENGTH, row] = end - start
        out[base + Query.DIGIT_SHARE, row] = digits / max(end - start, 1)
        write_groups(groups, out, row, base + QUERY_COLUMNS)


@kernel
def fill_flags(packed: Longs, shifts: Longs, masks: Longs, codes: Longs, out: Floats, base: int) -> None:
    """Fills one column per flag.

    It is 1 if the code in the field (shift, mask) is in the set `codes` (a bit per code).
    """
    for row in range(len(packed)):
        for flag in range(len(shifts)):
            code = (packed[row] >> shifts[flag]) & masks[flag]
            if (codes[flag] >> code) & 1:
                out[base + flag, row] = 1
