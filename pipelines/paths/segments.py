r"""Typed segments: forms of identifiers that need no context. Value layer; the same pattern runs in Python and in Spark.

Each recogniser names its source. They are anchored, bounded and free of nested repetition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A form of segment: `pattern` must match the whole segment, in Python's `re` and in java.util.regex alike."""

    name: str
    pattern: str
    source: str


RECOGNISERS = (
    Recogniser("uuid", r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "RFC 9562 s. 4"),
    Recogniser("integer", r"-?[0-9]{1,20}", "decimal digits, up to 64 bits"),
    Recogniser("date", r"[0-9]{4}-[01][0-9]-[0-3][0-9]", "RFC 3339 full-date"),
    Recogniser(
        "datetime",
        r"[0-9]{4}-?[01][0-9]-?[0-3][0-9][T_ ][0-9:.%A-Z+-]{4,24}",
        "RFC 3339 date-time, and its basic form",
    ),
    Recogniser(
        "ulid", r"[0-7][0-9A-HJKMNP-TV-Z]{25}", "ULID specification: Crockford base 32, 26 characters"
    ),
    Recogniser(
        "hex",
        r"(?=[0-9a-fA-F]{0,63}[0-9])[0-9a-fA-F]{16,128}",
        "digests and ObjectIds (12 bytes, BSON): 8 bytes and more",
    ),
    Recogniser(
        "email",
        r"[A-Za-z0-9._%+-]{1,64}(?:@|%40)[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}",
        "RFC 5322 addr-spec, common subset",
    ),
    Recogniser("jwt", r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*", "RFC 7519"),
    Recogniser(
        "coordinates",
        r"-?[0-9]{1,3}\.[0-9]{1,10},-?[0-9]{1,3}\.[0-9]{1,10}",
        "RFC 5870 (geo URI) coordinates",
    ),
    Recogniser(
        "mixed",
        r"(?=[^0-9]{0,63}[0-9][^0-9]{0,63}[0-9])(?=[^A-Za-z]{0,63}[A-Za-z])[A-Za-z0-9][A-Za-z0-9_-]{8,127}",
        "nine characters or more with letters and at least two digits: opaque keys",
    ),
    Recogniser("masked", r"redacted", "a credential that ingest masked"),
)

VARIABLE = r"^(?:" + "|".join(recogniser.pattern for recogniser in RECOGNISERS) + r")$"
"""Matches a segment that is a variable by its form alone."""

LITERAL = r"^(?:v[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}|[0-9]{4}-[01][0-9]-[0-3][0-9](?:-preview)?)$"
"""Matches versions (`v1`, `v2.1`, Azure's `2015-05-01-preview`), which are literals."""

PLACEHOLDER = "{}"


def form(segment: str) -> str | None:
    """Name of the first recogniser that takes the whole segment, None for a word."""
    return next((r.name for r in RECOGNISERS if re.fullmatch(r.pattern, segment)), None)
