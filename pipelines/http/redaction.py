"""Names of credentials, and the masks, for Python's `re` and java.util.regex.

The name of a header, parameter or field is one kind of evidence. Formats of values are in `masking/issuers.py`, positions (a
segment of a path, an element, user information) in the other modules of `masking`. All expressions take linear time, in Python
and in Spark.
"""

from __future__ import annotations

import re

MASK = "redacted"
TOKEN_MASK = "redacted-token"  # noqa: S105 - a mask, not a password
"""Replaces a machine-made secret (`MACHINE_MADE_WORDS`) of at most 128 characters, none of which an injection needs.

It reveals that much and no more.
"""

CREDENTIAL_WORDS = (
    r"token|secret|passw|passphrase|pwd|passcode|api[_.-]?key|apikey|access[_.-]?key|auth(?!or)|credential|sess(?:ion)?[_.-]?id|"
    r"session|signature|jwt|bearer|private[_.-]?key|csrf|xsrf|cookie|nonce|assertion|code[_.-]?verifier|"
    r"(?:device|verification|recovery|backup)[_.-]?code"
)
SHORT_CREDENTIAL_WORDS = r"sid|sig|key|pin|otp|sas|cvv|cvc|pw|pass|hmac|mac"
"""Too short to be searched for inside a longer name (`monkey`, `design`): they count only as the whole name or a whole word."""

MACHINE_MADE_WORDS = (
    r"token|api[_.-]?key|apikey|access[_.-]?key|auth(?!or)|sess(?:ion)?[_.-]?id|session|signature|jwt|csrf|xsrf|"
    r"nonce|assertion"
)
SHORT_MACHINE_MADE_WORDS = r"sid|sig|key|sas|hmac|mac"
"""Names of secrets made by machines. Of secrets chosen by people (passwords, PINs) not even the kind of characters is kept."""

SECRET_NAME = rf"(?i)(?:{CREDENTIAL_WORDS}|(?:^|[_.\-\[])(?:{SHORT_CREDENTIAL_WORDS})(?:$|[_.\-\]]))"

CREDENTIAL_HEADERS = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "cf-connecting-ip",
    "true-client-ip",
)
"""Headers whose value is a credential or a client address, whatever words their name contains."""

USER_INFORMATION = r"(://)[^/@\s?#]{1,512}@"


def has_secret_name(name: str) -> bool:
    """Whether a name of a header, parameter or field marks its value as a credential."""
    return name.lower() in CREDENTIAL_HEADERS or re.search(SECRET_NAME, name) is not None
