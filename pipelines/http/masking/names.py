"""Classifies names: whether their value is secret, and whether a machine made it.

The result does not depend on how the name is encoded.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from urllib.parse import unquote

from pipelines.http.redaction import (
    CREDENTIAL_WORDS,
    MACHINE_MADE_WORDS,
    MASK,
    SHORT_CREDENTIAL_WORDS,
    SHORT_MACHINE_MADE_WORDS,
    TOKEN_MASK,
    has_secret_name,
)

DECODINGS = 4
"""Times that a name or value is decoded before it is compared: gateways decode once or twice, more hiding is an attack."""
NAME_CHARACTERS = 256
"""Last characters of a name that are examined: anything longer is not a name."""
_UNICODE = re.compile(r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\u00ad\u200b-\u200f\ufeff]+")
_MACHINE_MADE = re.compile(
    rf"(?i){MACHINE_MADE_WORDS}|(?:^|[_.\-\[])(?:{SHORT_MACHINE_MADE_WORDS})(?:$|[_.\-\]])"
)
_HUMAN_CHOSEN = re.compile(
    r"(?i)passw|passphrase|pwd|passcode|(?:^|[_.\-\[])(?:pin|otp|cvv|cvc|pw|pass)(?:$|[_.\-\]])"
)
_LONG = re.compile(rf"(?i){CREDENTIAL_WORDS}|^(?:{SHORT_CREDENTIAL_WORDS})$")
_TOKEN_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}")


class Secrecy(IntEnum):
    """Secrecy of a value by its name; of two the larger one applies.

    MACHINE: made by a machine (`redaction.MACHINE_MADE_WORDS`); HUMAN: chosen by a person.
    """

    NONE = 0
    MACHINE = 1
    HUMAN = 2


def decode_fully(text: str) -> str:
    r"""Decodes percent-encoding and `\u` escapes.

    Repeats until nothing changes, at most `DECODINGS` times.
    """
    for _ in range(DECODINGS):
        if "%" not in text and "\\" not in text:
            break
        plain = unquote(text, errors="replace") if "%" in text else text
        if "\\" in plain:
            plain = _UNICODE.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)
        if plain == text:
            break
        text = plain
    return text


@lru_cache(maxsize=1 << 14)
def _secrecy(name: str) -> Secrecy:
    plain = _BLANK.sub("", decode_fully(name))
    if not has_secret_name(plain):
        return Secrecy.NONE
    is_chosen = _HUMAN_CHOSEN.search(plain) is not None and "token" not in plain.lower()
    return Secrecy.MACHINE if not is_chosen and _MACHINE_MADE.search(plain) else Secrecy.HUMAN


def classify_name(name: str) -> Secrecy:
    """Returns the secrecy of a name's value; the name may be encoded or decoded."""
    return _secrecy(name[-NAME_CHARACTERS:])


def classify_descendants(name: str) -> Secrecy:
    """Returns the secrecy of everything inside the value of a name.

    Short words (`key`) count only if they are the whole name.
    """
    secrecy = classify_name(name)
    return (
        secrecy
        if secrecy and _LONG.search(_BLANK.sub("", decode_fully(name[-NAME_CHARACTERS:])))
        else Secrecy.NONE
    )


def mask_value(value: str, secrecy: Secrecy) -> str:
    """Returns the mask of a decoded `value` whose name has this `secrecy`.

    A mask and empty text stay as they are.
    """
    if not value or value in (MASK, TOKEN_MASK):
        return value
    return TOKEN_MASK if secrecy is Secrecy.MACHINE and _TOKEN_CHARACTERS.fullmatch(value) else MASK
