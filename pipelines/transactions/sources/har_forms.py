"""Lists of names and values in a HAR (queryString, postData.params) → the text that was sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

from pipelines.transactions.sources.har_headers import pairs
from pipelines.transactions.sources.not_unicode import scalar_text

_ESCAPED: Final = re.compile(r"(?:[^%\s\"<>&=\x7f-\U0010ffff]|%[0-9A-Fa-f]{2})*+", re.ASCII)


def form_text(items: Any) -> str:
    """The URL-encoded body that shows these parameters; empty for none."""
    return urlencode(_plain(list(pairs(items))), quote_via=quote_plus)


def query_text(items: Any) -> str:
    """The query that shows these parameters; empty for none."""
    return urlencode(_plain(list(pairs(items))), quote_via=quote)


def _plain(found: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Names and values as they were meant. Some tools list them decoded, some as they were sent.

    As sent means: somewhere is an escape, and nowhere is what an encoded text cannot have. Such a list is decoded once.
    """
    texts = [text for pair in found for text in pair]
    if any("%" in text for text in texts) and all(_ESCAPED.fullmatch(text) for text in texts):
        return [(_decoded(name), _decoded(value)) for name, value in found]
    return found


def _decoded(text: str) -> str:
    return scalar_text(unquote_plus(text, errors="replace"))
