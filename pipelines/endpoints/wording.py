"""Reasons of an endpoint as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def said(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each reason in a line: `for: answers JSON (+2.10)`; the number is its share of the log-odds."""
    return [f"{each['text']} ({each['contribution']:+.2f})" for each in reasons]
