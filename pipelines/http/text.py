"""Texts of requests as Python and documents take them: percent-decoded, Unicode only, on one line."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote, unquote_plus

_MALFORMED = re.compile("%(?![0-9A-Fa-f]{2})")


def percent_decode(text: str) -> str:
    """A segment of a path, where "+" is itself (RFC 3986 s. 2.1)."""
    if "%" not in text or _MALFORMED.search(text):
        return text
    return unquote(text, errors="replace")


def form_decode(text: str) -> str:
    """A name or value of a query or form (application/x-www-form-urlencoded: URL standard s. 5.1), where "+" is a space."""
    if "%" not in text:
        return text.replace("+", " ")
    return text if _MALFORMED.search(text) else unquote_plus(text, errors="replace")


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HIGH: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
LONE_ESCAPE: Final = rf"(?<!\\)((?:\\\\)*+)(?:{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW})"
r"""An escape of a lone surrogate in JSON text, for `java.util.regex`; its group is what stays before `\ufffd`."""


def replace_surrogates(text: str) -> str:
    r"""`text` with U+FFFD for each lone surrogate, which JSON can write (`"\ud800"`) and UTF-8 cannot hold."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def to_single_line(text: str, limit: int) -> str:
    """One line of at most `limit` characters, without control characters and bidirectional overrides."""
    visible = "".join(REPLACEMENT if unicodedata.category(c)[0] == "C" else c for c in text)
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
