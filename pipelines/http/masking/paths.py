"""Masks paths and URLs in place.

Masked are segments after a word like `reset`, webhooks, matrix parameters and user information. Anything that may be an ordinary
word, a version or a small number stays: templates are learned from paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from pipelines.http.masking.braces import Inner
from pipelines.http.masking.names import Secrecy, classify_name, mask_value
from pipelines.http.masking.pairs import decode_value, encode_like, mask_pairs
from pipelines.http.redaction import CREDENTIAL_WORDS, MASK, SHORT_CREDENTIAL_WORDS, TOKEN_MASK
from pipelines.http.segment_formats import VERSION, VERSION_MONTH_OR_DAY

MAX_SEGMENTS = 512
"""Segments of a path that are read; deeper ones are dropped, because real paths are not that deep."""


class _Context(Enum):
    """The kind of word in the segments before."""

    NOTHING = 0
    NAME = 1
    ONE_TIME = 2
    PASSWORD = 3
    HOOKS = 4
    HOOK = 5


_PASSWORD = re.compile(r"(?i)passw|passphrase|^(?:pass|pwd|pin|otp|passcode)$")
_ONE_TIME = re.compile(
    r"(?i)(?:^|[_.-])(?:reset|magic|magiclink|verify|verification|confirm|confirmation|activate|activation|invite|invitation|"
    r"unlock|recover|recovery|unsubscribe|optout|secret|apikey|token|sso|signin|onetime|otl)(?:$|[_.-])|token$"
)
_HOOK = re.compile(r"(?i)(?:^|[_.-])(?:web)?-?hooks?b?2?(?:$|[_.-])|^(?:incoming|incomingwebhook)$")
_TEAM = re.compile(r"[TB][A-Z0-9]{7,11}")
"""In a Slack webhook: `/services/TEAM/CHANNEL/SECRET`."""
_LAST_WORD = re.compile(rf"(?i)(?:{CREDENTIAL_WORDS}|{SHORT_CREDENTIAL_WORDS})s?$")
"""The word at the end of a segment; `/oauth-clients/ID` does not make the identifier a secret."""
_WORD = re.compile(r"[a-z]+(?:[_.-][a-z]+)*|[A-Z]?[a-z]+(?:[A-Z][a-z]+){0,4}|[A-Z]{2,10}")
"""A word, or words joined in a usual way: a literal of a template."""
_VERSION = re.compile(f"{VERSION}|{VERSION_MONTH_OR_DAY}")
_BOT = re.compile(r"(bot[0-9]{4,16}(?::|%3[Aa]))[^/]{6,}")
_USER = re.compile(r"([^/:@\s]{1,128}:)([^/@\s]{1,256})(?=@)")
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*+://[^\s\"'<>\\]++")
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+:)?//([^/?#]*)")


def mask_segments(path: str, inner: Inner) -> str:
    """Masks the segments of a path that are secret or personal; `path` may be encoded."""
    if ":" in path and "@" in path:
        path = _USER.sub(rf"\1{MASK}", path)
    segments = path.split("/", MAX_SEGMENTS)[:MAX_SEGMENTS]
    return "/".join(_segments(segments, inner))


def mask_url(url: str, inner: Inner) -> str:
    """Masks an absolute or relative URL: user information, path, query and fragment."""
    whole, sign, fragment = url.partition("#")
    target, mark, query = whole.partition("?")
    found = _AUTHORITY.match(target)
    head = ""
    if found is not None:
        user, at, host = found[2].rpartition("@")
        head = f"{found[1] or ''}//{(MASK if user else '') + at}{host}"
        target = target[found.end() :]
    path = mask_segments(target, inner)
    tail = mark + mask_pairs(query, inner) if mark else ""
    return head + path + tail + (sign + _fragment(fragment, inner) if sign else "")


def mask_urls(text: str, inner: Inner) -> str:
    """Masks every absolute URL in a text."""
    return _URL.sub(lambda found: mask_url(found[0], inner), text) if "://" in text else text


def is_absolute(text: str) -> bool:
    """Whether a text is one URL with a scheme and an authority."""
    return _URL.fullmatch(text) is not None


def _fragment(fragment: str, inner: Inner) -> str:
    """Masks a fragment.

    Fragments carry tokens (RFC 6749 s. 4.2.2) and paths of single-page applications.
    """
    path, mark, query = fragment.partition("?")
    if "=" in path and not mark:
        return mask_pairs(fragment, inner)
    return mask_segments(path, inner) + (mark + mask_pairs(query, inner) if mark else "")


def _segments(segments: list[str], inner: Inner) -> Iterator[str]:
    after = _Context.NOTHING
    for written in segments:
        head, sign, matrix = written.partition(";")
        plain, rounds = decode_value(head, is_form=False)
        if "=" in head:
            kept = mask_pairs(head, inner)
        else:
            kept = encode_like(head, plain, _segment(plain, after, inner), rounds, is_form=False)
        yield kept + (sign + mask_pairs(matrix, inner) if sign else "")
        after = _next_context(plain, after)


def _segment(plain: str, after: _Context, inner: Inner) -> str:
    name, sign, value = plain.partition(":")
    if sign and (secrecy := classify_name(name)) and not _WORD.fullmatch(value):
        return name + sign + mask_value(value, secrecy)
    if _BOT.match(plain):
        return _BOT.sub(rf"\1{TOKEN_MASK}", plain)
    if is_secret_segment(plain, after) and not _TEAM.fullmatch(plain):
        return MASK
    return inner(plain, "")


def is_secret_segment(plain: str, after: _Context) -> bool:
    """Whether a segment is the secret announced by a word before it.

    Words, versions and small numbers are not.
    """
    if after is _Context.NOTHING or not plain or _WORD.fullmatch(plain) or _VERSION.fullmatch(plain):
        return False
    digits = sum(map(str.isdigit, plain))
    if after is _Context.PASSWORD:
        return len(plain) >= 4
    if digits == len(plain):
        return False  # a row number
    has_both = 0 < digits < len(plain) or (plain.lower() != plain and plain.upper() != plain)
    if after is _Context.HOOK:
        return has_both and len(plain) >= 6
    if after is _Context.HOOKS:
        return has_both and len(plain) >= 16  # shorter ones are identifiers
    if after is _Context.ONE_TIME:
        return len(plain) >= 24 or (len(plain) >= 6 and (digits > 1 or (has_both and len(plain) >= 10)))
    return has_both and digits > 1 and len(plain) >= 16


def _next_context(plain: str, after: _Context) -> _Context:
    if (
        after in (_Context.HOOK, _Context.HOOKS)
        or _HOOK.search(plain)
        or (_TEAM.fullmatch(plain) and not plain.isalpha())
    ):
        is_list = after is _Context.NOTHING and plain.lower().endswith("hooks")
        return _Context.HOOKS if is_list else _Context.HOOK  # all that follows: team, channel, secret
    if not _WORD.fullmatch(plain):
        return _Context.NOTHING
    if _PASSWORD.search(plain):
        return _Context.PASSWORD
    if _ONE_TIME.search(plain):
        return _Context.ONE_TIME
    is_name = _LAST_WORD.search(plain) is not None and classify_name(plain) is not Secrecy.NONE
    return _Context.NAME if is_name else _Context.NOTHING
