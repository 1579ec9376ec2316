"""How certain a written constraint is.

Two numbers: the risk that the next value violates it, and the probability that its violations stay below 1 in 1,000. The kind of
proof is stated with them (docs/methods.md, 2.1, 2.2, 2.4); no number is rounded up.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from scipy.special import betainc, betaln

RATE = 1e-3
"""Share of violations among later values that the confidence refers to."""
PURE, ALPHA, BETA = 0.9, 0.5, 2.0
"""Prior over the properties of all parameters (docs/methods.md, 2.4).

With probability 0.9 a property always holds, otherwise its rate of violations is Beta(0.5, 2).
"""
FINITE_SETS = {
    5: ((0.0, 1.0), (3.0, 0.05), (4.6, 0.01), (8.6, 0.001)),
    3: ((0.0, 1.0), (10.7, 0.001)),
}
"""Least count of each value → points of (n * RATE, probability of a miss).

A miss: the values not seen have a share of more than RATE. Computed numerically for at most 50 values (docs/methods.md, 2.2).
Between points the logarithm is interpolated linearly: that is above the true curve, which bends down.
"""


def distribution_free(n: int) -> dict[str, Any]:
    """Returns the evidence of one limit, whatever the distribution.

    The next value is as likely as any to be the largest (docs/methods.md, 2.1).
    """
    return _proof(1 / (n + 1), _of_largest(n), "distribution-free")


def fleet_prior(n: int) -> dict[str, Any]:
    """Returns the evidence of a property that all `n` values have.

    docs/methods.md, 2.4.
    """
    impure = (1 - PURE) * math.exp(betaln(ALPHA, BETA + n) - betaln(ALPHA, BETA))
    impure /= PURE + impure
    risk = impure * ALPHA / (n + ALPHA + BETA)
    return _proof(risk, 1 - impure * (1 - float(betainc(ALPHA, BETA + n, RATE))), "fleet prior")


def finite_set(n: int, trimmed: int = 0, least: int = 5) -> dict[str, Any]:
    """Returns the evidence of an enum (docs/methods.md, 2.2).

    Args:
        n: Values seen.
        trimmed: Values left out of the set.
        least: How often each of its values was seen at least; below three nothing is proved.
    """
    points = next((known for count, known in FINITE_SETS.items() if least >= count), ((0.0, 1.0),))
    x = n * RATE
    missed = points[-1][1]
    for (low, above), (high, below) in pairwise(points):
        if low <= x < high:  # log-linear between the simulated points
            part = (x - low) / (high - low)
            missed = math.exp((1 - part) * math.log(above) + part * math.log(below))
    return _proof((trimmed + 1) / (n + 1), 1 - missed, "count condition")


def tail_model(n: int, risk: float) -> dict[str, Any]:
    """Returns the evidence of a limit above the largest of `n` values.

    The risk comes from the model, the confidence from the largest value alone.
    """
    return _proof(risk, _of_largest(n), "tail model")


def _of_largest(n: int) -> float:
    """Returns the probability that at most `RATE` of later values exceed the largest."""
    return 1 - (1 - RATE) ** n


def _proof(risk: float, confidence: float, proof: str) -> dict[str, Any]:
    return {"risk": float(f"{risk:.3g}"), "confidence": math.floor(confidence * 1e6) / 1e6, "proof": proof}
