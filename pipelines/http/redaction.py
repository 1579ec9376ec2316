r"""What a credential looks like: one definition for Python's `re` and for Spark's `regexp_replace` (java.util.regex).

Three kinds of evidence: the *name* of a header, parameter or field; the *form* of a value that an issuer publishes (JWT:
RFC 7519, bearer: RFC 6750, vendors' documented prefixes); the *place* (user information of a URL, RFC 3986 s. 3.2.1).
Patterns are bounded and free of nested repetition, because they run on hostile text.
"""

from __future__ import annotations

import re

MASK = "redacted"
TOKEN_MASK = "redacted-token"  # noqa: S105 - a mask, no password
"""In place of a machine's secret (`MADE_WORDS`) of at most 128 characters, none of which an injection needs: it says
that much and no more.
"""

CREDENTIAL_WORDS = (
    r"token|secret|passw|passphrase|pwd|passcode|api[_.-]?key|apikey|access[_.-]?key|auth(?!or)|credential|sess(?:ion)?[_.-]?id|"
    r"session|signature|jwt|bearer|private[_.-]?key|csrf|xsrf|cookie|nonce|assertion|code[_.-]?verifier"
)
SHORT_SECRETS = r"sid|sig|key|pin|otp|sas|cvv|cvc|pw|hmac|mac"
"""Too short to be looked for inside a longer name (`monkey`, `design`): only the whole name or a whole word of it counts."""

MADE_WORDS = (
    r"token|api[_.-]?key|apikey|access[_.-]?key|auth(?!or)|sess(?:ion)?[_.-]?id|session|signature|jwt|csrf|xsrf|"
    r"nonce|assertion"
)
SHORT_MADE = r"sid|sig|key|sas|hmac|mac"
"""Names of secrets that machines make. Of what people choose (passwords, PINs) not even the kind of characters is kept."""

SECRET_NAME = rf"(?i)(?:{CREDENTIAL_WORDS}|(?:^|[_.\-\[])(?:{SHORT_SECRETS})(?:$|[_.\-\]]))"

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
"""Headers whose value is a credential or a client address whatever their name matches."""

VALUE_FORMS = (
    (r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?", "eyJ"),
    (r"gh[pousr]_[A-Za-z0-9]{16,}", "gh"),
    (r"github_pat_[A-Za-z0-9_]{16,}", "github_pat_"),
    (r"xox[abeoprs]-[A-Za-z0-9-]{8,}", "xox"),
    (r"(?:AKIA|ASIA)[0-9A-Z]{12,}", "IA"),
    (r"[srp]k_(?:live|test)_[0-9A-Za-z]{8,}", "k_"),
    (r"AIza[0-9A-Za-z_-]{20,}", "AIza"),
    (r"ya29\.[0-9A-Za-z_-]{16,}", "ya29."),
    (r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8192}", "PRIVATE KEY"),
    (r"(?:[Bb]earer|BEARER)(?:\s|%20|\+){1,4}[A-Za-z0-9._~+/=-]{4,}", "earer"),
    (r"[Bb]asic(?:\s|%20|\+){1,4}[A-Za-z0-9+/=_-]{6,}", "asic"),
)
"""(pattern, a literal that every match contains): the literal is looked for first, as a plain search is ten times cheaper."""

SECRET_VALUE = "|".join(pattern for pattern, _ in VALUE_FORMS)
VALUE_ANCHORS = (
    *(anchor for _, anchor in VALUE_FORMS if anchor not in {"gh", "IA", "k_"}),
    *(f"gh{kind}_" for kind in "pousr"),
    "AKIA",
    "ASIA",
    "k_live_",
    "k_test_",
    "BEARER",
)
USER_INFORMATION = r"(://)[^/@\s?#]{1,512}@"


def _query_name(words: str, short: str) -> str:
    """A parameter's name with one of `words` in it, or one of `short` as a whole word, up to its "="; a group."""
    return (
        rf"(?i)((?:^|[&;?])[^=&;]{{0,64}}(?:{words})[^=&;]{{0,64}}=|"
        rf"(?:^|[&;?])(?:[^=&;]{{0,64}}[_.\-\[])?(?:{short})(?:[_.\-\]][^=&;]{{0,64}})?=)"
    )


QUERY_SECRET = _query_name(CREDENTIAL_WORDS, SHORT_SECRETS) + rf"(?!{TOKEN_MASK}(?:[&;\s\"]|$))[^&;\s\"]+"
QUERY_TOKEN = _query_name(MADE_WORDS, SHORT_MADE) + r"(?:[A-Za-z0-9._~/=-]|%2[BbFf]|%3[Dd]){1,128}(?=[&;]|$)"
JSON_TEXT = r'"[\s\S]{0,65536}?(?:(?<!\\)"|$)'
"""A JSON string, or one that is cut off. Lazy single characters, because java.util.regex recurses for repeated groups."""


def _member_name(words: str, short: str) -> str:
    """The same of a member's name in JSON, up to its ":"."""
    return (
        r'(?i)("(?=[^"\\]{1,64}"\s{0,8}:)'  # only names are looked into: ten times faster than any string
        rf'(?:[^"\\]*?(?:{words})[^"\\]*|(?:[^"\\]*[_.-])?(?:{short})(?:[_.-][^"\\]*)?)"\s{{0,8}}:\s{{0,8}})'
    )


JSON_SECRET = (
    _member_name(CREDENTIAL_WORDS, SHORT_SECRETS)
    + rf'(?!"{TOKEN_MASK}")(?:{JSON_TEXT}|[^\s",}}\]{{\[]{{1,256}})'
)
JSON_TOKEN = _member_name(MADE_WORDS, SHORT_MADE) + r'"[A-Za-z0-9._~+/=-]{1,128}"'
_PART_NAME = (
    rf'\bname="(?:[^"\r\n]{{0,64}}(?:{CREDENTIAL_WORDS})|'
    rf'(?:[^"\r\n]{{0,64}}[_.\-\[])?(?:{SHORT_SECRETS})(?:[_.\-\]"]))'
)
PART_SECRET = (
    r"(?i)((?:^|\n)(--[^\r\n]{1,70})\r?\n"  # the part ends where its own delimiter stands again
    rf"(?=(?:[^\r\n]{{1,1024}}\r?\n){{0,8}}?[^\r\n]{{0,1024}}(?:\bfilename\*?=|{_PART_NAME}))"
    r"(?:[^\r\n]{1,1024}\r?\n){1,8}\r?\n)[\s\S]{0,65536}?(?=\r?\n\2|$)"
)
"""A part of a multipart body (RFC 7578): its head, if it is a file's or names a secret, and then what it holds."""
RAW_SECTION = rf'("(?:Cookies|RequestHeaders|ResponseHeaders)"\s{{0,8}}:\s{{0,8}})(?:\{{[^{{}}]{{0,65536}}\}}?|{JSON_TEXT})'
RAW_FIELD = rf'("(?:ClientIP|RequestBody|ClientRequestReferer|OriginIP)"\s{{0,8}}:\s{{0,8}}){JSON_TEXT}'
RAW_CLIENT = r"^(?:[A-Za-z0-9.-]{1,255}(?::\d{1,5})?\s)?[0-9a-fA-F.:]{3,45}\s\S{1,256}\s\S{1,256}(?=\s\[)"
LONG_RUN = r"[A-Za-z0-9+_=~-]{20,}|(?<![A-Za-z0-9_])(?=[A-Za-z_]{0,64}[0-9])(?=[0-9_]{0,64}[A-Za-z])[A-Za-z0-9_]{12,}"
"""Only for text that could not be parsed: any long run, and a shorter one that mixes letters and digits."""


def has_secret_name(name: str) -> bool:
    """Whether the name of a header, parameter or field says that its value is a credential."""
    return name.lower() in CREDENTIAL_HEADERS or re.search(SECRET_NAME, name) is not None


def redacted_text(text: str) -> str:
    """`text` without values of a credential's form and without user information in URLs."""
    return re.sub(USER_INFORMATION, rf"\1{MASK}@", re.sub(SECRET_VALUE, MASK, text))
