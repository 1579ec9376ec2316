"""Arrivals: evidence for values whatever they look like, and for literals.

Value layer, numpy. Literals of one node are few and each is called again and again; values keep arriving. The classifier sees
this as features; here it is weighed with what is known of APIs in general, because training data hold few crowded nodes.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.paths.children import ChildStatistics
from pipelines.paths.forest import Flags, Numbers

USUAL_LITERALS, LITERAL_TAIL, VALUE_TAIL = 16, 1.7, 0.3
"""Of 271 public API descriptions 10 % have a node of more than 16 literals, 3 % one of more than 31, the largest has 91: the
share with more than L falls as L ** -1.7. Numbers of values fall far more slowly (Zipf's law of collections: 0.3 and less)."""
MOST_LITERALS = 91
"""Literals of the largest node of these descriptions: with more siblings, a literal must be explained by evidence."""
ENOUGH_VISITS = 8
"""Client-days from which the calls of a host say fully what arrives: one says nothing, as it counts everything once."""
MUCH_UNSEEN = 0.25
"""Unseen mass from which arrivals count fully; half as much in a node with half of it."""
HEAVY_REUSE = 3
"""Calls relative to the average of the siblings from which a child is not one of the arriving values. An arriving value has the
average or less; of Poisson counts with a mean of 2, 1.7 % are at three times the mean or more."""
MOST_FACTOR = 6.0
"""Largest log-odds that arrivals add: what the classifier is sure of (p < 0.004) stays."""
OPERATIONS, MOST_ALONE = 1.5, 3
"""Log-odds that methods take off where each child of a node has its own (`method_split` is 1), and the children of a node up to
which their siblings say too little."""
SATURATED, SPLIT, SAMPLED = 0.05, 0.5, 256
"""Largest unseen mass of a node at which hardly anything arrives, and the least `method_split` of siblings with methods of their
own; a node of `SAMPLED` children (`paths.max_children`) may have more, those of fewest clients, so it does not show arrivals."""
EXPLANATIONS = ("own rests", "own methods", "own use", "no arrivals", "few siblings")
"""Keys of `decide.REASONS` for literals, the strongest first."""


def weigh_arrivals(counted: ChildStatistics, probability: Numbers) -> Numbers:
    """Adds the evidence of arrivals to the probability of being a variable.

    The Bayes factor of "one variable" against "all literals" is the ratio of the two tails (see `USUAL_LITERALS`) at Chao's
    estimate of the number of children, seen or not. It says nothing of a host that was seen on one client-day; less, the more a
    child is called above the average of its siblings, as values do not arrive like that; and nothing of a child below which
    there is a literal that no sibling has below it. Siblings that differ in method take log-odds off.
    """
    size = np.maximum(counted.arrivals["vocabulary"] - math.log(USUAL_LITERALS), 0)
    seen_on = np.log(np.maximum(counted.arrivals["visits"], 1)) / math.log(ENOUGH_VISITS)
    reuse = counted.column("own_calls").astype(np.float64) / math.log(HEAVY_REUSE)
    unseen = np.clip(counted.column("unseen_mass").astype(np.float64) / MUCH_UNSEEN, 0, 1)
    factor = (LITERAL_TAIL - VALUE_TAIL) * size * unseen * np.minimum(seen_on, 1) * np.clip(1 - reuse, 0, 1)
    shift = np.minimum(factor * _shared_rests(counted), MOST_FACTOR) - _differ_in_method(counted)
    bounded = np.clip(probability, 1e-6, 1 - 1e-6)
    odds = bounded / (1 - bounded) * np.exp(shift)
    return np.asarray(np.where(shift == 0, probability, odds / (1 + odds)))


def _differ_in_method(counted: ChildStatistics) -> Numbers:
    """Returns the log-odds that methods take off.

    Operations have a method each, values share their methods.
    """
    several = (counted.column("siblings") > MOST_ALONE) & (counted.arrivals["visits"] > 1)
    return np.where(several, OPERATIONS * np.clip(counted.column("method_split").astype(np.float64), 0, 1), 0)


def explain_literals(counted: ChildStatistics) -> dict[str, Flags]:
    """Tells for each child which of `EXPLANATIONS` hold."""
    several = counted.column("siblings") > 1
    return {
        "own rests": several & (_shared_rests(counted) == 0),
        "own methods": (counted.column("method_split") >= SPLIT) & (counted.column("methods") > 0),
        "own use": several & (counted.column("own_calls") >= math.log(HEAVY_REUSE)),
        "no arrivals": several
        & (counted.column("siblings") < SAMPLED)
        & (counted.arrivals["visits"] > 1)
        & (counted.column("unseen_mass") <= SATURATED),
        "few siblings": counted.column("siblings") <= USUAL_LITERALS,
    }


def _shared_rests(counted: ChildStatistics) -> Numbers:
    """Returns the share of each child's literal rests that a sibling has as well.

    It is 1 for a child without such rests.
    """
    rests, shared = (
        counted.column(name).astype(np.float64) for name in ("literal_suffixes", "shared_suffixes")
    )
    return np.where(rests > 0, shared / np.maximum(rests, 1), 1.0)
