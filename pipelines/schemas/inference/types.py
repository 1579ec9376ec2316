"""Groups kinds of values into types, formats or texts that together cover them.

Constraints are inferred later (`constraints`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.http.value_formats import (
    BIG_INTEGER,
    BY_KIND,
    DIGITS,
    EMPTY,
    INTEGER,
    NUMBER,
    NUMBER_KINDS,
    TEXT,
    UNFORMATTED_KINDS,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
    type_of,
)
from pipelines.schemas.statistics.evidence import KindEvidence

MIN_TIME_SPREAD = {UNIX_SECONDS: 3_600, UNIX_MILLISECONDS: 3_600_000}
"""One hour: numbers that look like times but never advance are identifiers.

docs/methods.md, 2.9.
"""


TypeGroup = tuple[str, Sequence[KindEvidence]]
"""A type or format (`value_formats`; `TEXT`: any text) and the kinds it covers."""


def group_url_types(kinds: Sequence[KindEvidence]) -> list[TypeGroup]:
    """Groups the kinds of texts in a URL into types that together cover all values."""
    by_type: dict[str, list[KindEvidence]] = {}
    for kind in kinds:
        by_type.setdefault(EMPTY if kind.kind == EMPTY else type_of(kind.kind), []).append(kind)
    numeric = [*by_type.pop("integer", []), *by_type.pop("number", [])]
    strings = by_type.pop("string", [])
    found: list[TypeGroup] = [(group[0].kind, group) for group in by_type.values()]
    if numeric and any(kind.kind == DIGITS for kind in strings):
        found.append(_group_digits([*numeric, *strings]))
    else:
        found += [_group_numbers(numeric)] if numeric else []
        found += _group_texts(strings)
    text = next((group for group in found if group[0] == TEXT), None)
    if text is None:
        return found
    # text covers everything; another type is worth naming only if it is more frequent
    others = [group for group in found if group is not text]
    named = [group for group in others if group[0] != EMPTY and _n(group) >= _n(text)]
    unnamed = [kind for group in others if group not in named for kind in group[1]]
    return [*named, (TEXT, [*text[1], *unnamed])]


def group_json_types(kinds: Sequence[KindEvidence]) -> list[TypeGroup]:
    """Groups the kinds of values in a JSON body, where a type never covers another."""
    numeric = [kind for kind in kinds if kind.kind in NUMBER_KINDS]
    strings = [kind for kind in kinds if type_of(kind.kind) == "string"]
    found: list[TypeGroup] = [
        (kind.kind, [kind]) for kind in kinds if type_of(kind.kind) in ("boolean", "null", "object", "array")
    ]
    return [*found, *([_group_numbers(numeric)] if numeric else []), *_group_texts(strings)]


def group_basic_types(kinds: Sequence[KindEvidence]) -> list[TypeGroup]:
    """Groups into types alone, for too few values to say more: any number, any text."""
    basic = {"integer": NUMBER, "number": NUMBER, "string": TEXT}
    found: dict[str, list[KindEvidence]] = {}
    for kind in kinds:
        found.setdefault(basic.get(type_of(kind.kind), kind.kind), []).append(kind)
    return list(found.items())


def _n(group: TypeGroup) -> int:
    return sum(kind.n for kind in group[1])


def _group_digits(kinds: Sequence[KindEvidence]) -> TypeGroup:
    """Groups numbers with leading zeros: digits if there are no others, else any text."""
    only_digits = all(k.kind == DIGITS or (type_of(k.kind) == "integer" and (k.low or 0) >= 0) for k in kinds)
    return (DIGITS if only_digits else TEXT), kinds


def _group_numbers(kinds: Sequence[KindEvidence]) -> TypeGroup:
    """Groups numbers as a time, an integer or a number.

    It is a time if all integers look like one and advance.
    """
    if any(type_of(kind.kind) == "number" for kind in kinds):
        return NUMBER, kinds
    if any(kind.kind == BIG_INTEGER for kind in kinds):
        return BIG_INTEGER, kinds
    only = kinds[0]
    stands = (only.high or 0) - (only.low or 0) <= MIN_TIME_SPREAD.get(only.kind, 0)
    return (INTEGER if len(kinds) > 1 or only.kind not in MIN_TIME_SPREAD or stands else only.kind), kinds


def _group_texts(kinds: Sequence[KindEvidence]) -> list[TypeGroup]:
    """Groups strings: each format alone, or any text if a kind has no credible format."""
    if not kinds:
        return []
    if all(
        kind.kind in BY_KIND
        and kind.kind not in UNFORMATTED_KINDS
        and kind.distinct >= BY_KIND[kind.kind].min_distinct
        for kind in kinds
    ):
        return [(kind.kind, [kind]) for kind in kinds]
    return [(TEXT, kinds)]
