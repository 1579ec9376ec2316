r"""Which texts are names of parameters: clients write names too, and put values in their place.

One rule for learning (as a Spark column in `observations`) and for checking (here).
"""

from __future__ import annotations

import re

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
PLAIN_NAME = r"\A[A-Za-z_]{1,20}\z"
"""Names that no recogniser takes for a value: nearly all, told apart at a tenth of the cost. For java.util.regex."""
_PLAIN = re.compile(PLAIN_NAME.replace(r"\z", r"\Z"))


def is_name(text: str) -> bool:
    """Whether learning would take a text for the name of a parameter."""
    return bool(_PLAIN.search(text)) or (text != "" and kind_of(text) in NAMING_KINDS)
