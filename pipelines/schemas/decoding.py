"""Percent-encoded text → text. What is no encoding stays as it is, bytes that are no UTF-8 become U+FFFD."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

_MALFORMED = re.compile("%(?![0-9A-Fa-f]{2})")


def percent_decoded(text: str) -> str:
    """A segment of a path, where "+" is itself (RFC 3986 s. 2.1)."""
    if "%" not in text or _MALFORMED.search(text):
        return text
    return unquote(text, errors="replace")


def form_decoded(text: str) -> str:
    """A name or value of a query or form (application/x-www-form-urlencoded: URL standard s. 5.1), where "+" is a space."""
    if "%" not in text:
        return text.replace("+", " ")
    return text if _MALFORMED.search(text) else unquote_plus(text, errors="replace")
