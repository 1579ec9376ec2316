"""Which texts are names of parameters: clients write names too, and put values in their place.

One rule for learning and for checking.
"""

from __future__ import annotations

from functools import lru_cache

from pipelines.schemas.recognisers import (
    BOOLEAN,
    DIGITS,
    INTEGER,
    LIST,
    LOCALE,
    NUMBER,
    REDACTED,
    SEMVER,
    TEXT,
    kind_of,
)

NAME_CHARACTERS = 128
NAMING_KINDS = (TEXT, LIST, BOOLEAN, INTEGER, DIGITS, NUMBER, LOCALE, SEMVER, REDACTED)
"""Kinds of text that a name may be. Other kinds (a time stamp against caches, a token, an e-mail address) are
values that a client put in a name's place: they would be without end, and personal, so they are not
parameters.
"""
KNOWN_NAMES = 16_384
"""Names that a worker keeps judged: those of its endpoints many times over, and few enough to forget invented ones."""


@lru_cache(maxsize=KNOWN_NAMES)
def is_name(text: str) -> bool:
    """Whether learning would take a text for the name of a parameter."""
    return text != "" and kind_of(text) in NAMING_KINDS
