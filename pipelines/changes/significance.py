"""Is a change more than chance? Exact tests of "its rate was always the same", with clients as what is counted.

Requests of one client come together, so they prove little; clients decide apart (METHODS B5). Exposure is what a thing could
have shown itself in: clients of the endpoint, summed over days, so that busy days count more than quiet ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binom


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


def chance(seen: Occurrence) -> float | None:
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
