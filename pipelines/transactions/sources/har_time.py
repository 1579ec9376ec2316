"""When an entry of a HAR began, in the forms that tools write, as ISO 8601."""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK: Final = r"(?P<clock>\d\d:\d\d(?::\d\d)?)"
_ZONE: Final = r"(?P<zone>Z|z|UTC|GMT|(?:GMT|UTC)?[+-]\d\d:?\d\d)"
_FORMS: Final = (
    # ISO 8601, also with a comma (s. 4.2.2.4) and with more digits than a microsecond has (.NET writes seven)
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[Tt ]{_CLOCK}(?:[.,](?P<fraction>\d{{1,30}}))? ?{_ZONE}?",
    # HTTP and mail (RFC 9110 s. 5.6.7, RFC 5322 s. 3.3): Fri, 27 Nov 2026 10:00:00 GMT
    rf"(?:[A-Z][a-z]{{2,8}}, ?)?(?P<day>\d{{1,2}})[ -](?P<month>[A-Z][a-z]{{2}})[ -](?P<year>\d{{4}}) {_CLOCK} {_ZONE}",
    # JavaScript's Date.toString (ECMA-262 s. 21.4.4.41): Fri Nov 27 2026 10:00:00 GMT+0100 (CET)
    rf"[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) (?P<day>\d\d) (?P<year>\d{{4}}) {_CLOCK} {_ZONE}(?: \([^()]{{0,64}}\))?",
)
_PATTERNS: Final = tuple(re.compile(form, re.ASCII) for form in _FORMS)
_FRACTION_DIGITS: Final = 6  # microseconds: what a time stamp of the tables holds


def iso_time(text: str | None) -> str | None:
    """A time stamp as `2026-11-27T10:00:00.123456+01:00`; a text of no known form unchanged, no zone where none is said."""
    found = next((match for form in _PATTERNS if (match := form.fullmatch((text or "").strip()))), None)
    if found is None:
        return text
    parts = found.groupdict()
    month = parts["month"]
    number = month if month.isdigit() else f"{_MONTHS.index(month) + 1:02d}" if month in _MONTHS else "00"
    fraction = (parts.get("fraction") or "")[:_FRACTION_DIGITS]
    clock = parts["clock"] if parts["clock"].count(":") == 2 else f"{parts['clock']}:00"
    date = f"{parts['year']}-{number}-{int(parts['day']):02d}"
    return f"{date}T{clock}{'.' if fraction else ''}{fraction}{_offset(parts['zone'])}"


def _offset(zone: str | None) -> str:
    """`+0100`, `GMT+0100` → `+01:00`; GMT, UTC and z → Z; nothing for none."""
    if not zone:
        return ""
    digits = zone.upper().removeprefix("GMT").removeprefix("UTC").replace(":", "")
    return f"{digits[:3]}:{digits[3:]}" if digits[:1] in {"+", "-"} else "Z"
