"""Exact tests: whether a change, or an endpoint's inactivity, is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.stats import binom


@dataclass(frozen=True, slots=True)
class Inactivity:
    """The days since the last active day, and the probability of a longer gap.

    `chance` is None if too little is known.
    """

    days: int
    chance: float | None


def measure_inactivity(
    active: Sequence[int], observed: int, cycles: Sequence[int], cycles_seen: int
) -> Inactivity:
    """Measures the inactivity at the end of the observed days.

    Nothing is known about a cycle of the calendar (a week, a month) that the history does not span `cycles_seen` times: until
    the inactivity is longer than the cycle, its chance is None.

    Args:
        active: the days with calls, sorted and numbered from 0.
        observed: the number of observed days.
        cycles: lengths of cycles in days.
        cycles_seen: how often the history must span a cycle.
    """
    if not active:
        return Inactivity(observed, None)
    idle = observed - 1 - active[-1]
    span = active[-1] - active[0]
    unknown = max((cycle for cycle in cycles if span < cycles_seen * cycle), default=0)
    gaps = [later - earlier for earlier, later in pairwise(active)]
    if not gaps or idle <= unknown:
        return Inactivity(idle, None)
    return Inactivity(idle, gap_probability(gaps, idle))


def gap_probability(gaps: Sequence[int], idle: int) -> float:
    """Returns the probability that the next gap is longer than `idle` days.

    The tail above any of the gaps is taken as exponential: with k gaps above the threshold u, whose excesses sum to S, the next
    one exceeds `idle` with probability k/n · (1 + (idle - u)/S)^-k. This is the exact predictive distribution for an unknown mean
    (2S/mean is chi-squared with 2k degrees of freedom, so the ratio is F(2, 2k); Lawless 1973). The right threshold depends on
    the traffic: all gaps for a Poisson process, the few long ones for bursts. So the largest of these probabilities counts, and
    at least 1/(n + 1) if a gap as long was seen (gaps are exchangeable, nothing else is assumed).
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


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The clients that showed a change, and the exposure.

    `before` and `later` are the clients up to the day of publication and after it. The exposure is `since` the first day after
    publication that showed it (including that day), `after` publication, and in `total`. Invariant: 0 <= `since` <= `after` <=
    `total`.
    """

    before: int
    later: int
    since: float
    after: float
    total: float


def compute_chance(seen: Occurrence) -> float | None:
    """Returns the probability of a change so late, or so much more frequent lately.

    The null hypothesis is a constant rate. None if there is no data to decide by.

    If it was never seen before: given the number m, the occurrences of a process of constant rate are uniform over the
    exposure, so the earliest lies in the last part q of it with probability q^m. This is exactly uniform under the null
    hypothesis, although the data chose the day. If it was seen before as well: given the sum, those after publication are
    binomial (Przyborowski and Wilenski 1940). Days are whole, and a client's first occurrence is early among its own: both make
    the probability larger, never smaller.
    """
    if seen.later <= 0 or seen.total <= 0:
        return None
    if seen.before <= 0:
        return float(min(seen.since / seen.total, 1.0) ** seen.later)
    share = min(seen.after / seen.total, 1.0)
    return float(binom.sf(seen.later - 1, seen.before + seen.later, share))
