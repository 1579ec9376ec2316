"""What may be said of one form of a parameter beside its type: a set, a range, a length, the characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.schemas import bounds, confidence
from pipelines.schemas.characters import BITS, bracket
from pipelines.schemas.closed import closed_set
from pipelines.schemas.evidence import SIZED_KINDS, Evidence, KindEvidence
from pipelines.schemas.recognisers import (
    ARRAY,
    INTEGER,
    NUMBER,
    TEXT,
    TEXTUAL,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
)
from pipelines.schemas.seen import CLIENTS, Outermost, Seen
from pipelines.sections import SchemaSettings

INT64 = 2**63 - 1
ALWAYS_ALLOWED = sum(BITS[name] for name in ("lower", "upper", "digit", "hyphen", "underscore", "dot"))
FREE = BITS["space"] | BITS["other"] | BITS["dangerous"]
"""Characters of free text, whose others no pattern can foretell (METHODS B9 rule 4)."""
IDENTIFIER_SHARE, IDENTIFIER_SIZE = 0.5, 1e5
"""Numbers that are mostly different and large count things that become more (METHODS B3)."""
Place = tuple[str, str]
"""Location and name of a parameter."""
PROOFS = "proofs"
Limits = dict[str, Any]
"""JSON Schema keyword → value; and `PROOFS`: keyword → what `confidence` says of it."""


def limits_of(
    place: Place, form: str, kinds: Sequence[KindEvidence], evidence: Evidence, settings: SchemaSettings
) -> Limits:
    """Limits of the form (a kind) that `kinds` of a parameter were joined to."""
    allowance = small_allowance(evidence.n, settings)
    if form in (INTEGER, NUMBER):
        return _range(form, kinds, allowance, settings)
    if form == ARRAY:
        return _size(kinds, allowance, settings)
    if form == TEXT:
        return _set(place, kinds, evidence, settings) or _text(kinds, allowance, settings)
    return {}


def small_allowance(n: int, settings: SchemaSettings) -> int:
    """Values that may be left out as one client's mistake or attack (METHODS B9 rule 5)."""
    least = next((allowed for start, allowed in ((100, 2), (30, 1)) if n >= start), 0)
    return max(least, int((1 - settings.min_share) * n + 1e-9))


def _range(form: str, kinds: Sequence[KindEvidence], allowance: int, settings: SchemaSettings) -> Limits:
    n, distinct = sum(kind.n for kind in kinds), sum(kind.distinct for kind in kinds)
    if n < settings.range_observations:
        return {}
    # a time beside other numbers grows as well
    if any(kind.kind in (UNIX_SECONDS, UNIX_MILLISECONDS) and kind.n > allowance for kind in kinds):
        return {"minimum": 0, PROOFS: {"minimum": confidence.distribution_free(n)}}
    high = _joined(kinds, "highest").supported(CLIENTS, allowance)
    low = _joined(kinds, "lowest").supported(CLIENTS, allowance)
    if not high or not low:
        return {}
    is_identifier = distinct > IDENTIFIER_SHARE * n and high[0][0] > IDENTIFIER_SIZE
    top = bounds.upper([(max(size, 0.0), times) for size, times in high], n, distinct, is_identifier)
    negated = [(-size, times) for size, times in low if size < 0]
    bottom = -bounds.upper(negated, n, distinct, is_identifier) if negated else 0.0
    limits: Limits = {"minimum": bottom, "maximum": top}
    if form == INTEGER:
        limits = {key: int(value) for key, value in limits.items() if abs(value) <= INT64}
    proof = confidence.tail_model(n, bounds.TAIL_RISK)
    return {**limits, PROOFS: dict.fromkeys(limits, proof)}


def _size(kinds: Sequence[KindEvidence], allowance: int, settings: SchemaSettings) -> Limits:
    n, distinct = sum(kind.n for kind in kinds), sum(kind.distinct for kind in kinds)
    largest = _joined(kinds, "highest").supported(CLIENTS, allowance)
    if n < settings.range_observations or not largest:
        return {}
    limit = int(bounds.upper(largest, n, distinct, is_identifier=False))
    return {"maxItems": limit, PROOFS: {"maxItems": confidence.tail_model(n, bounds.TAIL_RISK)}}


def _set(place: Place, kinds: Sequence[KindEvidence], evidence: Evidence, settings: SchemaSettings) -> Limits:
    seen: dict[str, Seen] = {}
    for kind in kinds:
        if kind.common.seen is None:
            return {}
        seen.update(kind.common.seen)
    location, name = place
    values = closed_set(name, seen, evidence, location, settings)
    if values is None:
        return {}
    left_out = evidence.n - sum(seen[value].n for value in values)
    return {"enum": list(values), PROOFS: {"enum": confidence.finite_set(evidence.n, max(left_out, 0))}}


def _text(kinds: Sequence[KindEvidence], allowance: int, settings: SchemaSettings) -> Limits:
    n = sum(kind.n for kind in kinds)
    limits: Limits = {}
    proofs: dict[str, Any] = {}
    sized = [kind for kind in kinds if kind.kind in SIZED_KINDS]
    if len(sized) == len(kinds) and n >= settings.length_observations:
        largest = _joined(kinds, "highest").supported(CLIENTS, allowance)
        if largest:
            limits["maxLength"] = bounds.longest(largest, n)
            proofs["maxLength"] = confidence.tail_model(n, bounds.TAIL_RISK)
        held = 0
        for kind in kinds:
            held |= kind.classes if kind.kind in TEXTUAL else BITS["digit"]
        if n >= settings.pattern_observations and not held & FREE:
            allowed = held | (0 if n >= settings.class_observations else ALWAYS_ALLOWED)
            if n < settings.class_observations:
                allowed |= held & BITS["punctuation"]
            limits["pattern"] = f"^{bracket(allowed)}*$"
            proofs["pattern"] = confidence.fleet_prior(n)
    return {**limits, PROOFS: proofs} if limits else {}


def _joined(kinds: Sequence[KindEvidence], side: str) -> Outermost:
    whole: Outermost = getattr(kinds[0], side)
    for kind in kinds[1:]:
        whole = whole + getattr(kind, side)
    return whole
