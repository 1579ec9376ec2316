"""A path beside its template → the values of the placeholders.

A template segment is literal, one placeholder (`{userId}`) or a mixture (`report-{date}.pdf`, `{lat},{lon}`). Mixtures are
matched by looking for their literal parts from the right, never by a regular expression: no path can inject one, and
the work grows with the length of the segment.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipelines.schemas.decoding import percent_decoded
from pipelines.schemas.placeholders import PLACEHOLDER

REST = "**"
"""A template that ends so covers any number of further segments."""
KNOWN_TEMPLATES = 4096
"""Templates that a worker keeps parsed; far more than one task meets, as traffic of an endpoint comes together."""
_PLACEHOLDER = re.compile(PLACEHOLDER)
_MATRIX = re.compile(";[^/]*")


class _Segment(NamedTuple):
    """`literals` stand around the placeholders `names`: one more than those."""

    place: int
    names: tuple[str, ...]
    literals: tuple[str, ...]


class _Template(NamedTuple):
    length: int
    has_rest: bool
    variable: tuple[_Segment, ...]


def path_values(template: str, path: str) -> list[tuple[str, str]]:
    """Names and percent-decoded values of the placeholders; none where the path is not one of the template.

    Empty segments, which templates do not have, and matrix parameters (RFC 3986 s. 3.3) are left out.
    """
    expected = _parsed(template)
    plain = _MATRIX.sub("", path) if ";" in path else path
    found = [segment for segment in plain.split("/") if segment]
    fits = len(found) == expected.length or (expected.has_rest and len(found) >= expected.length - 1)
    if not fits:
        return []
    values: list[tuple[str, str]] = []
    for place, names, literals in expected.variable:
        if place < len(found):
            matched = zip(names, _between(literals, found[place]), strict=False)
            values += [(name, percent_decoded(value)) for name, value in matched]
    return values


@lru_cache(maxsize=KNOWN_TEMPLATES)
def _parsed(template: str) -> _Template:
    segments = [segment for segment in template.split("/") if segment]
    variable = []
    for place, segment in enumerate(segments):
        parts = _PLACEHOLDER.split(segment)
        if len(parts) > 1:
            variable.append(_Segment(place, tuple(parts[1::2]), tuple(parts[::2])))
    return _Template(len(segments), segments[-1:] == [REST], tuple(variable))


def _between(literals: tuple[str, ...], segment: str) -> list[str]:
    """The texts between literals, the first as long as it can be, none of them empty; nothing where a literal is missing."""
    end = len(segment) - len(literals[-1])
    if not segment.endswith(literals[-1]):
        return []
    texts: list[str] = []
    for literal in reversed(literals[1:-1]):
        start = segment.rfind(literal, 0, end - 1) if end > 0 else -1
        if start < 0:
            return []
        texts.append(segment[start + len(literal) : end])
        end = start
    if end <= len(literals[0]) or not segment.startswith(literals[0]):
        return []
    return [segment[len(literals[0]) : end], *reversed(texts)]
