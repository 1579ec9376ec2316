"""Upper limits of numbers and lengths, from the largest ones seen.

A heavy tail is assumed, and the limit is rounded up to a common number. Hill's estimator (Hill, "A simple general approach to
inference about the tail of a distribution", 1975) with constants whose error rates are simulated in docs/methods.md, 2.3 and 2.9,
gives the least limit; it is widened to where it is enforceable if that is not too far (`widen_limit`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipelines.schemas.inference.confidence import Standard
from pipelines.schemas.inference.tails import (
    Limit,
    SizeCounts,
    Tail,
    number_of_orders,
    order_sizes,
    sum_log_excesses,
)

TAIL_RISK = 2e-5
"""Share of later values above a fitted limit (docs/methods.md, 2.3)."""
MAX_TAIL_INDEX = 1.5
"""Largest tail index: beyond it no mean exists, and the estimate is meaningless."""
FITTED_FROM, SURE_FROM, LADDER_UNTIL = 200, 1000, 8600
FEW_SLACK, SOME_SLACK, IDENTIFIER_SLACK, LADDER_SLACK = 10, 2, 100, 2
"""Factors on the largest value seen.

For fewer than 200 values; for fewer than 1,000; for identifiers, which grow; for at most 8 different numbers.
"""
MAX_LADDER_STEPS = 8
"""Most different numbers that may be steps (10, 25, 50, 100).

No tail model describes steps (docs/methods.md, 2.3).
"""
MAX_LIMIT = 1e300
"""Largest limit that is written: numbers near larger ones are not finite doubles."""
MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8)
CLOCK_AND_CALENDAR = (12, 23, 24, 31, 59, 60, 90, 180, 360, 365, 366)
MIN_MAX_LENGTH = 64
"""Least maxLength that is written for fewer than `FITTED_FROM` texts.

docs/methods.md, 2.9, rule 3.
"""
FEW_TEXTS_SLACK, TEXTS_SLACK = 4, 2
MOST_SLACK, MOST_TEXTS_SLACK = 100, 16
"""Largest factors on the largest value seen by which a limit is widened so that it is enforceable.

A number a hundred times too large still tells a mistake from a value, and a text 16 times too long an attack from an identifier;
wider limits would refuse nothing (docs/methods.md, 2.3).
"""
USUAL_LENGTH, LONG_LENGTH = 256, 512
"""Characters that any text may have, as in most databases, and beyond which `FEW_TEXTS_SLACK` is the most.

Long texts vary less in relation to their length.
"""
SLACK_STEPS = (1.2, 1.5, 2.0, 4.0, 10.0, 100.0)
NUMBERS_FROM, NUMBERS_STEP = 50, 4
"""Slack is one of few factors, and for 50, 200, 800, ... independent values, so that limits do not change every day."""
IDENTIFIER_GROWTH = 10
"""How many times as large identifiers may become while their limit holds: they count objects."""


def round_up_limit(value: float) -> float:
    """Rounds up to the next number that a person would have set as a limit.

    Args:
        value: A positive number; the result is infinite near the largest double.
    """
    if not value < MAX_LIMIT:
        return math.inf
    power = math.floor(math.log10(value))
    decimal = (m * 10.0**k for k in (power - 1, power, power + 1) for m in MANTISSAS)
    nines = (10.0**k - 1 for k in (power, power + 1, power + 2))
    binary = 2.0 ** math.ceil(math.log2(value))
    others = (binary, binary - 1, *CLOCK_AND_CALENDAR)
    return float(min(limit for limit in (*decimal, *nines, *others) if limit >= value))


def raised_tail_index(ordered: Sequence[float], m: int) -> float:
    """Returns Hill's estimate of the tail index, raised by one standard error.

    Args:
        ordered: Sizes above 0, the largest first.
        m: How many of them exceed the threshold, which is the next one; above 0.
    """
    excess = sum_log_excesses(ordered, m) / m
    return min(excess * (1 + 1 / math.sqrt(m)), MAX_TAIL_INDEX)


def tail_quantile(largest: SizeCounts, n: int) -> float:
    """Returns the size that a share of `TAIL_RISK` exceeds, fitted to the largest.

    It is never below the largest of the `n` values.
    """
    ordered = order_sizes(largest)
    m = number_of_orders(n, len(ordered))
    if m < 1 or ordered[m] <= 0:
        return ordered[0]
    fitted = ordered[m] * math.pow(m / (n * TAIL_RISK), raised_tail_index(ordered, m))
    return max(ordered[0], fitted)


def upper_bound(largest: SizeCounts, n: int, distinct: int, is_identifier: bool) -> float:
    """Returns a maximum for later numbers, given the largest of `n` non-negative ones."""
    top = max(largest[0][0], 1.0)
    if is_identifier:
        return round_up_limit(IDENTIFIER_SLACK * top)
    if n < FITTED_FROM:
        return round_up_limit(FEW_SLACK * top)
    limit = tail_quantile(largest, n)
    if n < SURE_FROM:
        limit = max(limit, SOME_SLACK * top)
    if distinct <= MAX_LADDER_STEPS and n < LADDER_UNTIL:
        limit = max(limit, LADDER_SLACK * top)
    return round_up_limit(max(limit, top))


def length_bound(largest: SizeCounts, n: int) -> int:
    """Returns a maxLength for later texts, given the longest of `n`."""
    top = max(largest[0][0], 1.0)
    slack = FEW_TEXTS_SLACK if n < FITTED_FROM else TEXTS_SLACK
    return int(max(MIN_MAX_LENGTH, round_up_limit(slack * top)))


def most_length(longest: float) -> float:
    """Returns the largest maxLength that is worth writing, given the longest text."""
    return max(USUAL_LENGTH, min(MOST_TEXTS_SLACK * longest, LONG_LENGTH), FEW_TEXTS_SLACK * longest)


def widen_limit(least: float, tail: Tail, most: float, standard: Standard, growth: float = 1.0) -> Limit:
    """Returns the limit of a tail that is enforceable, or else the least one.

    Args:
        least: The limit if the other one is not within reach.
        tail: The tail of the sizes.
        most: The largest limit worth writing.
        standard: What is asked of the limit.
        growth: How many times as large the sizes may become.
    """
    most = max(least, most) / growth
    fewer = NUMBERS_FROM * NUMBERS_STEP ** math.floor(
        math.log(max(tail.effective / NUMBERS_FROM, 1.0), NUMBERS_STEP)
    )
    wanted = tail.limit(standard, most, min(fewer / tail.effective, 1.0)) or tail.limit(standard, most)
    if wanted is None:
        return Limit(tail, least, growth)
    slack = next((step for step in SLACK_STEPS if step * tail.top >= wanted), wanted / tail.top)
    return Limit(tail, max(least, round_up_limit(min(slack * tail.top, most) * growth)), growth)
