"""Segments of a path as learning and checking read them, and the texts of their placeholders: linear time, no pattern is made."""

from __future__ import annotations

import re
from collections.abc import Sequence

REST = "**"
"""Last segment of our own templates of very deep paths: any number of further segments."""
_MATRIX = re.compile(";[^/]*")
PLAIN, DOUBLED, TRAILING, DOUBLED_TRAILING = WRITINGS = ("/x", "//x", "/x/", "//x/")
"""Ways to write the path `/x`: templates are written in the first, whatever the requests were."""


def written_segments(path: str) -> list[str]:
    """The parts between slashes as they are written: no empty ones, no matrix parameters (RFC 3986 s. 3.3)."""
    plain = _MATRIX.sub("", path) if ";" in path else path
    return [segment for segment in plain.split("/") if segment]


def values_of(literals: Sequence[str], segment: str) -> tuple[str, ...] | None:
    """The text of each placeholder between `literals`, at least one character; None where the segment does not fit.

    Where several ways fit, an earlier placeholder takes as much as it can: literals are looked for from the right.
    """
    first, last = literals[0], literals[-1]
    if len(literals) == 1:
        return () if segment == first else None
    if not (segment.startswith(first) and segment.endswith(last)):
        return None
    start, end = len(first), len(segment) - len(last)
    found: list[str] = []
    for left in range(len(literals) - 2, 0, -1):
        literal = literals[left]
        place = segment.rfind(literal, start + left, end - 1)
        if place < 0:
            return None
        found.append(segment[place + len(literal) : end])
        end = place
    if end <= start:
        return None
    return (segment[start:end], *reversed(found))


def writing_of(path: str) -> str:
    """How a path is written: one of `WRITINGS`."""
    is_doubled, is_trailing = path.startswith("//"), path.endswith("/") and path.strip("/") != ""
    return WRITINGS[is_doubled + 2 * is_trailing]


def as_written(path: str, writing: str) -> str:
    """A template in one of `WRITINGS`. The root and templates of any further segments have no slash at their end."""
    is_trailing = writing.endswith("/") and path != "/" and not path.endswith(f"/{REST}")
    return f"{'/' if writing.startswith('//') else ''}{path}{'/' if is_trailing else ''}"
