"""What moves with the clock or with a counter: however many values have it now, it is neither constant nor complete.

A month of traffic cannot show that `2026-11-` is followed by `2026-12-`, and no test within that month can. So nothing is closed
over what has the form of a time or of a counter; what is lost by that is a narrower schema, never a valid request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

SEPARATORS = "-_.:/"
"""What separates the parts of a value. A prefix ends with one of these, or it is a chance that few values make."""
_PART = re.compile(rf"[^{re.escape(SEPARATORS)} ]+")
_NUMBER = re.compile(r"[0-9]+")
_STANDARDS = frozenset(
    "md5 sha1 sha224 sha256 sha384 sha512 utf8 utf16 base32 base64 crc32 oauth2 s3 ec2 ipv4 ipv6 mp3 mp4 h264 h265 x86 x64 arm64 "
    "amd64 i18n l10n k8s p12 x509 rs256 es256 hs256 ed25519 utf-8 utf-16 iso8859-1 iso-8859-1 iso-8859-15 windows-1252".split()
)
"""Names with a number in them that neither clock nor counter moves."""
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
"""Words that take turns with the clock: all of a cycle are a set, a part of one is what the window held."""
_TURNS = frozenset(word for cycle in _CYCLES for word in cycle)
_COUNTERS = frozenset(
    "v ver version rel release r rev revision build b batch run job sprint iteration patch snapshot seq sequence serial no nr "
    "num number week wk w kw cw fy cy year day episode edition issue round deploy deployment migration tag rc beta "
    "alpha epoch id".split()
)
"""Words before a number that counts, and names of parameters whose numbers do."""
_COUNTED_NAME = frozenset(
    "id ids no nr num number seq sequence serial build version ver rev revision release batch offset cursor since until after "
    "before time timestamp ts epoch year week".split()
)
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VERSION = re.compile(r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?![0-9.])")
COUNTING_FROM, SMALLEST_COUNTER = 1, 10
"""Numbers that follow each other from 0 or 1 on, or stay below ten, are steps (`level-1`, `a4`), no counter's last."""
_UNIX = {10: 1, 13: 1000}
_LATEST_UNIX = 4_102_444_800
"""2100: larger numbers of ten digits are no times."""


def fixed_beginning(prefix: str) -> str:
    """The part of a prefix, which ends with a separator, before the first part that may move."""
    for part in _PART.finditer(prefix):
        if _may_move(part[0]):
            return prefix[: part.start()]
    return prefix


def is_counter_name(name: str) -> bool:
    """Whether the name of a parameter says that its numbers identify or count: the largest of them is passed one day."""
    parts = _NAME_PART.findall(name)
    return bool(parts) and parts[-1].lower() in _COUNTED_NAME


def follows_clock_or_counter(
    values: Iterable[str], name: str, first_day: date | None, last_day: date | None
) -> bool:
    """Whether a set of values, seen from the first to the last day, may be what clock or counter just showed of a longer row."""
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
    """Whether texts show some words of a cycle, not all: two of one, or one in every text (a lone `summer` is any word)."""
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
    """Whether a word that counts stands before a number, or the text is a version of three parts."""
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
    """Years that are as near to the traffic as a clock's next turn; any of two centuries where its time is unknown."""
    if first_day is None or last_day is None:
        return range(1900, 2101)
    return range(first_day.year - 1, last_day.year + 2)


def _is_near(text: str, years: range) -> bool:
    """Whether a number of the text is a time near the traffic: a year, year and month, a date, a Unix time."""
    return any(_year_of(digits) in years for digits in _NUMBER.findall(text))


def _year_of(digits: str) -> int | None:
    """The year that digits alone may stand for, however they are written."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) in _UNIX:
        seconds = int(digits) // _UNIX[len(digits)]
        return (
            datetime.fromtimestamp(seconds).year if seconds < _LATEST_UNIX else None
        )  # the year is near either way
    for form, length in (("%Y%m", 6), ("%y%m%d", 6), ("%Y%m%d", 8), ("%Y%m%d%H%M%S", 14)):
        if len(digits) == length:
            try:
                return datetime.strptime(digits, form).year  # only the year is asked for
            except ValueError:
                continue
    return None


def _follow(texts: Sequence[str]) -> bool:
    """Whether texts that differ in one number only follow each other, and did not begin here."""
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
