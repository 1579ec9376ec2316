"""Is it more than chance? Exact tests of a change's rate, and of an endpoint's inactivity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.stats import binom


@dataclass(frozen=True, slots=True)
class Inactivity:
    """Days since the last active one, and how probable a gap of more than that is; None: too little is known."""

    days: int
    chance: float | None


def measure_inactivity(
    active: Sequence[int], observed: int, cycles: Sequence[int], cycles_seen: int
) -> Inactivity:
    """The silence at the end of `observed` days (numbered from 0), of which the sorted `active` had calls.

    Of a calendar's cycle (a week, a month) that the history does not span `cycles_seen` times, nothing is known: until the
    silence is longer than it, the chance is None.
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


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Who showed a thing, and the exposure. Invariant: 0 <= `since` <= `after` <= `total`.

    `before`, `later`: clients up to the day of publication and after it. Exposure: `since` the day it was first seen after
    publication (that day included), `after` publication, in `total`.
    """

    before: int
    later: int
    since: float
    after: float
    total: float


def compute_chance(seen: Occurrence) -> float | None:
    """Probability that what always had one rate shows itself so late, or so much more of late; None: nothing to judge by.

    Never seen before: given its number m, the occurrences of a process of constant rate are uniform over the exposure, so the
    earliest lies in the last part q of it with probability q^m, which is exactly uniform under the null hypothesis although
    the data chose the day. Seen before as well: given the sum, those after are binomial (Przyborowski and Wilenski 1940).
    Days are whole and a client's first occurrence is early among its own: both make the probability larger, never smaller.
    """
    if seen.later <= 0 or seen.total <= 0:
        return None
    if seen.before <= 0:
        return float(min(seen.since / seen.total, 1.0) ** seen.later)
    share = min(seen.after / seen.total, 1.0)
    return float(binom.sf(seen.later - 1, seen.before + seen.later, share))
