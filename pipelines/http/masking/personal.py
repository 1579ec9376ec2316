"""Masks e-mail addresses, telephone and card numbers by class and shape.

They are personal, but not secret. An address becomes `EMAIL`, which is still an address; in a number every digit except leading
zeros becomes 9, so that its kind, its length and its separators stay, and a range learned from it holds every number of as many
digits. Masked text is unchanged by masking it again.
"""

from __future__ import annotations

import re

EMAIL = "redacted@example.invalid"
"""Replaces any address: its domain never exists (RFC 2606 s. 2), and it is still of `format: email`."""

_ADDRESS = re.compile(
    r"(?<![\w.%+'-])(?<!//)[\w.%+'-]{1,64}+@((?:[^\W_](?:[\w-]{0,62})?\.){1,8}[^\W\d_]{2,24})(?![\w@-])"
)
"""The common subset of RFC 5322 addr-spec, letters of any script (RFC 6531). A run of local characters is matched only once."""
_FILES = frozenset(
    "png jpg jpeg gif svg webp avif ico bmp css js mjs cjs map json html htm xml txt pdf woff ttf yml yaml".split()
)
"""The part after the last dot in `logo@2x.png`: file extensions that are not top-level domains."""

_INTERNATIONAL = re.compile(r"(?<![\w+])\+[1-9](?:[ ()/-]{0,2}[0-9]){7,14}(?![0-9])")
"""ITU-T E.164: country code and number, 8 to 15 digits, with the separators of E.123. No dots, which coordinates have."""
_NORTH_AMERICAN = re.compile(
    r"(?<![\w.+,/-])(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}(?![\w-]|\.[0-9])"
)
"""NANP: area code and exchange begin with 2 to 9; separators are required."""
_NATIONAL = re.compile(r"(?<![\w.,+/-])0[0-9]{2,4}(?: [0-9]{2,4}){2,4}(?![\w-]|[.,][0-9])")
"""Trunk prefix 0 and groups between spaces (ITU-T E.123), 9 to 13 digits in all."""
_CARD = re.compile(r"(?<![\w.+-])[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}(?![\w-]|\.[0-9])")
_GROUPS = re.compile(r"[0-9]{4}([ -])(?:[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?|[0-9]{6}\1[0-9]{4,5})")

_TELEPHONE_NAME = re.compile(
    r"(?i)(?:phone|mobile|msisdn|whats_?app|(?:^|[_.\-\[ ])(?:tel|fax|cell|sms|gsm|handy)(?:$|[_.\-\] ]))"
    r"(?!\w*(?:_at|_date|_time|_id|_count|_type|_code|_ext|At|Date|Time|Id|Count|Type|Code)(?:$|\]))"
)
_TELEPHONE = re.compile(r"[ +(]{0,2}[0-9][0-9 ()./-]{5,24}")
_CARD_NAME = re.compile(
    r"(?i)card_?-?(?:no|num|number)|(?:^|[_.\-\[])(?:pan|ccn|cc_?num(?:ber)?)(?:$|[_.\-\]])|credit_?-?card"
)
_CARD_DIGITS = re.compile(r"[0-9](?:[ -]?[0-9]){11,18}")
_IDENTIFIER_NAME = re.compile(r"(?:^|[_.\-\[])(?:id|ids|ID|uid|gid|pid|fbid|oid)\]?$|[a-z](?:Id|ID|Ids)\]?$")
_ISSUERS = (
    ("4", (16, 19)), ("51-55 2221-2720", (16,)), ("34 37", (15,)), ("6011 644-649 65", (16, 19)), ("3528-3589", (16,)),
    ("300-305 36 38", (14,)), ("62", (16, 17, 18, 19)), ("50 56-58 6", (16, 19)),
)  # fmt: skip
"""Prefixes and lengths of card numbers (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, JCB, Diners Club,
UnionPay, Maestro.
"""
_MANY_DIGITS = re.compile(r"(?:[0-9][^0-9a-zA-Z]{0,3}){8}")
"""In a number that is recognised under any name."""
_SHAPE = re.compile(r"[ +(]{0,2}0*9(?:[ ()./-]{0,2}9){5,19}")
_DIGITS = re.compile(r"[0-9]+")


def is_personal_mask(value: str) -> bool:
    """Whether `value` is the mask of an address or a number.

    Its class is known, its characters are not.
    """
    if value == EMAIL:
        return True
    return len(value) <= 32 and _SHAPE.fullmatch(value) is not None


def mask_personal(text: str, name: str = "", *, with_numbers: bool = True) -> str:
    """Masks addresses and numbers in `text` (decoded), the value of `name`."""
    if "@" in text:
        text = _ADDRESS.sub(_mask_address, text)
    if not with_numbers or len(text) < 7 or _DIGITS.search(text) is None:
        return text
    if (
        name
        and _TELEPHONE_NAME.search(name[-64:])
        and _TELEPHONE.fullmatch(text)
        and 7 <= _count_digits(text) <= 15
    ):
        return mask_digits(text)
    if name and _CARD_NAME.search(name[-64:]) and _CARD_DIGITS.fullmatch(text):
        return mask_digits(text)
    if _MANY_DIGITS.search(text) is None:
        return text
    if "+" in text:
        text = _INTERNATIONAL.sub(_mask_match, text)
    text = _NORTH_AMERICAN.sub(_mask_match, text)
    text = _NATIONAL.sub(
        lambda found: mask_digits(found[0]) if 9 <= _count_digits(found[0]) <= 13 else found[0], text
    )
    is_identifier = bool(name) and _IDENTIFIER_NAME.search(name[-64:]) is not None
    return _CARD.sub(
        lambda found: mask_digits(found[0]) if _is_card(found[0], is_identifier) else found[0], text
    )


def mask_digits(number: str) -> str:
    """Replaces every digit except leading zeros by 9."""
    start = next((place for place, sign in enumerate(number) if sign in "123456789"), len(number))
    return number[:start] + re.sub("[0-9]", "9", number[start:])


def has_check_digit(digits: str) -> bool:
    """Whether the last digit is the check digit of the others.

    The algorithm is Luhn's (ISO/IEC 7812-1 annex B).
    """
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(two - 9 if two > 9 else two for two in doubled)) % 10 == 0


def _count_digits(text: str) -> int:
    return sum(map(len, _DIGITS.findall(text)))


def _mask_address(found: re.Match[str]) -> str:
    return found[0] if found[1].rpartition(".")[2].lower() in _FILES else EMAIL


def _mask_match(found: re.Match[str]) -> str:
    return mask_digits(found[0])


def _is_card(text: str, is_identifier: bool) -> bool:
    """Whether a text is a card number, by issuer prefix, length and check digit.

    Without groups it is not one under the name of an identifier.
    """
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != len(text):
        if not _GROUPS.fullmatch(text):
            return False
    elif (
        is_identifier or len(digits) > 16
    ):  # long integers without groups are far more often snowflake identifiers
        return False
    return any(
        len(digits) in lengths and _begins(digits, heads) for heads, lengths in _ISSUERS
    ) and has_check_digit(digits)


def _begins(digits: str, heads: str) -> bool:
    for head in heads.split():
        low, _, high = head.partition("-")
        if int(low) <= int(digits[: len(low)]) <= int(high or low):
            return True
    return False
