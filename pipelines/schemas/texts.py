"""What a text can hold at most, by its kind: a format says so itself, any other text by what was seen."""

from __future__ import annotations

from pipelines.schemas.characters import BITS
from pipelines.schemas.evidence import SIZED_KINDS, KindEvidence
from pipelines.schemas.recognisers import (
    BOOLEAN,
    BY_KIND,
    DIGITS,
    EMPTY,
    INTEGER,
    LOCALE,
    NUMBER,
    SEMVER,
    TOKEN,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
)

LONGEST = 512
"""Formats that may be longer (addresses of any kind) give no limit beside other text."""
NAME = sum(BITS[name] for name in ("lower", "upper", "digit", "hyphen", "underscore", "dot"))
"""What identifiers are made of."""
_NAMES = (
    EMPTY,
    BOOLEAN,
    UNIX_SECONDS,
    UNIX_MILLISECONDS,
    INTEGER,
    LOCALE,
    DIGITS,
    "uuid",
    "date",
    "ulid",
)
_FORMAT_CLASSES = {
    **dict.fromkeys((*_NAMES, "objectid", "hex32", "hex40", "hex64", "ipv4"), NAME),
    **dict.fromkeys((NUMBER, SEMVER, TOKEN, "date-time", "ipv6"), NAME | BITS["punctuation"]),
}


def longest_of(kind: KindEvidence) -> int | None:
    """Characters that no value of a format exceeds, 0 for texts whose lengths were seen; None where there is no end."""
    if kind.kind in SIZED_KINDS:
        return 0
    longest = BY_KIND[kind.kind].longest if kind.kind in BY_KIND else LONGEST + 1
    return longest if longest <= LONGEST else None


def classes_in(kind: KindEvidence) -> int | None:
    """Classes of characters that values of a kind have or may have; None where they may be any (an address has `{` and `|`)."""
    if kind.kind in SIZED_KINDS:
        return kind.classes.bits | (BITS["digit"] if kind.kind == DIGITS else 0)
    return _FORMAT_CLASSES.get(kind.kind)
