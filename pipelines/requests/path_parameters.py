"""Segments and spellings of paths, and the values of a template's placeholders.

Learning and validation share these rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pipelines.http.path_template import PLACEHOLDER
from pipelines.http.text import percent_decode

REST = "**"
"""Last segment of templates of very deep paths: any number of further segments."""
_MATRIX = re.compile(";[^/]*")
PLAIN, DOUBLED, TRAILING, DOUBLED_TRAILING = PATH_VARIANTS = ("/x", "//x", "/x/", "//x/")
"""Spellings of the path `/x`: doubled first slash, trailing slash, or both.

Templates are stored as the first, however the requests wrote the path.
"""


def split_path(path: str) -> list[str]:
    """Splits a path into its segments, without empty ones and matrix parameters.

    RFC 3986 s. 3.3 mentions matrix parameters (`;name=value`).
    """
    plain = _MATRIX.sub("", path) if ";" in path else path
    return [segment for segment in plain.split("/") if segment]


def match_segment(literals: Sequence[str], segment: str) -> tuple[str, ...] | None:
    """Returns the text of each placeholder in a segment, or None if it does not match.

    Each text has at least one character. Where several ways match, an earlier placeholder takes as much as possible: literals are
    looked for from the right.

    Args:
        literals: The texts around the placeholders, one more than those.
        segment: The segment of a path.
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
    """Returns the spelling of a path: one of `PATH_VARIANTS`."""
    is_doubled, is_trailing = path.startswith("//"), path.endswith("/") and path.strip("/") != ""
    return PATH_VARIANTS[is_doubled + 2 * is_trailing]


def apply_path_variant(path: str, variant: str) -> str:
    """Spells a template as one of `PATH_VARIANTS`.

    The root and templates that end with `REST` get no trailing slash.
    """
    is_trailing = variant.endswith("/") and path != "/" and not path.endswith(f"/{REST}")
    return f"{'/' if variant.startswith('//') else ''}{path}{'/' if is_trailing else ''}"


TEMPLATE_CACHE_SIZE = 4096
"""Templates that a worker caches parsed.

Far more than one task meets, as the traffic of an endpoint is read together.
"""
_PLACEHOLDER = re.compile(PLACEHOLDER)


class _Segment(NamedTuple):
    """A segment with placeholders.

    `names` are those of the placeholders; `literals` stand around them, one more than those.
    """

    place: int
    names: tuple[str, ...]
    literals: tuple[str, ...]


class _Template(NamedTuple):
    length: int
    has_rest: bool
    variable: tuple[_Segment, ...]


def extract_path_values(template: str, path: str) -> list[tuple[str, str]]:
    """Returns the names and percent-decoded values of the placeholders of a path.

    Empty segments, which templates do not have, and matrix parameters (RFC 3986 s. 3.3) are left out.

    Returns:
        Pairs of name and value; empty if the path does not match the template.
    """
    expected = _parse(template)
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
def _parse(template: str) -> _Template:
    segments = [segment for segment in template.split("/") if segment]
    variable = []
    for place, segment in enumerate(segments):
        parts = _PLACEHOLDER.split(segment)
        if len(parts) > 1:
            variable.append(_Segment(place, tuple(parts[1::2]), tuple(parts[::2])))
    return _Template(len(segments), segments[-1:] == [REST], tuple(variable))
