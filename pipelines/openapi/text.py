"""Text from traffic, made fit for documents: attackers choose host names, paths and parameter names."""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def readable(text: str, limit: int) -> str:
    """One line of at most `limit` characters, without control characters and bidirectional overrides."""
    visible = "".join(REPLACEMENT if unicodedata.category(c)[0] == "C" else c for c in text)
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
