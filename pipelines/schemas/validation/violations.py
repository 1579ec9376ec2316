"""A judgement against other evidence → which of its constraints how many values break, from their mergeable states alone.

No value is looked at again: kinds, common values, outermost sizes and classes of characters are what constraints speak of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from pipelines.conformance.parameter_values import read_scalars
from pipelines.conformance.value_check import compile_schema
from pipelines.http.value_formats import (
    BIG_INTEGER,
    BOOLEAN,
    DIGITS,
    EMPTY,
    NULL,
    NUMBER,
    NUMBER_KINDS,
    TEXT,
    type_of,
)
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.inference.constraints import allowance, classes_in
from pipelines.schemas.inference.infer import Alternative, Judgement, with_items
from pipelines.schemas.inference.json_schema import json_schema, without_evidence
from pipelines.schemas.statistics.evidence import NAMED_KINDS, SIZED_KINDS, Evidence, KindEvidence
from pipelines.schemas.statistics.value_counts import CLIENTS, Seen, is_cut


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
        return kind.kind in NUMBER_KINDS
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


EXACT = 2**53
"""Integers up to it are exact doubles (IEEE 754), which kept sizes are."""
KEYWORDS = ("enum", "maximum", "minimum", "maxLength", "maxItems", "pattern")
"""What can be left out alone; without anything else the type goes."""


class Witness(NamedTuple):
    """A value that a state has kept, as JSON and as it stands in a URL, and who sent it."""

    value: object
    text: str
    seen: Seen


def refused_values(
    judgement: Judgement, evidence: Evidence, location: str, settings: SchemaSettings
) -> dict[str, str]:
    """Keyword → why it cannot be written: values of the evidence that were no mistakes of single clients break it."""
    if not judgement.alternatives:
        return {}
    written = without_evidence(json_schema(judgement))
    if judgement.is_repeated or judgement.listed:
        written = written["items"]
    schema = compile_schema(orjson.dumps(written).decode())
    may_go = allowance(evidence.n, settings)
    found: dict[str, Seen] = {}
    for one in (witness for kind in evidence.kinds for witness in witnesses(kind)):
        readings = (one.value,) if location == "body" else tuple(read_scalars(one.text))
        if any(schema.is_valid(value) for value in readings):
            continue
        for rule in {violation.rule for violation in schema.violations(readings[0])}:
            if rule != "enum" or one.seen.clients.bit_count() >= CLIENTS:
                keyword = _keyword(rule, judgement)
                found[keyword] = found.get(keyword, Seen()) + one.seen
    return {
        keyword: f"{one.n} of the values that taught it broke it"
        for keyword, one in found.items()
        if one.n > may_go or one.clients.bit_count() >= CLIENTS
    }


def witnesses(kind: KindEvidence) -> Iterator[Witness]:
    """The values of one kind that its state has kept."""
    everybody = Seen(kind.n, (1 << kind.clients) - 1)
    if kind.kind == NULL:
        yield Witness(None, "null", everybody)
    elif kind.kind == EMPTY:
        yield Witness("", "", everybody)
    elif kind.kind == BOOLEAN:
        yield Witness(True, "true", everybody)
    elif kind.kind in NAMED_KINDS:
        yield from (
            Witness(text, text, seen) for text, seen in (kind.common.seen or {}).items() if not is_cut(text)
        )
    elif kind.kind in NUMBER_KINDS:
        is_integer = type_of(kind.kind) == "integer"
        exact = {float(one): one for one in (kind.low, kind.high) if one is not None}
        for (size, _), seen in {**kind.highest.seen, **kind.lowest.seen}.items():
            if not is_integer:
                yield Witness(size, repr(size), seen)
            elif size in exact or abs(size) < EXACT:
                whole = exact.get(size, int(size))
                yield Witness(whole, str(whole), seen)


def _keyword(rule: str, judgement: Judgement) -> str:
    if rule == "pattern" and any(form.limits.prefix for form in judgement.alternatives):
        return "prefix"
    return rule if rule in KEYWORDS else "type"
