"""Numeric bounds and their promised rate of false alarms. No Spark.

Simulated on the distributions of docs/methods.md, 2.3.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schemas.inference import tail_bounds

Draw = Callable[[random.Random], float]
DISTRIBUTIONS: dict[str, Draw] = {
    "uniform to 100": lambda rng: rng.randint(1, 100),
    "uniform to a million": lambda rng: rng.randint(1, 10**6),
    "geometric": lambda rng: 1 + int(math.log(1 - rng.random()) / math.log(0.9)),
    "lognormal": lambda rng: math.ceil(rng.lognormvariate(3, 1)),
    "wide lognormal": lambda rng: math.ceil(rng.lognormvariate(3, 2)),
    "Pareto": lambda rng: math.ceil(10 * rng.paretovariate(1.5)),
    "ladder": lambda rng: rng.choices((10, 20, 25, 50, 100), (70, 15, 10, 4, 1))[0],
}
RUNS, FUTURE = 40, 5000


def largest(values: list[float]) -> list[tuple[float, int]]:
    return sorted(Counter(values).items(), reverse=True)[:32]


@pytest.mark.parametrize(("n", "promised"), [(50, 2e-3), (200, 3e-4), (1000, 1e-4), (5000, 1e-4)])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_later_values_exceed_a_limit_as_rarely_as_promised(name: str, n: int, promised: float) -> None:
    """The promised rates follow from docs/methods.md, 2.3.

    For few values, a tenth of the distribution-free 1 / (n + 1), due to their slack; otherwise five times the simulated rate.
    """
    rng, draw, above = random.Random(n), DISTRIBUTIONS[name], 0  # noqa: S311  # a simulation
    for _ in range(RUNS):
        seen = [draw(rng) for _ in range(n)]
        limit = tail_bounds.upper_bound(largest(seen), n, len(set(seen)), is_identifier=False)
        above += sum(draw(rng) > limit for _ in range(FUTURE))
    assert above / (RUNS * FUTURE) <= promised


@pytest.mark.parametrize("n", [50, 1000])
def test_limit_is_near_what_is_seen_where_nothing_lies_beyond(n: int) -> None:
    rng = random.Random(1)  # noqa: S311  # a simulation
    seen = [float(rng.randint(1, 100)) for _ in range(n)]
    assert (
        100
        <= tail_bounds.upper_bound(largest(seen), n, 90, is_identifier=False)
        <= (1000 if n < 200 else 200)
    )


@given(st.floats(1, 1e15))
def test_limit_is_a_number_that_a_person_would_set(value: float) -> None:
    limit = tail_bounds.round_up_limit(value)
    assert value <= limit <= 1.5 * value + 1
    assert tail_bounds.round_up_limit(limit) == limit


@pytest.mark.parametrize(
    ("value", "limit"), [(95, 99), (11, 12), (363, 365), (120, 120), (9999, 9999), (1000, 1000)]
)
def test_limits_are_rounded_to_the_next_usual_one(value: float, limit: float) -> None:
    assert tail_bounds.round_up_limit(value) == limit


def test_length_has_slack_that_shrinks_with_the_evidence() -> None:
    assert tail_bounds.length_bound([(12, 50)], 50) == 64
    assert tail_bounds.length_bound([(30, 50)], 50) == 120
    assert tail_bounds.length_bound([(100, 5)], 5000) == 200
