"""Character classes and patterns of values, the same in Python, Java and ECMA-262.

A class is the inside of a bracket expression.
"""

from __future__ import annotations

import re

from pipelines.http.numbers import number_pattern

DANGEROUS = "\\x00-\\x1f\\x7f\"'<>`;{}|^\\\\"
"""Characters needed for injections into SQL, HTML, shells and templates (docs/methods.md, 2.9; CWE-74)."""
CLASSES = {
    "lower": "a-z", "upper": "A-Z", "digit": "0-9", "hyphen": "-", "underscore": "_", "dot": ".",
    "punctuation": "!#$%&()*+,/:=?@\\[\\]~", "space": " ", "other": "^\\x00-\\x7f", "dangerous": DANGEROUS,
}  # fmt: skip
BITS = {name: 1 << place for place, name in enumerate(CLASSES)}
_COMPILED = {name: re.compile(f"[{inside}]") for name, inside in CLASSES.items()}


def classes_of(value: str) -> int:
    """Returns the character classes of a text as bits (`BITS`); sets merge by `|`."""
    return sum(BITS[name] for name, pattern in _COMPILED.items() if pattern.search(value))


def bracket_expression(allowed: int) -> str:
    """Returns the classes of a set as one bracket expression.

    "other", which is a complement, is left out; the hyphen stands last.
    """
    named = (name for name, bit in BITS.items() if allowed & bit and name not in ("hyphen", "other"))
    inside = "".join(CLASSES[name] for name in named)
    return f"[{inside}-]" if allowed & BITS["hyphen"] else f"[{inside}]"


def digits_up_to(limit: str) -> str:
    """Returns a pattern of the decimal numbers from 1 to `limit`.

    They have no leading zeros and no sign. Shorter numbers come first, then those of equal length, which fall below `limit` at
    exactly one digit.
    """
    branches = [f"[1-9][0-9]{{0,{len(limit) - 2}}}"]
    for place, digit in enumerate(limit):
        low = 1 if place == 0 else 0
        if int(digit) > low:
            rest = len(limit) - place - 1
            branches.append(f"{limit[:place]}[{low}-{int(digit) - 1}]" + (f"[0-9]{{{rest}}}" if rest else ""))
    return "|".join([*branches, limit])


EMPTY = ""
REDACTED = "redacted(?:-[0-9a-f]{4,64})?"
TOKEN = "redacted-token"  # noqa: S105 - a mask, not a password
BOOLEAN = "true|false"
INTEGER = f"0|{digits_up_to(str(2**63 - 1))}|-(?:{digits_up_to(str(2**63))})"
"""JSON integers (RFC 8259 s. 6) in the range of OpenAPI's int64. Longer ones and leading zeros are text made of digits."""
WHOLE_NUMBER = "-?[0-9]+"
"""A JSON number without fraction and exponent."""
UNIX_SECONDS = "9[5-9][0-9]{7}|1[0-9]{9}|2[01][0-9]{8}"
UNIX_MILLISECONDS = "9[5-9][0-9]{10}|1[0-9]{12}|2[01][0-9]{11}"
"""9.5e8 to 2.2e9 seconds: February 2000 to September 2039 (docs/methods.md, 2.8)."""
NUMBER = number_pattern(15, 17, 2)
"""JSON numbers (RFC 8259 s. 6), bounded so that each is a finite double; shorter than any hexadecimal format below."""
DIGITS = "[0-9]{1,64}"

_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY_OF_MONTH = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
DATE = f"(?:(?!0000)[0-9]{{4}}-{_DAY_OF_MONTH}|{_LEAP_YEAR}-02-29)"
_HOUR_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
DATE_TIME = rf"{DATE}T{_HOUR_MINUTE}:[0-5][0-9](?:\.[0-9]{{1,9}})?(?:Z|[+-]{_HOUR_MINUTE})"
"""Without leap seconds (`:60`) and lower-case letters, which common validators reject."""

UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
ULID = "(?=[0-9]{0,25}[A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}"
JWT = r"eyJ[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*"

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,8}}"

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_HEX16 = "[0-9A-Fa-f]{1,4}"
_LOW32 = f"(?:{_HEX16}:{_HEX16}|{IPV4})"
IPV6 = "|".join(
    [
        f"(?:{_HEX16}:){{6}}{_LOW32}",
        f"::(?:{_HEX16}:){{5}}{_LOW32}",
        f"(?:{_HEX16})?::(?:{_HEX16}:){{4}}{_LOW32}",
        f"(?:(?:{_HEX16}:){{0,1}}{_HEX16})?::(?:{_HEX16}:){{3}}{_LOW32}",
        f"(?:(?:{_HEX16}:){{0,2}}{_HEX16})?::(?:{_HEX16}:){{2}}{_LOW32}",
        f"(?:(?:{_HEX16}:){{0,3}}{_HEX16})?::{_HEX16}:{_LOW32}",
        f"(?:(?:{_HEX16}:){{0,4}}{_HEX16})?::{_LOW32}",
        f"(?:(?:{_HEX16}:){{0,5}}{_HEX16})?::{_HEX16}",
        f"(?:(?:{_HEX16}:){{0,6}}{_HEX16})?::",
    ]
)

_NAME = "A-Za-z0-9._~!$&'()*+,;=%"
URI = (
    "(?![^ ]*%(?![0-9A-Fa-f]{2}))"
    rf"[A-Za-z][A-Za-z0-9+.-]{{0,31}}://(?:\[(?:{IPV6})\]|[{_NAME}-]{{1,255}})(?::[0-9]{{1,5}})?"
    rf"(?:/[{_NAME}:@/-]*)?(?:\?[{_NAME}:@/?-]*)?(?:#[{_NAME}:@/?-]*)?"
)
"""Absolute, with an authority and without user information. The look-ahead rejects a `%` that is not part of an escape."""

SEMVER = (
    r"(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){2}"
    r"(?:-[0-9A-Za-z-]{1,32}(?:\.[0-9A-Za-z-]{1,32}){0,7})?(?:\+[0-9A-Za-z-]{1,32}(?:\.[0-9A-Za-z-]{1,32}){0,7})?"
)
LOCALE = "[a-z]{2,3}[_-](?:[A-Z][a-z]{3}[_-])?(?:[A-Z]{2}|[0-9]{3})"

SUSPICIOUS = rf"[^{DANGEROUS}]*[{DANGEROUS}][\s\S]*"
_LISTED = f"[^, {DANGEROUS}]{{1,64}}"
LIST = f"{_LISTED}(?:,{_LISTED}){{1,49}}"

_SEPARATED = "[A-Za-z0-9_.:-]{1,64}"
PIPED = rf"{_SEPARATED}(?:\|{_SEPARATED}){{1,49}}"
_COUNTED = "(?:0|[1-9][0-9]{0,17})"
SPACED = f"{_COUNTED}(?: {_COUNTED}){{1,49}}|{UUID}(?: {UUID}){{1,49}}"
"""Spaces separate only numbers or UUIDs: between words they belong to the text."""


def hexadecimal(length: int) -> str:
    """Returns a pattern of exactly `length` hexadecimal digits in either case."""
    return f"[0-9a-fA-F]{{{length}}}"
