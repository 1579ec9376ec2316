"""Segments of a path as learning and checking read them, how paths are written, and the values of a template's placeholders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pipelines.http.path_template import PLACEHOLDER
from pipelines.http.text import percent_decode

REST = "**"
"""Last segment of our own templates of very deep paths: any number of further segments."""
_MATRIX = re.compile(";[^/]*")
PLAIN, DOUBLED, TRAILING, DOUBLED_TRAILING = PATH_VARIANTS = ("/x", "//x", "/x/", "//x/")
"""Ways to write the path `/x`: templates are written in the first, whatever the requests were."""


def split_path(path: str) -> list[str]:
    """The parts between slashes as they are written: no empty ones, no matrix parameters (RFC 3986 s. 3.3)."""
    plain = _MATRIX.sub("", path) if ";" in path else path
    return [segment for segment in plain.split("/") if segment]


def match_segment(literals: Sequence[str], segment: str) -> tuple[str, ...] | None:
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


def path_variant_of(path: str) -> str:
    """How a path is written: one of `WRITINGS`."""
    is_doubled, is_trailing = path.startswith("//"), path.endswith("/") and path.strip("/") != ""
    return PATH_VARIANTS[is_doubled + 2 * is_trailing]


def apply_path_variant(path: str, writing: str) -> str:
    """A template in one of `WRITINGS`. The root and templates of any further segments have no slash at their end."""
    is_trailing = writing.endswith("/") and path != "/" and not path.endswith(f"/{REST}")
    return f"{'/' if writing.startswith('//') else ''}{path}{'/' if is_trailing else ''}"


TEMPLATE_CACHE_SIZE = 4096
"""Templates that a worker keeps parsed; far more than one task meets, as traffic of an endpoint comes together."""
_PLACEHOLDER = re.compile(PLACEHOLDER)


class _Segment(NamedTuple):
    """`literals` stand around the placeholders `names`: one more than those."""

    place: int
    names: tuple[str, ...]
    literals: tuple[str, ...]


class _Template(NamedTuple):
    length: int
    has_rest: bool
    variable: tuple[_Segment, ...]


def extract_path_values(template: str, path: str) -> list[tuple[str, str]]:
    """Names and percent-decoded values of the placeholders; none where the path is not one of the template.

    Empty segments, which templates do not have, and matrix parameters (RFC 3986 s. 3.3) are left out.
    """
    expected = _parsed(template)
    found = split_path(path)
    fits = len(found) == expected.length or (expected.has_rest and len(found) >= expected.length - 1)
    if not fits:
        return []
    values: list[tuple[str, str]] = []
    for place, names, literals in expected.variable:
        if place < len(found):
            texts = match_segment(literals, found[place]) or ()
            values += [(name, percent_decode(text)) for name, text in zip(names, texts, strict=False)]
    return values


@lru_cache(maxsize=TEMPLATE_CACHE_SIZE)
def _parsed(template: str) -> _Template:
    segments = [segment for segment in template.split("/") if segment]
    variable = []
    for place, segment in enumerate(segments):
        parts = _PLACEHOLDER.split(segment)
        if len(parts) > 1:
            variable.append(_Segment(place, tuple(parts[1::2]), tuple(parts[::2])))
    return _Template(len(segments), segments[-1:] == [REST], tuple(variable))
