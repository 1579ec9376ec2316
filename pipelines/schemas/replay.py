"""What is written, replayed against the values it was learned from, by the checker that `validate` uses.

The back-test compares states with limits; this compares the document with values, so that no rule on either side (a limit rounded
the wrong way, a type that JSON does not have) refuses what taught it. What it finds is a defect, so the constraint goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from pipelines.conformance.texts import scalars
from pipelines.conformance.verdicts import compiled
from pipelines.schemas.evidence import NAMED_KINDS, Evidence, KindEvidence
from pipelines.schemas.json_schema import json_schema, without_evidence
from pipelines.schemas.judge import Judgement
from pipelines.schemas.limits import allowance
from pipelines.schemas.recognisers import BOOLEAN, EMPTY, NULL, NUMBERS, type_of
from pipelines.schemas.seen import CLIENTS, Seen, is_cut
from pipelines.sections import SchemaSettings

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
    schema = compiled(orjson.dumps(written).decode())
    may_go = allowance(evidence.n, settings)
    found: dict[str, Seen] = {}
    for one in (witness for kind in evidence.kinds for witness in witnesses(kind)):
        readings = (one.value,) if location == "body" else tuple(scalars(one.text))
        if any(schema.is_valid(value) for value in readings):
            continue
        for rule in {broken.rule for broken in schema.broken(readings[0])}:
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
    elif kind.kind in NUMBERS:
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
