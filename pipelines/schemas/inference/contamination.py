"""Decides whether rare values are contamination: attacks and mistakes.

Attacks that are answered with success reach every parameter of a host at about the same rate, so the rate is estimated where
attacks are plain to see, and explains rare values elsewhere (docs/methods.md, 2.5).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import betaln, gammaln

from pipelines.http.value_formats import EMPTY_KINDS, PIPED, SUSPICIOUS, TEXT, UNFORMATTED_KINDS
from pipelines.schemas.inference.confidence import ALPHA, BETA
from pipelines.schemas.statistics.evidence import Evidence

PRIOR_HITS, PRIOR_VALUES = 0.1, 500.0
"""Prior of the share of hostile values: Gamma(0.1, 500), 1 in 5,000 on average.

A tenth of a hostile value in 500: traffic outweighs it after some hundred values. With a prior of 1 in 1,000, honest text with a
quotation mark in 1 of 100 values was taken for attacked (`tests/values/test_schemas_backtest.py`).
"""
RARE_PER_HOSTILE = 1.5
"""Contaminating values per hostile one: words and numbers (`admin`, `null`, `999999999999`) are not seen to be hostile."""
MAX_SHARE = 0.03
"""Largest share of a parameter's values that can be contamination.

Three times the largest rate of attacks that is simulated. A larger share is a kind of value, whoever sends it.
"""
HOSTILE_KINDS = (SUSPICIOUS, PIPED)
"""Kinds of text with dangerous characters."""
STRANGE_CLASSES = ("punctuation", "space", "other")
"""Classes of characters that are strange in other text beside formats (`../../etc/passwd`, `%00`)."""
FORMATTED_SHARE = 0.95
"""Share of values with a format from which dangerous characters are plainly hostile."""


NO_VALUES = frozenset(("null", "undefined", "nan", "[object object]"))
"""What programs write by mistake where they have no value (ECMA-262, `String(undefined)`)."""
UNEVENNESS = 0.25
"""Shape of the Gamma distribution of attack rates over the parameters of a host.

Small, as a request with one parameter is attacked there, one with twenty at one of them, and attackers have favourites.
"""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Values where attacks are plain to see, and how many of these are hostile.

    Exposures add up over parameters, endpoints and days.
    """

    hostile: float = 0.0
    values: int = 0

    def __add__(self, other: Exposure) -> Exposure:
        return Exposure(self.hostile + other.hostile, self.values + other.values)

    @property
    def share(self) -> float:
        """Posterior mean of the share of contaminating values (0-1)."""
        hostile = (PRIOR_HITS + self.hostile) / (PRIOR_VALUES + self.values)
        return min(RARE_PER_HOSTILE * hostile, MAX_SHARE)


NO_EXPOSURE = Exposure()


def exposure_of(evidence: Evidence) -> Exposure:
    """Returns the exposure of one parameter; none unless almost all have a format.

    One parameter counts with at most `MAX_SHARE` of hostile values, so that an odd but honest one decides little.
    """
    kinds = [kind for kind in evidence.kinds if kind.kind not in EMPTY_KINDS]
    n = sum(kind.n for kind in kinds)
    formatted = sum(kind.n for kind in kinds if kind.kind not in UNFORMATTED_KINDS)
    if n == 0 or formatted < FORMATTED_SHARE * n:
        return NO_EXPOSURE
    hostile = sum(kind.n for kind in kinds if kind.kind in HOSTILE_KINDS)
    hostile += sum(
        max(kind.classes.counts_of(name) for name in STRANGE_CLASSES) for kind in kinds if kind.kind == TEXT
    )
    return Exposure(min(hostile, MAX_SHARE * n + 1), n)


def estimate_exposure(evidence: Iterable[Evidence]) -> Exposure:
    """Adds up the exposure of several parameters."""
    return sum(map(exposure_of, evidence), NO_EXPOSURE)


def most_contamination(n: int) -> float:
    """Returns how many of `n` values can be contamination.

    `MAX_SHARE` of them and a standard deviation, at least one.
    """
    most = MAX_SHARE * n
    return most + math.sqrt(most) + 1


def is_contamination(k: int, n: int, share: float, genuine: float) -> bool:
    """Returns whether `k` of `n` values are more likely contamination than genuine.

    The odds of two models. Contamination: Poisson with a rate that differs from parameter to parameter, Gamma with shape
    `UNEVENNESS` and mean `share`, so that k is negative binomial. Genuine: a share of Beta(0.5, 2), as in the fleet prior
    (`confidence.Property`), so that k is beta-binomial.

    Args:
        k: Rare values.
        n: All values.
        share: Expected share of contaminating values (`Exposure.share`).
        genuine: Prior probability (0-1) that such values are genuine, where there are any.
    """
    if k <= 0 or k > most_contamination(n):
        return False
    mean, shape = n * share, UNEVENNESS
    contaminated = float(
        gammaln(k + shape)
        - gammaln(k + 1)
        - gammaln(shape)
        + shape * math.log(shape / (shape + mean))
        + k * math.log(mean / (shape + mean))
    )
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    rare = float(ways + betaln(ALPHA + k, BETA + n - k) - betaln(ALPHA, BETA))
    return math.log(genuine / (1 - genuine)) + rare < contaminated
