"""Makes claims about later values from the evidence of a parameter."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.inference.confidence import (
    PURE_TYPE,
    ClosedSet,
    Property,
    Standard,
    effective_number,
)
from pipelines.schemas.inference.tails import SizeCounts, Tail, fit_tail
from pipelines.schemas.statistics.value_counts import (
    CLIENT_BITS,
    MAX_EXTREME_VALUES,
    ExtremeValues,
    ValueCount,
    estimate_clients,
)


def standard_of(settings: SchemaSettings) -> Standard:
    """Returns what is asked of a constraint."""
    return Standard(settings.tolerated_rate, settings.confidence)


def claim_property(n: int, clients: int, settings: SchemaSettings, pure: float = PURE_TYPE) -> Property:
    """Returns the claim that later values have a property that all `n` values have."""
    return Property(n, effective_number(n, clients, settings), pure)


def claim_closed_set(
    members: Sequence[ValueCount], n: int, clients: int, settings: SchemaSettings
) -> ClosedSet:
    """Returns the claim that a set has no further members.

    Values that few clients send are worth as many as there are clients of them.

    Args:
        members: The counts of the members.
        n: All values, those of no member included.
        clients: Their clients.
        settings: Thresholds.
    """
    share = effective_number(n, clients, settings) / n
    rarest = min(members, key=lambda one: one.n)
    known = rarest.clients.bit_count() < CLIENT_BITS - 1  # beyond, the bits are no longer an estimate
    counted = min(rarest.n * share, estimate_clients(rarest.clients)) if known else rarest.n * share
    return ClosedSet(n, n * share, counted)


def fit_sizes(
    largest: SizeCounts,
    kept: ExtremeValues,
    n: int,
    prior_rate: float,
    *,
    is_ladder: bool = False,
) -> Tail:
    """Fits the tail of sizes that clients sent.

    If the kept sizes come from fewer clients than there are of them, all sizes are worth as much less (the extremal index:
    Leadbetter, "Extremes and local dependence in stationary sequences", 1983).

    Args:
        largest: The largest sizes, as `ExtremeValues.supported` returns them; those of a minimum are negated.
        kept: The kept sizes that these are taken from.
        n: The number of all sizes.
        prior_rate: See `fit_tail`.
        is_ladder: See `fit_tail`.
    """
    known = min(sum(one.n for one in kept.counts.values()), MAX_EXTREME_VALUES)
    share = min(kept.estimated_clients() / known, 1.0) if known else 1.0
    return fit_tail(largest, n, n * share, prior_rate=prior_rate, is_ladder=is_ladder)
