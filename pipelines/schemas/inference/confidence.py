"""How sure a written constraint is: the risk for the next value, and the probability that its violations stay under 1 in 1,000.

Which claim a rule proves is said with it (METHODS B1, B2, B4); none is rounded up.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from scipy.special import betainc, betaln

RATE = 1e-3
"""Share of later values that may violate a constraint: what the confidence is about."""
PURE, ALPHA, BETA = 0.9, 0.5, 2.0
"""Fleet prior of METHODS B4: with probability 0.9 a property always holds, else its rate of violations is Beta(0.5, 2)."""
FINITE_SETS = {
    5: ((0.0, 1.0), (3.0, 0.05), (4.6, 0.01), (8.6, 0.001)),
    3: ((0.0, 1.0), (10.7, 0.001)),
}
"""Least count of each value → points of (n * RATE, probability of missing values of more than RATE): METHODS B2, numeric, at
most 50 values. Between points the logarithm is taken as linear: above the truth, which bends down.
"""


def distribution_free(n: int) -> dict[str, Any]:
    """One limit, whatever the distribution: the next value is as likely as any to be the largest (METHODS B1)."""
    return _said(1 / (n + 1), _of_largest(n), "distribution-free")


def fleet_prior(n: int) -> dict[str, Any]:
    """A property that `n` values have and none has not (METHODS B4)."""
    impure = (1 - PURE) * math.exp(betaln(ALPHA, BETA + n) - betaln(ALPHA, BETA))
    impure /= PURE + impure
    risk = impure * ALPHA / (n + ALPHA + BETA)
    return _said(risk, 1 - impure * (1 - float(betainc(ALPHA, BETA + n, RATE))), "fleet prior")


def finite_set(n: int, trimmed: int = 0, least: int = 5) -> dict[str, Any]:
    """A set whose every value was seen `least` times (METHODS B2); of fewer than three nothing is proved."""
    points = next((known for count, known in FINITE_SETS.items() if least >= count), ((0.0, 1.0),))
    x = n * RATE
    missed = points[-1][1]
    for (low, above), (high, below) in pairwise(points):
        if low <= x < high:  # log-linear between the simulated points
            part = (x - low) / (high - low)
            missed = math.exp((1 - part) * math.log(above) + part * math.log(below))
    return _said((trimmed + 1) / (n + 1), 1 - missed, "count condition")


def tail_model(n: int, risk: float) -> dict[str, Any]:
    """A limit above the largest: the model gives the risk, the largest of `n` alone the confidence."""
    return _said(risk, _of_largest(n), "tail model")


def _of_largest(n: int) -> float:
    """The largest of `n` values is beyond all but `RATE` of the distribution with this probability."""
    return 1 - (1 - RATE) ** n


def _said(risk: float, confidence: float, proof: str) -> dict[str, Any]:
    return {"risk": float(f"{risk:.3g}"), "confidence": math.floor(confidence * 1e6) / 1e6, "proof": proof}
