"""Compares stated confidences with what later values did.

A claim held if at most the tolerated share of later values broke the constraint. Claims are calibrated if in every group of them
at least as many held as stated; fewer are significant by a binomial test (docs/methods.md, 2.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

SIGNIFICANCE = 1e-3
"""Probability of calling a group of claims overstated that hold as often as they state."""
DECILES = 10


class Outcome(NamedTuple):
    """A claim, and whether it held.

    Attributes:
        rule: The keyword.
        n: Values that the constraint was learned from.
        stated: Its confidence.
        held: Whether at most the tolerated share of later values broke it.
    """

    rule: str
    n: int
    stated: float
    held: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Claims of one rule that rest on about as many values.

    Attributes:
        rule: The keyword.
        least: The fewest values.
        most: The most values.
        claims: The number of claims.
        stated: Their mean confidence.
        held: The share of them that held.
    """

    rule: str
    least: int
    most: int
    claims: int
    stated: float
    held: float

    @property
    def chance(self) -> float:
        """The probability that so few hold if as many should as stated, at most."""
        from scipy.stats import binom  # loading takes half a second

        return float(binom.cdf(round(self.held * self.claims), self.claims, self.stated))

    @property
    def is_overstated(self) -> bool:
        """Whether significantly fewer claims held than stated."""
        return self.chance < SIGNIFICANCE


def group_outcomes(outcomes: Iterable[Outcome], parts: int = DECILES) -> list[Group]:
    """Groups outcomes by rule and by number of values, in parts of about equal size.

    Args:
        outcomes: The outcomes.
        parts: The number of parts of each rule; claims with the same `n` and confidence are in the order of both.
    """
    found = []
    in_order = sorted(outcomes, key=lambda one: one[:3])  # not by what became of them
    for rule, same in groupby(in_order, key=lambda one: one.rule):
        ordered = list(same)
        size = max(math.ceil(len(ordered) / parts), 1)
        found += [_group(rule, ordered[start : start + size]) for start in range(0, len(ordered), size)]
    return found


def _group(rule: str, part: Sequence[Outcome]) -> Group:
    return Group(
        rule,
        part[0].n,
        part[-1].n,
        len(part),
        sum(one.stated for one in part) / len(part),
        sum(one.held for one in part) / len(part),
    )
