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
from pipelines.schemas.path_segments import REST, values_of, written_segments
from pipelines.schemas.placeholders import PLACEHOLDER

KNOWN_TEMPLATES = 4096
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


def path_values(template: str, path: str) -> list[tuple[str, str]]:
    """Names and percent-decoded values of the placeholders; none where the path is not one of the template.

    Empty segments, which templates do not have, and matrix parameters (RFC 3986 s. 3.3) are left out.
    """
    expected = _parsed(template)
    found = written_segments(path)
    fits = len(found) == expected.length or (expected.has_rest and len(found) >= expected.length - 1)
    if not fits:
        return []
    values: list[tuple[str, str]] = []
    for place, names, literals in expected.variable:
        if place < len(found):
            texts = values_of(literals, found[place]) or ()
            values += [(name, percent_decoded(text)) for name, text in zip(names, texts, strict=False)]
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
