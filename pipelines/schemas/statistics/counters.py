"""Recognises values that change with the clock or with a counter.

However many values have such a part now, it is neither constant nor complete. A month of traffic cannot show that `2026-11-` is
followed by `2026-12-`, and no test within that month can. So no prefix and no enum is inferred from values that look like a time
or a counter; the schema is wider for it, but no valid request is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

SEPARATORS = "-_.:/"
"""Characters that separate the parts of a value.

A prefix ends with one of these; otherwise it may be a coincidence among few values.
"""
_PART = re.compile(rf"[^{re.escape(SEPARATORS)} ]+")
_NUMBER = re.compile(r"[0-9]+")
_STANDARDS = frozenset(
    "md5 sha1 sha224 sha256 sha384 sha512 utf8 utf16 base32 base64 crc32 oauth2 s3 ec2 ipv4 ipv6 mp3 mp4 h264 h265 x86 x64 arm64 "
    "amd64 i18n l10n k8s p12 x509 rs256 es256 hs256 ed25519 utf-8 utf-16 iso8859-1 iso-8859-1 iso-8859-15 windows-1252".split()
)
"""Names with a number in them that neither clock nor counter changes."""
_CYCLES: tuple[tuple[str, ...], ...] = (
    tuple("jan feb mar apr may jun jul aug sep oct nov dec".split()),
    tuple("january february march april may june july august september october november december".split()),
    tuple("januar februar märz april mai juni juli august september oktober november dezember".split()),
    tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()),
    tuple("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()),
    tuple("mon tue wed thu fri sat sun".split()),
    tuple("monday tuesday wednesday thursday friday saturday sunday".split()),
    tuple("montag dienstag mittwoch donnerstag freitag samstag sonntag".split()),
    tuple("lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
    tuple("lunes martes miércoles jueves viernes sábado domingo".split()),
    tuple("spring summer autumn winter".split()),
    tuple("q1 q2 q3 q4".split()),
    tuple("1q 2q 3q 4q".split()),
)
"""Words that follow each other with the clock.

All words of a cycle are a complete set; some of them are what the window happened to contain.
"""
_TURNS = frozenset(word for cycle in _CYCLES for word in cycle)
_COUNTERS = frozenset(
    "v ver version rel release r rev revision build b batch run job sprint iteration patch snapshot seq sequence serial no nr "
    "num number week wk w kw cw fy cy year day episode edition issue round deploy deployment migration tag rc beta "
    "alpha epoch id".split()
)
"""Words that announce a counter when they stand before a number.

`_COUNTED_NAME` are names of parameters whose numbers count.
"""
_COUNTED_NAME = frozenset(
    "id ids no nr num number seq sequence serial build version ver rev revision release batch offset cursor since until after "
    "before time timestamp ts epoch year week".split()
)
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VERSION = re.compile(r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?![0-9.])")
COUNTING_FROM, SMALLEST_COUNTER = 1, 10
"""Consecutive numbers from 0 or 1 on, or below ten, are steps (`level-1`, `a4`).

They do not come from a counter.
"""
_UNIX = {10: 1, 13: 1000}
_LATEST_UNIX = 4_102_444_800
"""The year 2100: larger numbers of ten digits are not times."""


def fixed_beginning(prefix: str) -> str:
    """Returns the beginning of a prefix before the first part that may change.

    The prefix ends with a separator.
    """
    for part in _PART.finditer(prefix):
        if _may_move(part[0]):
            return prefix[: part.start()]
    return prefix


def is_counter_name(name: str) -> bool:
    """Returns whether a parameter's name says that its numbers identify or count.

    The largest of such numbers will be exceeded one day.
    """
    parts = _NAME_PART.findall(name)
    return bool(parts) and parts[-1].lower() in _COUNTED_NAME


def follows_clock_or_counter(
    values: Iterable[str], name: str, first_day: date | None, last_day: date | None
) -> bool:
    """Returns whether a set of values may be part of a longer sequence.

    The clock or a counter may have produced only some of its values between the first and the last day.
    """
    texts = sorted(set(values))
    if _is_part_of_a_cycle(texts):
        return True
    numbered = [text for text in map(_without_standards, texts) if _NUMBER.search(text)]
    if not numbered:
        return False
    if len(texts) == 1 or is_counter_name(name):
        return True
    near = _years(first_day, last_day)
    return any(_is_counted(text) or _is_near(text, near) for text in numbered) or _follow(numbered)


def _may_move(part: str) -> bool:
    lower = part.lower()
    return lower in _TURNS or (bool(_NUMBER.search(part)) and lower not in _STANDARDS)


def _without_standards(text: str) -> str:
    if text.lower() in _STANDARDS:
        return ""
    return _PART.sub(lambda part: "" if part[0].lower() in _STANDARDS else part[0], text)


def _is_part_of_a_cycle(texts: Sequence[str]) -> bool:
    """Returns whether texts contain some words of a cycle, not all.

    They must contain two words of one, or one in every text (a lone `summer` is any word).
    """
    words = [{part.lower() for part in _PART.findall(text)} for text in texts]
    seen = set().union(*words)
    shown = [seen.intersection(cycle) for cycle in _CYCLES]
    whole = {
        word
        for cycle, found in zip(_CYCLES, shown, strict=True)
        if len(found) == len(cycle)
        for word in found
    }
    rest = (seen & _TURNS) - whole
    is_time = all(one & _TURNS for one in words) or any(len(found - whole) > 1 for found in shown)
    return bool(rest) and is_time


def _is_counted(text: str) -> bool:
    """Returns whether a counter's word precedes a number, or there is a version a.b.c."""
    if _VERSION.search(text):
        return True
    before = ""
    for part in _PART.findall(text.lower()):
        head = part.rstrip("0123456789")
        if head != part and (head or before) in _COUNTERS:
            return True
        before = part
    return False


def _years(first_day: date | None, last_day: date | None) -> range:
    """Returns the years near the traffic; two centuries if its time is unknown.

    Near means within one year, which covers the next turn of a clock.
    """
    if first_day is None or last_day is None:
        return range(1900, 2101)
    return range(first_day.year - 1, last_day.year + 2)


def _is_near(text: str, years: range) -> bool:
    """Returns whether a number in the text is a time near the traffic.

    It may be a year, year and month, a date or a Unix time.
    """
    return any(_year_of(digits) in years for digits in _NUMBER.findall(text))


def _year_of(digits: str) -> int | None:
    """Returns the year that digits alone may stand for, in any common format."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) in _UNIX:
        seconds = int(digits) // _UNIX[len(digits)]
        # in any time zone the year is near enough
        return datetime.fromtimestamp(seconds).year if seconds < _LATEST_UNIX else None
    for pattern, length in (("%Y%m", 6), ("%y%m%d", 6), ("%Y%m%d", 8), ("%Y%m%d%H%M%S", 14)):
        if len(digits) == length:
            try:
                return datetime.strptime(digits, pattern).year  # only the year matters
            except ValueError:
                continue
    return None


def _follow(texts: Sequence[str]) -> bool:
    """Returns whether texts that differ in one number are consecutive.

    Numbers that start at 0 or 1, or stay below ten, do not count.
    """
    rows: dict[tuple[str, ...], set[int]] = {}
    for text in texts:
        around = _NUMBER.split(text)
        for place, digits in enumerate(_NUMBER.findall(text)):
            rest = [*_NUMBER.findall(text)]
            rest[place] = ""
            rows.setdefault((*around, *rest), set()).add(int(digits))
    return any(
        len(numbers) > 1
        and min(numbers) > COUNTING_FROM
        and max(numbers) >= SMALLEST_COUNTER
        and max(numbers) - min(numbers) < 2 * len(numbers)
        for numbers in rows.values()
    )
