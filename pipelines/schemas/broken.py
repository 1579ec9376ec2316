"""A judgement against other evidence → which of its constraints how many values break, from their mergeable states alone.

No value is looked at again: kinds, common values, outermost sizes and classes of characters are what constraints speak of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.schemas.evidence import SIZED_KINDS, Evidence, KindEvidence
from pipelines.schemas.judge import Alternative, Judgement, with_items
from pipelines.schemas.recognisers import BIG_INTEGER, DIGITS, NUMBER, NUMBERS, TEXT, type_of
from pipelines.schemas.seen import Seen
from pipelines.schemas.texts import classes_in


@dataclass(frozen=True, slots=True)
class Broken:
    """`n` values break a constraint, at least so many `clients` sent them."""

    n: int = 0
    clients: int = 0

    def __add__(self, other: Broken) -> Broken:
        return Broken(self.n + other.n, max(self.clients, other.clients))


ByKeyword = dict[str, Broken]


def broken(judgement: Judgement, evidence: Evidence, location: str, items: Evidence | None) -> ByKeyword:
    """Keyword ("type": no form fits) → what breaks it; empty where all values of `evidence` conform.

    Counts are exact for closed sets and forms. Of numbers and lengths the outermost 32 count, of a pattern each
    class of characters: so few are never overlooked, and many are counted roughly.
    """
    if not judgement.alternatives:
        return {}
    judged = with_items(evidence, items) if judgement.listed and items is not None else evidence
    found: ByKeyword = {}
    for kind in judged.kinds:
        fitting = [
            _limits_broken(form, kind) for form in judgement.alternatives if fits(form, kind, location)
        ]
        mildest = min(fitting, key=_size, default={"type": Broken(kind.n, kind.clients)})
        for keyword, one in mildest.items():
            found[keyword] = found.get(keyword, Broken()) + one
    return found


def fits(form: Alternative, kind: KindEvidence, location: str) -> bool:
    """Whether values of a kind are of a form, its limits aside. In a URL everything is a text; in JSON a type is one."""
    if form.kind == TEXT:
        return location != "body" or type_of(kind.kind) == "string"
    is_integer = type_of(kind.kind) == "integer"
    if form.kind == BIG_INTEGER:
        return is_integer
    if type_of(form.kind) == "integer":
        return is_integer and kind.kind != BIG_INTEGER
    if form.kind == NUMBER:
        return kind.kind in NUMBERS
    is_counted = form.kind == DIGITS and location != "body" and is_integer and (kind.low or 0) >= 0
    return is_counted or form.kind == kind.kind


def _limits_broken(form: Alternative, kind: KindEvidence) -> ByKeyword:
    keywords = form.limits.keywords
    found: ByKeyword = {}
    if "enum" in keywords:
        seen = kind.common.seen
        found["enum"] = (
            Broken(kind.n, kind.clients)
            if seen is None
            else _of(one for text, one in seen.items() if text not in keywords["enum"])
        )
    longest = keywords.get("maxLength") if kind.kind in SIZED_KINDS else None
    for keyword, most in (
        ("maximum", keywords.get("maximum")),
        ("maxItems", keywords.get("maxItems")),
        ("maxLength", longest),
    ):
        if most is not None:
            found[keyword] = _of(one for (size, _), one in kind.highest.seen.items() if size > most)
    if "minimum" in keywords:
        least = keywords["minimum"]
        found["minimum"] = _of(one for (size, _), one in kind.lowest.seen.items() if size < least)
    if "pattern" in keywords:
        held = classes_in(kind)
        if kind.kind in SIZED_KINDS:
            outside = min(kind.n, kind.classes.outside(form.limits.classes))
        else:
            outside = kind.n if held is None or held & ~form.limits.classes else 0
        found["pattern"] = Broken(outside, min(outside, kind.clients))
    if not (kind.prefix if kind.prefix is not None else form.limits.prefix).startswith(form.limits.prefix):
        found["prefix"] = Broken(kind.n, kind.clients)  # at most: which values begin otherwise, no state says
    return {keyword: one for keyword, one in found.items() if one.n}


def _of(seen: Iterable[Seen]) -> Broken:
    n, clients = 0, 0
    for one in seen:
        n += one.n
        clients |= one.clients
    return Broken(n, clients.bit_count())


def _size(found: ByKeyword) -> int:
    return sum(one.n for one in found.values())
