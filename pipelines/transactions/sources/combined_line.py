r"""The line of an Apache or nginx access log as one expression, for detection (Python) and parsing (Java).

Accepted: common and combined log format with what `line_start` says before the time, and with anything after the user agent.
Quoted fields may hold `\"`, `\\` and `\xhh` (Apache mod_log_config, nginx `escape=default`). All repetitions are possessive or
bounded: matching is linear in the line, and Java does not recurse, so megabyte fields cannot overflow its stack. The syntax means
the same to `re` (3.11+, ASCII) and, after `java`, to `java.util.regex`.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.transactions.sources.line_start import QUOTED, START

_TIME: Final = (  # of Apache and nginx, with parts of a second and with or without a zone; or another form, as it is
    r"(?:(?P<day>\d\d)/(?P<month>[A-Za-z]{3})/(?P<year>\d{4})[: ](?P<clock>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
    r'(?: ?(?P<zone>[+-]\d\d:?\d\d|Z|UTC|GMT))?(?=\])|(?P<otherTime>[^\]"]++))'
)
_TARGET: Final = (
    r'[^"\\ ]*+(?:(?:\\.| (?!HTTP/\d))[^"\\ ]*+)*+'  # a scanner's target may hold spaces; HTTP/x.y ends it
)
_REQUEST: Final = rf"(?:(?P<method>[A-Za-z][\w-]*+) (?P<url>{_TARGET})(?: HTTP/[\d.]++)?+|{QUOTED})"

LINE: Final = (
    rf'(?s)\A{START}\[{_TIME}\] "{_REQUEST}" (?P<status>\d{{3}}|-) (?P<bytes>\d++|-)'
    rf'(?: "(?P<referer>{QUOTED})" "(?P<agent>{QUOTED})")?+'
)
"""An expression for the beginning of a line (the rest is free text), with groups by name."""

COLOURS: Final = r"\x1b\[[0-9;?]{0,32}[A-Za-z]"
"""ANSI escapes (ECMA-48 s. 5.4) of tools that colour logs; servers write the escape character as text."""


def _groups(start: str) -> tuple[str, ...]:
    return tuple(name for name in re.compile(LINE).groupindex if name.startswith(start))


FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "unsure": ("unsure",),
    "host": _groups("host"),
    "forwarded": ("forwarded",),
    "client": _groups("client"),
    **{name: (name,) for name in ("day", "month", "year", "clock", "fraction", "zone", "otherTime")},
    **{name: (name,) for name in ("method", "url", "status", "bytes", "referer", "agent")},
}
"""What is read of a line, and the groups that may hold it: of each, at most one does."""
_PYTHON: Final = re.compile(LINE, re.ASCII)


def java(pattern: str) -> str:
    """A pattern of `re` for `java.util.regex`, which writes `(?<name>` where Python writes `(?P<name>`."""
    return pattern.replace("(?P<", "(?<")


def fields_of(line: str) -> dict[str, str] | None:
    """The `FIELDS` of a line, empty where it has none; None where it is not a line of an access log."""
    match = _PYTHON.match(re.sub(COLOURS, "", line))
    if match is None:
        return None
    return {name: "".join(match[group] or "" for group in groups) for name, groups in FIELDS.items()}
