"""Prefilter of masking: one expression that finds every text that may need it.

It matches far more than masking finds, and costs far less than parsing. It is written for RE2, whose time is linear for any text
(so no look-around and no possessive repetition), and for Python's `re`.
"""

from __future__ import annotations

from pipelines.http.masking.issuers import HEAD_OF_SECRET
from pipelines.http.redaction import CREDENTIAL_WORDS, SHORT_CREDENTIAL_WORDS

_PATH_WORDS = (
    r"reset|magic|verif|confirm|activat|invit|unlock|recover|unsubscri|optout|sso|signin|onetime|otl|hook|incoming|bot[0-9]|"
    r"/T[A-Z0-9]{7}"
)
_PERSONAL_WORDS = r"phone|mobile|msisdn|whats_?app|card"
_SHORT = rf"{SHORT_CREDENTIAL_WORDS}|code|tel|fax|cell|sms|gsm|handy|pan|ccn|cc_?num"
_ENCODED = r"%(?:2[5de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])|\\+[ux](?:00)?[2-7]"
"""A needless escape of a letter, digit, hyphen, dot or underscore: a name may hide behind it."""
_GAP = r"(?:[ .+/-]|%20)"
_NUMBERS = (
    rf"[2-6][0-9]{{13}}|[0-9]{{3}}(?:\)|%29){_GAP}?[0-9]{{3}}|[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}|"
    rf"[0-9]{{4}}{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}|[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4}}|0[0-9]{{2,4}}{_GAP}[0-9]{{2,4}}{_GAP}[0-9]{{2}}|"
    r"(?:\+|%2b)(?:(?:[ +()/-]|%2[089f]){0,2}[0-9]){8}"
)

WORDS = CREDENTIAL_WORDS.replace("auth(?!or)", "auth")
STRUCTURED = (
    rf"(?i:{WORDS}|{_PATH_WORDS}|{_PERSONAL_WORDS}|(?:^|[^a-z]|%[0-9a-f]{{2}})(?:{_SHORT})(?:[^a-z]|$)|{_ENCODED}|@|%40|&#|{_NUMBERS})"
    rf"|{HEAD_OF_SECRET}"
)
"""For paths, queries, referers and bodies."""
HEADER = rf"(?i:{WORDS}|(?:^|[^a-z])(?:{SHORT_CREDENTIAL_WORDS})[=:]|@)|{HEAD_OF_SECRET}"
"""For other header fields."""
