"""Masks the texts of a transaction, and the original text of a rejected record."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from pipelines.http.masking.braces import Inner
from pipelines.http.masking.pairs import mask_pairs
from pipelines.http.masking.paths import mask_segments, mask_url
from pipelines.http.masking.text import mask_known_forms, mask_line, mask_text
from pipelines.http.redaction import MASK

_STRING = r'"(?:[^"\\]++|\\[\s\S])*+(?:"|\\?\Z)'
SECTION = re.compile(
    rf'("(?:Cookies|RequestHeaders|ResponseHeaders)"\s{{0,8}}:\s{{0,8}})(?:\{{[^{{}}]{{0,65536}}\}}?|{_STRING})'
)
FIELD = re.compile(rf'("(?:ClientIP|RequestBody|ClientRequestReferer|OriginIP)"\s{{0,8}}:\s{{0,8}}){_STRING}')
CLIENT = re.compile(
    r"^(?:[A-Za-z0-9.-]{1,255}(?::\d{1,5})?\s)?[0-9a-fA-F.:]{3,45}\s\S{1,256}\s\S{1,256}(?=\s\[)"
)
LONG_RUN = re.compile(
    r"[A-Za-z0-9+_=~-]{20,}|(?<![A-Za-z0-9_])(?=[A-Za-z_]{0,64}[0-9])(?=[0-9_]{0,64}[A-Za-z])[A-Za-z0-9_]{12,}"
)
"""Any long run of characters, and a shorter one that mixes letters and digits."""
_WORD = re.compile(r"[^\s\"]+")


def mask_raw(raw: str) -> str:
    """Masks unparsed text.

    Whole sections of headers, cookies and bodies are removed, because unparsed text has few names to go by.
    """
    text = SECTION.sub(rf'\1"{MASK}"', raw)
    text = FIELD.sub(rf'\1"{MASK}"', text)
    text = CLIENT.sub("- - -", text)
    is_json = text.lstrip()[:1] in ("{", "[")
    text = mask_text(text) if is_json else _WORD.sub(lambda word: mask_text(word[0]), mask_line(text))
    return LONG_RUN.sub("…", mask_known_forms(text))


_INNER: Inner = partial(mask_text, depth=1)


def mask_path(path: str) -> str:
    """Masks the path of a request, as sent."""
    return mask_segments(path, _INNER)


def mask_query(query: str) -> str:
    """Masks the query of a request, as sent.

    A query that is not a list of pairs is treated as text.
    """
    return mask_pairs(query, _INNER)


def mask_referer(url: str) -> str:
    """Masks a referer or origin."""
    return mask_known_forms(mask_url(url, _INNER))


def mask_body(body: str) -> str:
    """Masks a request body: JSON, GraphQL, XML, multipart, form, or plain text."""
    return mask_text(body)


MASKERS: dict[str, Callable[[str], str]] = {
    "path": mask_path,
    "query": mask_query,
    "referer": mask_referer,
    "origin": mask_referer,
    "request_body": mask_body,
    "user_agent": mask_line,
    "accept": mask_line,
    "x_requested_with": mask_line,
    "cache_control": mask_line,
}
"""Column of `transactions` → the function that masks it."""
HEADER_FIELDS = ("user_agent", "accept", "x_requested_with", "cache_control")
"""The columns of `MASKERS` that are not URLs, paths, queries or bodies."""
