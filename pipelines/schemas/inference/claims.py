"""Makes claims about later values from the evidence of a parameter."""

from __future__ import annotations

import math
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
    numbers: tuple[int, int],
    prior_rate: float,
    *,
    is_ladder: bool = False,
) -> Tail:
    """Fits the tail of sizes that clients sent.

    Args:
        largest: The largest sizes, as `ExtremeValues.supported` returns them; those of a minimum are negated.
        kept: The kept sizes that these are taken from.
        numbers: The numbers of all sizes and of their clients.
        prior_rate: See `fit_tail`.
        is_ladder: See `fit_tail`.
    """
    n, clients = numbers
    effective = n * independent_share(kept, clients)
    return fit_tail(largest, n, effective, prior_rate=prior_rate, is_ladder=is_ladder)


def independent_share(kept: ExtremeValues, clients: int) -> float:
    """Returns which share of the kept sizes is independent of the others, 0 to 1.

    It is small if few clients sent the largest sizes, or if each size was sent by fewer clients than chance would have it (the
    extremal index: Leadbetter, "Extremes and local dependence in stationary sequences", 1983; docs/methods.md, 2.3).

    Args:
        kept: The kept sizes.
        clients: All clients.
    """
    counts = list(kept.counts.values())
    if not counts:
        return 1.0
    of_all = kept.estimated_clients() / min(sum(one.n for one in counts), MAX_EXTREME_VALUES)
    sent = sum(one.clients.bit_count() for one in counts)
    of_each = sent / sum(_expected_bits(one.n, max(clients, 1)) for one in counts)
    return min(of_all, of_each, 1.0)


def _expected_bits(n: int, clients: int) -> float:
    """Returns how many bits `n` values of clients drawn at random set.

    See `value_counts.client_bit`.
    """
    senders = clients * -math.expm1(n * math.log1p(-1 / clients)) if clients > 1 else 1.0
    return CLIENT_BITS * -math.expm1(senders * math.log1p(-1 / CLIENT_BITS))
