"""Is a silence longer than an endpoint's own past makes plausible? Tells a gone endpoint from a quiet one.

Traffic is no Poisson process: calls come in bursts, on working days, once a month. So days with calls are counted, not calls,
and the gaps between them are compared with each other. Days without any traffic in the warehouse are no days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Silence:
    """Days since the last active one, and how probable a gap of more than that is; None: too little is known."""

    days: int
    chance: float | None


def silence(active: Sequence[int], observed: int, cycles: Sequence[int], cycles_seen: int) -> Silence:
    """The silence at the end of `observed` days (numbered from 0), of which the sorted `active` had calls.

    Of a calendar's cycle (a week, a month) that the history does not span `cycles_seen` times, nothing is known: until the
    silence is longer than it, the chance is None.
    """
    if not active:
        return Silence(observed, None)
    idle = observed - 1 - active[-1]
    span = active[-1] - active[0]
    unknown = max((cycle for cycle in cycles if span < cycles_seen * cycle), default=0)
    gaps = [later - earlier for earlier, later in pairwise(active)]
    if not gaps or idle <= unknown:
        return Silence(idle, None)
    return Silence(idle, gap_chance(gaps, idle))


def gap_chance(gaps: Sequence[int], idle: int) -> float:
    """Probability that the next gap is longer than `idle`, from the gaps before it.

    The tail over any of the gaps is taken as exponential: with k gaps over the threshold u, whose excesses sum to S, the next
    one exceeds `idle` with probability k/n · (1 + (idle - u)/S)^-k: the exact predictive distribution, the mean being unknown
    (2S/mean is chi-squared of 2k degrees, so the ratio is of F(2, 2k); Lawless 1973). Which threshold is right depends on how
    the traffic comes: all gaps for a Poisson process, the few long ones for bursts, so the largest of these probabilities counts,
    and never less than 1/(n + 1) while a gap as long was seen (exchangeable gaps, no assumption).
    """
    n = len(gaps)
    longest_first = sorted(gaps, reverse=True)
    chance = 1 / (n + 1) if idle <= longest_first[0] else 0.0
    total = 0.0
    for k in range(1, n + 1):
        total += longest_first[k - 1]
        threshold = longest_first[k] if k < n else 0
        excess = total - k * threshold
        if idle <= threshold:
            chance = max(chance, k / n)
        elif excess > 0:
            chance = max(chance, k / n * (1 + (idle - threshold) / excess) ** -k)
    return chance
