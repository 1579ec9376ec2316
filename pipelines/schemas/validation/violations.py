"""Counts which constraints of a schema the values of other evidence violate.

Only mergeable states are needed, never the values: kinds, common values, extreme sizes and classes of characters are what
constraints are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
from pipelines.schemas.inference.constraints import allowed_outliers, possible_classes
from pipelines.schemas.inference.infer import Alternative, InferredSchema, merge_items
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from pipelines.schemas.statistics.evidence import NAMED_KINDS, SIZED_KINDS, Evidence, KindEvidence
from pipelines.schemas.statistics.kept_values import EXACT, kept_values
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS, ValueCount, is_shortened


@dataclass(frozen=True, slots=True)
class Violation:
    """`n` values violate a constraint; at least `clients` clients sent them."""

    n: int = 0
    clients: int = 0

    def __add__(self, other: Violation) -> Violation:
        return Violation(self.n + other.n, max(self.clients, other.clients))


ViolationsByKeyword = dict[str, Violation]


def find_violations(
    inferred: InferredSchema, evidence: Evidence, location: str, items: Evidence | None
) -> ViolationsByKeyword:
    """Returns violations by keyword; "type" means that no alternative matches.

    Counts are exact for enums and types. Of numbers and lengths, the most extreme 32 count; for a pattern, each class of
    characters: so a few violations are never overlooked, and many are counted roughly.

    Args:
        inferred: The schema.
        evidence: The values to test.
        location: Where in a request the parameter is.
        items: The items of those of its values that may be lists.

    Returns:
        Keyword → violation; empty if all values conform.
    """
    if not inferred.alternatives:
        return {}
    tested = merge_items(evidence, items) if inferred.list_kind and items is not None else evidence
    found: ViolationsByKeyword = {}
    for kind in tested.kinds:
        fitting = [
            _violated_constraints(alternative, kind)
            for alternative in inferred.alternatives
            if matches_type(alternative, kind, location)
        ]
        mildest = min(fitting, key=_count_values, default={"type": Violation(kind.n, kind.clients)})
        for keyword, one in mildest.items():
            found[keyword] = found.get(keyword, Violation()) + one
    return found


def matches_type(alternative: Alternative, kind: KindEvidence, location: str) -> bool:
    """Returns whether values of a kind match an alternative's type, constraints aside.

    In a URL every value is a text; in JSON a value has a type.
    """
    if alternative.kind == TEXT:
        return location != "body" or type_of(kind.kind) == "string"
    is_integer = type_of(kind.kind) == "integer"
    if alternative.kind == BIG_INTEGER:
        return is_integer
    if type_of(alternative.kind) == "integer":
        return is_integer and kind.kind != BIG_INTEGER
    if alternative.kind == NUMBER:
        return kind.kind in NUMBER_KINDS
    is_counted = alternative.kind == DIGITS and location != "body" and is_integer and (kind.low or 0) >= 0
    return is_counted or alternative.kind == kind.kind


def _violated_constraints(alternative: Alternative, kind: KindEvidence) -> ViolationsByKeyword:
    keywords = alternative.constraints.keywords
    found: ViolationsByKeyword = {}
    if "enum" in keywords:
        seen = kept_values(kind)
        found["enum"] = (
            Violation(kind.n, kind.clients)
            if seen is None
            else _sum_counts(one for text, one in seen.items() if text not in keywords["enum"])
        )
    longest = keywords.get("maxLength") if kind.kind in SIZED_KINDS else None
    for keyword, most in (
        ("maximum", keywords.get("maximum")),
        ("maxItems", keywords.get("maxItems")),
        ("maxLength", longest),
    ):
        if most is not None:
            found[keyword] = _sum_counts(one for (size, _), one in kind.highest.counts.items() if size > most)
    if "minimum" in keywords:
        least = keywords["minimum"]
        found["minimum"] = _sum_counts(one for (size, _), one in kind.lowest.counts.items() if size < least)
    if "pattern" in keywords:
        held = possible_classes(kind)
        if kind.kind in SIZED_KINDS:
            outside = min(kind.n, kind.classes.outside(alternative.constraints.classes))
        else:
            outside = kind.n if held is None or held & ~alternative.constraints.classes else 0
        found["pattern"] = Violation(outside, min(outside, kind.clients))
    required = alternative.constraints.prefix
    if not (kind.prefix if kind.prefix is not None else required).startswith(required):
        # an upper bound: no state knows which values begin otherwise
        found["prefix"] = Violation(kind.n, kind.clients)
    return {keyword: one for keyword, one in found.items() if one.n}


def _sum_counts(seen: Iterable[ValueCount]) -> Violation:
    n, clients = 0, 0
    for one in seen:
        n += one.n
        clients |= one.clients
    return Violation(n, clients.bit_count())


def _count_values(found: ViolationsByKeyword) -> int:
    return sum(one.n for one in found.values())


KEYWORDS = ("enum", "maximum", "minimum", "maxLength", "maxItems", "pattern")
"""Keywords that can be left out alone; for any other the type is left out."""


class Witness(NamedTuple):
    """A value that a state has kept, as JSON and as text in a URL, and its count."""

    value: object
    text: str
    sent: ValueCount


def find_contradicted_keywords(
    inferred: InferredSchema, evidence: Evidence, location: str, settings: SchemaSettings
) -> dict[str, str]:
    """Returns the keywords that the values they were learned from violate.

    Violations that may be mistakes of single clients do not count.

    Returns:
        Keyword → why it cannot be written.
    """
    if not inferred.alternatives:
        return {}
    written = without_evidence(to_json_schema(_without_claims(inferred)))
    if inferred.is_repeated or inferred.list_kind:
        written = written["items"]
    schema = compile_schema(orjson.dumps(written).decode())
    may_go = allowed_outliers(evidence.n, settings)
    found: dict[str, ValueCount] = {}
    for one in (witness for kind in evidence.kinds for witness in kept_witnesses(kind)):
        readings = (one.value,) if location == "body" else tuple(read_scalars(one.text))
        if any(schema.is_valid(value) for value in readings):
            continue
        for rule in {violation.rule for violation in schema.violations(readings[0])}:
            if rule != "enum" or one.sent.clients.bit_count() >= SUPPORTING_CLIENTS:
                keyword = _keyword(rule, inferred)
                found[keyword] = found.get(keyword, ValueCount()) + one.sent
    return {
        keyword: f"{one.n} of the values it was learned from violate it"
        for keyword, one in found.items()
        if one.n > may_go or one.clients.bit_count() >= SUPPORTING_CLIENTS
    }


def _without_claims(inferred: InferredSchema) -> InferredSchema:
    """Leaves out the claims of constraints, which cost more to state than all else."""
    bare = (
        replace(alternative, constraints=replace(alternative.constraints, proofs={}))
        for alternative in inferred.alternatives
    )
    return replace(inferred, alternatives=tuple(bare))


def kept_witnesses(kind: KindEvidence) -> Iterator[Witness]:
    """Yields the values of one kind that its state has kept."""
    everybody = ValueCount(kind.n, (1 << kind.clients) - 1)
    if kind.kind == NULL:
        yield Witness(None, "null", everybody)
    elif kind.kind == EMPTY:
        yield Witness("", "", everybody)
    elif kind.kind == BOOLEAN:
        yield Witness(True, "true", everybody)
    elif kind.kind in NAMED_KINDS:
        yield from (
            Witness(text, text, seen)
            for text, seen in (kind.common.counts or {}).items()
            if not is_shortened(text)
        )
    elif kind.kind in NUMBER_KINDS:
        is_integer = type_of(kind.kind) == "integer"
        exact = {float(one): one for one in (kind.low, kind.high) if one is not None}
        for (size, _), seen in {**kind.highest.counts, **kind.lowest.counts}.items():
            if not is_integer:
                yield Witness(size, repr(size), seen)
            elif size in exact or abs(size) < EXACT:
                whole = exact.get(size, int(size))
                yield Witness(whole, str(whole), seen)


def _keyword(rule: str, inferred: InferredSchema) -> str:
    if rule == "pattern" and any(alternative.constraints.prefix for alternative in inferred.alternatives):
        return "prefix"
    return rule if rule in KEYWORDS else "type"
