"""Segments of templates and paths of requests, decoded: a document may be written in another way than its requests."""

from __future__ import annotations

import re

from pipelines.schemas.decoding import percent_decoded
from pipelines.schemas.path_segments import written_segments

BRACES = re.compile(r"\{([^{}]*)\}")


def segments(path: str) -> list[str]:
    """The decoded segments of a path."""
    return [percent_decoded(segment) for segment in written_segments(path)]


def literals_of(template: str) -> tuple[str, ...]:
    """The decoded text around and between the placeholders of a segment, so one more than they are."""
    return tuple(percent_decoded(piece) for piece in BRACES.split(template)[::2])
