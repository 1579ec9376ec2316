"""Segments of templates against segments of paths: by their texts alone, in linear time. No pattern is ever made."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.schemas.decoding import percent_decoded

BRACES = re.compile(r"\{([^{}]*)\}")
REST = "**"
"""Last segment of our own templates of very deep paths: any number of further segments."""


def segments(path: str) -> list[str]:
    """Decoded parts of a path between slashes, as learning reads them: no empty ones, no matrix parameters (RFC 3986 s. 3.3)."""
    return [
        percent_decoded(one.partition(";")[0]) for one in path.split("/") if one and not one.startswith(";")
    ]


def literals_of(template: str) -> tuple[str, ...]:
    """The decoded text around and between the placeholders of a segment, so one more than they are."""
    return tuple(percent_decoded(piece) for piece in BRACES.split(template)[::2])


def values_of(literals: Sequence[str], segment: str) -> tuple[str, ...] | None:
    """The text of each placeholder, at least one character; None where the segment does not fit.

    As in learning, where several ways fit, an earlier placeholder takes as much as it can.
    """
    first, last = literals[0], literals[-1]
    count = len(literals) - 1
    if not count:
        return () if segment == first else None
    if not (segment.startswith(first) and segment.endswith(last)):
        return None
    start, end = len(first), len(segment) - len(last)
    found: list[str] = []
    for left in range(
        count - 1, 0, -1
    ):  # from the right: what is left over belongs to the placeholder before
        literal = literals[left]
        place = segment.rfind(literal, start + left, end - 1)
        if place < 0:
            return None
        found.append(segment[place + len(literal) : end])
        end = place
    if end <= start:
        return None
    return (segment[start:end], *reversed(found))
