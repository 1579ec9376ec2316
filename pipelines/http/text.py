"""Decodes text of requests, and makes it safe for Python, documents and terminals."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote, unquote_plus

_MALFORMED = re.compile("%(?![0-9A-Fa-f]{2})")


def percent_decode(text: str) -> str:
    """Decodes a segment of a path, in which "+" is itself (RFC 3986 s. 2.1).

    Text with a malformed escape stays as it is.
    """
    if "%" not in text or _MALFORMED.search(text):
        return text
    return unquote(text, errors="replace")


def form_decode(text: str) -> str:
    """Decodes a name or value of a query or form, in which "+" is a space.

    The format is application/x-www-form-urlencoded (URL standard s. 5.1). Text with a malformed escape stays as it is.
    """
    if "%" not in text:
        return text.replace("+", " ")
    return text if _MALFORMED.search(text) else unquote_plus(text, errors="replace")


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HIGH: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
LONE_ESCAPE: Final = rf"(?<!\\)((?:\\\\)*+)(?:{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW})"
r"""An escape of a lone surrogate in JSON text, for `java.util.regex`; its group is the text to keep before `\ufffd`."""


def replace_surrogates(text: str) -> str:
    r"""Replaces each lone surrogate by U+FFFD.

    JSON can write one (`"\ud800"`), and UTF-8 cannot encode it.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def to_single_line(text: str, limit: int) -> str:
    """Returns one line of at most `limit` characters.

    Control characters and bidirectional overrides are replaced.
    """
    visible = "".join(REPLACEMENT if unicodedata.category(c)[0] == "C" else c for c in text)
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
