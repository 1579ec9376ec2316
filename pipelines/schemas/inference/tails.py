"""The share of later sizes above a limit, from the largest sizes seen.

Above a threshold u the sizes are taken as Pareto: P(X > b) = q (b / u)^-a. The m sizes above u determine both numbers: the
posterior of q is Gamma(m + 1) / n, and the one of the tail index a is Gamma(A + m, R + S), with the sum S of ln(size / u) and the
fleet's prior Gamma(A, R). Without sizes above u only the prior is left (docs/methods.md, 2.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv

from pipelines.schemas.inference.confidence import Standard

MOST_ORDERS, FEWEST_ORDERS, SHARE_OF_ORDERS = 31, 4, 10
"""Sizes that the tail is fitted to: a tenth, from 4 to 31 of the 32 kept ones."""
PRIOR_SHAPE = 5.0
"""Shape A of the fleet's prior of the tail index."""
RATE_OF_NUMBERS, RATE_OF_LENGTHS = 2.0, 1.0
"""Rate R of that prior: a mean index of 2.5 for numbers, and of 5 for lengths of texts and arrays.

An index below 1, where sizes have no mean, has a probability of 5 % and of 0.4 % (docs/methods.md, 2.3).
"""
OTHER = 0.01
"""Prior probability that later larger sizes are of another population than those seen.

Examples are a sentinel, or a page size that exports everything: the sizes seen then say nothing about their tail, and only the
prior is left (docs/methods.md, 2.3).
"""
SMALLEST_PART, LOWER, LOWER_PARTS, UPPER_PARTS = 1e-7, 0.1, 40, 30
"""The distribution of the index is cut into parts at whose middles it is evaluated.

Below the quantile `LOWER` they grow by a constant factor from `SMALLEST_PART` on, as few but small indices decide about
confidences near 1; above they are equal.
"""
MAX_EXPONENT = 500.0
"""Largest exponent of a factor: it is a finite double, and so large that no size is beyond it."""
LIMIT_STEPS = 15
"""Bisections of a limit: it is then exact to a thousandth, and later rounded up."""

SizeCounts = Sequence[tuple[float, int]]
"""(size, how often), the largest first."""
_EDGES = np.concatenate(
    [
        [0.0],
        np.geomspace(SMALLEST_PART, LOWER, LOWER_PARTS),
        np.linspace(LOWER, 1.0, UPPER_PARTS + 1)[1:],
    ]
)
_MIDDLES: NDArray[np.float64] = (_EDGES[1:] + _EDGES[:-1]) / 2
_PARTS: NDArray[np.float64] = np.diff(_EDGES)


@dataclass(frozen=True, slots=True)
class Tail:
    """The upper tail of positive sizes.

    Attributes:
        n: The number of sizes.
        effective: The number of independent sizes.
        threshold: The size u above which the tail is fitted.
        excesses: The number m of independent sizes above it.
        log_sum: The sum S of their ln(size / u).
        top: The largest size, at least 1.
        prior_rate: The rate R of the prior of the index.
    """

    n: int
    effective: float
    threshold: float
    excesses: float
    log_sum: float
    top: float
    prior_rate: float

    def confidence(self, limit: float, rate: float, times: float = 1.0) -> float:
        """Returns the probability that at most a share `rate` exceeds a limit.

        Args:
            limit: Not below the largest size.
            rate: The share.
            times: As if there were so many times as many sizes.
        """
        expected = self.effective * times * rate
        of_prior = _held(0.0, self.prior_rate, limit / self.top, expected)
        if not self.excesses:
            return of_prior
        fitted = _held(self.excesses, self.prior_rate + self.log_sum, limit / self.threshold, expected)
        return (1 - OTHER) * fitted + OTHER * of_prior

    def limit(self, standard: Standard, most: float, times: float = 1.0) -> float | None:
        """Returns the least limit that reaches the standard; None if it is above `most`.

        Args:
            standard: What is asked.
            most: The largest limit.
            times: As if there were so many times as many sizes.
        """
        low, high = 0.0, math.log(max(most / self.threshold, 1.0))
        if self.confidence(most, standard.rate, times) < standard.confidence:
            return None
        for _ in range(LIMIT_STEPS):
            middle = (low + high) / 2
            limit = self.threshold * math.exp(middle)
            if self.confidence(limit, standard.rate, times) < standard.confidence:
                low = middle
            else:
                high = middle
        return self.threshold * math.exp(high)


def fit_tail(
    largest: SizeCounts, n: int, effective: float, *, prior_rate: float, is_ladder: bool = False
) -> Tail:
    """Fits the tail of sizes to the largest of them.

    Args:
        largest: The largest sizes, all above 0 or the first one at least 1.
        n: The number of sizes.
        effective: The number of independent sizes.
        prior_rate: `RATE_OF_NUMBERS` or `RATE_OF_LENGTHS`.
        is_ladder: Whether the sizes are steps (10, 25, 50, 100), which say nothing about the next step.
    """
    top = max(largest[0][0], 1.0)
    ordered = order_sizes(largest)
    m = number_of_orders(n, len(ordered))
    if is_ladder or m < 1 or ordered[m] <= 0:
        return Tail(n, effective, top, 0.0, 0.0, top, prior_rate)
    share = effective / n
    log_sum = share * sum_log_excesses(ordered, m)
    return Tail(n, effective, ordered[m], round(share * m, 2), log_sum, top, prior_rate)


def order_sizes(largest: SizeCounts) -> list[float]:
    """Returns the largest sizes in order, each as often as it was seen.

    They are one more than are fitted.
    """
    return [size for size, times in largest for _ in range(min(times, MOST_ORDERS + 1))][: MOST_ORDERS + 1]


def sum_log_excesses(ordered: Sequence[float], m: int) -> float:
    """Returns the sum of ln(size / u) of the `m` largest sizes; u is the next."""
    return sum(math.log(size / ordered[m]) for size in ordered[:m])


def number_of_orders(n: int, known: int) -> int:
    """Returns how many of the `known` largest of `n` sizes a tail is fitted to."""
    return min(MOST_ORDERS, max(FEWEST_ORDERS, n // SHARE_OF_ORDERS), known - 1)


@dataclass(frozen=True, slots=True)
class Limit:
    """Sizes stay within a limit: a maximum, a minimum of negative numbers, a length.

    Attributes:
        tail: The tail of the sizes.
        limit: The limit, as a size.
        growth: How many times as large the sizes may become: identifiers count objects.
    """

    tail: Tail
    limit: float
    growth: float = 1.0
    proof: str = "tail model"

    @property
    def n(self) -> int:
        """The number of values."""
        return self.tail.n

    def risk(self) -> float:
        """See `Claim.risk`: the mean share above the limit, at the mean index."""
        tail = self.tail
        index = (PRIOR_SHAPE + tail.excesses) / (tail.prior_rate + tail.log_sum)
        beyond = max(self.limit / self.growth / tail.threshold, 1.0)
        return min((tail.excesses + 1) / tail.effective * math.pow(beyond, -index), 1.0)

    def confidence(self, rate: float, times: float = 1.0) -> float:
        """See `Claim.confidence`."""
        return self.tail.confidence(self.limit / self.growth, rate, times)


def _held(excesses: float, index_rate: float, factor: float, expected: float) -> float:
    """Returns the posterior probability that the share beyond a limit is tolerated.

    Args:
        excesses: The number m of sizes above u.
        index_rate: The rate R + S of the posterior of the index.
        factor: The limit as a multiple of u.
        expected: The tolerated share times the number of sizes.
    """
    index = _quantiles(PRIOR_SHAPE + excesses) / index_rate
    growth = np.exp(np.minimum(index * math.log(max(factor, 1.0)), MAX_EXPONENT))
    held: NDArray[np.float64] = gammainc(excesses + 1, expected * growth)
    return float((_PARTS * held).sum())


@lru_cache(maxsize=4096)
def _quantiles(shape: float) -> NDArray[np.float64]:
    """Returns the middle quantiles of the parts of a Gamma distribution of rate 1."""
    quantiles: NDArray[np.float64] = gammaincinv(shape, _MIDDLES)
    return quantiles
