"""What may be said of one form of a parameter beside its type: a set, a range, a length, the characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.schemas import bounds, confidence
from pipelines.schemas.characters import BITS, bracket
from pipelines.schemas.closed import Place, closed_set
from pipelines.schemas.evidence import SIZED_KINDS, Evidence, KindEvidence
from pipelines.schemas.recognisers import (
    ARRAY,
    DIGITS,
    INTEGER,
    NUMBER,
    TEXT,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
)
from pipelines.schemas.seen import CLIENTS, Seen
from pipelines.sections import SchemaSettings

INT64 = 2**63 - 1
ALWAYS_ALLOWED = sum(BITS[name] for name in ("lower", "upper", "digit", "hyphen", "underscore", "dot"))
FREE = BITS["space"] | BITS["other"] | BITS["dangerous"]
"""Characters of free text, whose others no pattern can foretell (METHODS B9 rule 4)."""
IDENTIFIER_SHARE, IDENTIFIER_SIZE = 0.5, 1e5
"""Numbers that are mostly different and large count things that become more (METHODS B3)."""
SMALL_ALLOWANCES = ((100, 2), (30, 1))
"""Values that may be trimmed from so many on, where (1 - min_share) * n is still less (METHODS B9 rule 5)."""
PROOFS = "proofs"
Limits = dict[str, Any]
"""JSON Schema keyword → value; and `PROOFS`: keyword → what `confidence` says of it."""


def limits_of(
    place: Place,
    whole: KindEvidence,
    kinds: Sequence[KindEvidence],
    evidence: Evidence,
    settings: SchemaSettings,
) -> Limits:
    """Limits of one form of a parameter: `kinds` are what it covers, `whole` is their sum, of the form's kind."""
    may_go = allowance(evidence.n, settings)
    if whole.kind in (INTEGER, NUMBER):
        return _range(whole, kinds, may_go, settings)
    if whole.kind == ARRAY:
        return _size(whole, may_go, settings)
    if whole.kind == TEXT:
        return _set(place, kinds, evidence, settings) or _text(whole, kinds, may_go, settings)
    return {}


def allowance(n: int, settings: SchemaSettings) -> int:
    """Values of `n` that may be left out as one client's mistake or attack."""
    least = next((allowed for start, allowed in SMALL_ALLOWANCES if n >= start), 0)
    return max(least, int((1 - settings.min_share) * n + 1e-9))


def _range(
    whole: KindEvidence, kinds: Sequence[KindEvidence], may_go: int, settings: SchemaSettings
) -> Limits:
    n = whole.n
    if n < settings.range_observations:
        return {}
    # a time beside other numbers grows as well
    if any(kind.kind in (UNIX_SECONDS, UNIX_MILLISECONDS) and kind.n > may_go for kind in kinds):
        return {"minimum": 0, PROOFS: {"minimum": confidence.distribution_free(n)}}
    high = whole.highest.supported(CLIENTS, may_go)
    low = whole.lowest.supported(CLIENTS, may_go)
    if not high or not low:
        return {}
    is_identifier = whole.distinct > IDENTIFIER_SHARE * n and high[0][0] > IDENTIFIER_SIZE
    top = bounds.upper([(max(size, 0.0), times) for size, times in high], n, whole.distinct, is_identifier)
    negated = [(-size, times) for size, times in low if size < 0]
    bottom = -bounds.upper(negated, n, whole.distinct, is_identifier) if negated else 0.0
    limits: Limits = {"minimum": bottom, "maximum": top}
    if whole.kind == INTEGER:
        limits = {key: int(value) for key, value in limits.items() if abs(value) <= INT64}
    return {**limits, PROOFS: dict.fromkeys(limits, confidence.tail_model(n, bounds.TAIL_RISK))}


def _size(whole: KindEvidence, may_go: int, settings: SchemaSettings) -> Limits:
    largest = whole.highest.supported(CLIENTS, may_go)
    if whole.n < settings.range_observations or not largest:
        return {}
    limit = int(bounds.upper(largest, whole.n, whole.distinct, is_identifier=False))
    return {"maxItems": limit, PROOFS: {"maxItems": confidence.tail_model(whole.n, bounds.TAIL_RISK)}}


def _set(place: Place, kinds: Sequence[KindEvidence], evidence: Evidence, settings: SchemaSettings) -> Limits:
    seen: dict[str, Seen] = {}
    for kind in kinds:
        if kind.common.seen is None:
            return {}
        seen.update(kind.common.seen)
    values = closed_set(place, seen, evidence, settings)
    if values is None:
        return {}
    left_out = evidence.n - sum(seen[value].n for value in values)
    return {"enum": list(values), PROOFS: {"enum": confidence.finite_set(evidence.n, max(left_out, 0))}}


def _text(
    whole: KindEvidence, kinds: Sequence[KindEvidence], may_go: int, settings: SchemaSettings
) -> Limits:
    n = whole.n
    if n < settings.length_observations or any(kind.kind not in SIZED_KINDS for kind in kinds):
        return {}
    limits: Limits = {}
    proofs: dict[str, Any] = {}
    largest = whole.highest.supported(CLIENTS, may_go)
    if largest:
        limits["maxLength"] = bounds.longest(largest, n)
        proofs["maxLength"] = confidence.tail_model(n, bounds.TAIL_RISK)
    held = whole.classes | (BITS["digit"] if any(kind.kind == DIGITS for kind in kinds) else 0)
    if n >= settings.pattern_observations and not held & FREE:
        allowed = held if n >= settings.class_observations else held | ALWAYS_ALLOWED
        limits["pattern"] = f"^{bracket(allowed)}*$"
        proofs["pattern"] = confidence.fleet_prior(n)
    return {**limits, PROOFS: proofs} if limits else {}
