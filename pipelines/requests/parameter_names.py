"""Tells names of parameters and members from data that clients put in their place.

Learning, documents and validation share this rule. Names are published, so they are protected as values are: a text that is
personal, secret or one of an unlimited number is not a name.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.http import value_patterns
from pipelines.http.value_formats import (
    BOOLEAN,
    DIGITS,
    EMPTY,
    INTEGER,
    LIST,
    LOCALE,
    NUMBER,
    REDACTED,
    SEMVER,
    SUSPICIOUS,
    TEXT,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
    detect_kind,
)
from pipelines.http.value_patterns import CLASSES

NAME_CHARACTERS = 128
NAMING_KINDS = (TEXT, LIST, BOOLEAN, INTEGER, DIGITS, NUMBER, LOCALE, SEMVER, REDACTED)
"""Kinds of text that the name of a parameter may have.

Other kinds (a time stamp against caches, a token, an e-mail address) are values that a client put in a name's place. Their number
is unlimited and they may be personal, so they are not parameters.
"""
MEMBER_KINDS = (TEXT, BOOLEAN, LOCALE, EMPTY, REDACTED)
"""Kinds of text that the name of a JSON member may have.

Numbers, dates and other formats are keys of a map.
"""
NAME_CACHE_SIZE = 16_384
"""Names whose result a worker caches.

Enough for the names of its endpoints many times over, and few enough to forget invented ones.
"""
MIN_TOKEN_CHARACTERS = 12
"""Fewest characters of alternating letters and digits that make a machine's token.

RFC 6750 prescribes no format for tokens; words with a number in them are shorter.
"""
_NUMBER_OF_A_PERSON = re.compile(r"\+?\(?[0-9][0-9 ()./-]{6,24}")
_LONG_NUMBER = re.compile(r"[0-9]{7,}")
"""Telephone, customer and card numbers, time stamps.

A number in a name (`line2`, `sha256`) is shorter.
"""
_ADDRESS = re.compile(r"[^@\s]@[^@\s]")
"""An "@" after another character: an address; `@type` of JSON-LD is a name."""
_DATE_OR_UUID = re.compile(rf"(?<![0-9]){value_patterns.DATE}(?![0-9])|{value_patterns.UUID}")
_NUMBERED = re.compile(r"[0-9][0-9 :./_-]*|[0-9]{4}-?[QWHM][0-9]{1,2}", re.ASCII)
"""Dates, months, times, weeks and quarters in any format.

The name of a member begins with a letter or contains one.
"""
_TURNS = re.compile(r"(?:[A-Za-z]+[0-9]+){3,}")

_FIXED = {
    EMPTY: "", BOOLEAN: "true", UNIX_SECONDS: "1000000000", UNIX_MILLISECONDS: "1000000000000", NUMBER: "3.5", SEMVER: "0.0.0",
    LOCALE: "aa-AA", "uuid": "00000000-0000-0000-0000-000000000000", "date": "2000-01-01", "date-time": "2000-01-01T00:00:00Z",
    "email": "a@a.aa", "ipv4": "0.0.0.0", "ipv6": "::", "uri": "a://a", "jwt": "eyJaa.aa.", "ulid": "0" * 25 + "A",  # noqa: S104
    "objectid": "a" * 24, "hex32": "a" * 32, "hex40": "a" * 40, "hex64": "a" * 64, "piped": "a|a", "spaced": "3 3",
    REDACTED: "redacted", "token": "redacted-token",
}  # fmt: skip
"""The value of each kind that replaces a key of that kind."""
_STAND_INS = {"lower": "z", "upper": "U", "digit": "0", "punctuation": "+", "other": "é", "dangerous": '"'}
_OF_CLASS = [(re.compile(f"[{CLASSES[name]}]"), sign) for name, sign in _STAND_INS.items()]


@lru_cache(maxsize=NAME_CACHE_SIZE)
def is_name(text: str) -> bool:
    """Returns whether a text is learned as the name of a parameter."""
    return text != "" and detect_kind(text) in NAMING_KINDS and not _is_data(text)


@lru_cache(maxsize=NAME_CACHE_SIZE)
def is_member_name(text: str) -> bool:
    """Returns whether a text is learned as a JSON member's name, not as a map's key."""
    cut = text[:NAME_CHARACTERS]
    return detect_kind(cut) in MEMBER_KINDS and not _is_data(cut) and _NUMBERED.fullmatch(cut) is None


@lru_cache(maxsize=NAME_CACHE_SIZE)
def anonymise_key(name: str) -> str:
    """Replaces a map's key by a text of the same kind, length and character classes.

    The result says nothing else about the key; only it is kept.
    """
    cut = name[:NAME_CHARACTERS]
    kind = detect_kind(cut)
    if kind in _FIXED:
        return _FIXED[kind]
    if kind == INTEGER:
        return "-3" if cut.startswith("-") else "3"
    shape = cut
    for of_class, sign in _OF_CLASS:
        shape = of_class.sub("," if kind == LIST and sign == "+" else sign, shape)
    if detect_kind(shape) == kind:
        return shape
    return "z,z" if kind == LIST else ('"' if kind == SUSPICIOUS else "z") * len(cut)


def _is_data(text: str) -> bool:
    """Returns whether a text is personal, a date, an identifier or a secret."""
    turns = _TURNS.search(text)
    return (
        _NUMBER_OF_A_PERSON.fullmatch(text) is not None
        or _LONG_NUMBER.search(text) is not None
        or _ADDRESS.search(text) is not None
        or _DATE_OR_UUID.search(text) is not None
        or (turns is not None and turns.end() - turns.start() >= MIN_TOKEN_CHARACTERS)
    )
