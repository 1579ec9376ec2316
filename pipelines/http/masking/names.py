"""What a name says of its value, whatever way the name is written: secret or not, made by a machine or chosen."""

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
"""Times that a name or value is decoded before it is compared: gateways decode once or twice, who hides more is an attacker."""
NAME_CHARACTERS = 256
"""Of a name that are looked at, from its end: longer ones are no names."""
_UNICODE = re.compile(r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\u00ad\u200b-\u200f\ufeff]+")
_MADE = re.compile(rf"(?i){MACHINE_MADE_WORDS}|(?:^|[_.\-\[])(?:{SHORT_MACHINE_MADE_WORDS})(?:$|[_.\-\]])")
_CHOSEN = re.compile(
    r"(?i)passw|passphrase|pwd|passcode|(?:^|[_.\-\[])(?:pin|otp|cvv|cvc|pw|pass)(?:$|[_.\-\]])"
)
_LONG = re.compile(rf"(?i){CREDENTIAL_WORDS}|^(?:{SHORT_CREDENTIAL_WORDS})$")
_TOKEN_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}")


class Secrecy(IntEnum):
    """What a name says: nothing, a machine's secret (`redaction.MADE_WORDS`), one that people choose. The larger one counts."""

    NONE = 0
    MADE = 1
    CHOSEN = 2


def decode_fully(text: str) -> str:
    r"""`text` without percent encoding and `\u` escapes, to a fixed point of at most `DECODINGS` steps."""
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
    is_chosen = _CHOSEN.search(plain) is not None and "token" not in plain.lower()
    return Secrecy.MADE if not is_chosen and _MADE.search(plain) else Secrecy.CHOSEN


def classify_name(name: str) -> Secrecy:
    """What `name` says, as it is sent or decoded."""
    return _secrecy(name[-NAME_CHARACTERS:])


def classify_descendants(name: str) -> Secrecy:
    """What `name` says of all that is in what it names: short words (`key`) only if they are the whole name."""
    secrecy = classify_name(name)
    return (
        secrecy
        if secrecy and _LONG.search(_BLANK.sub("", decode_fully(name[-NAME_CHARACTERS:])))
        else Secrecy.NONE
    )


def mask_value(value: str, secrecy: Secrecy) -> str:
    """The mask for `value` (decoded) of a name of this `secrecy`. Of a mask and of nothing it is the same again."""
    if not value or value in (MASK, TOKEN_MASK):
        return value
    return TOKEN_MASK if secrecy is Secrecy.MADE and _TOKEN_CHARACTERS.fullmatch(value) else MASK
