"""Numbers that grow with time get no maximum. No Spark.

How often steady numbers are taken for growing ones, and growing ones detected.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schemas.inference.infer import infer_schema
from pipelines.schemas.inference.json_schema import to_json_schema
from pipelines.schemas.statistics.growth import Peaks
from tests import laws
from tests.inferred_schemas import DAY, SETTINGS
from tests.oracles.parameter_state import fold, hours_since_1970, observe

HOURS = 48
RUNS = 400
peaks = st.dictionaries(st.integers(0, 500), st.floats(-1e9, 1e9), max_size=40).map(Peaks)
Draw = Callable[[random.Random, float], float]
"""A number, given the share of the window that has passed."""
STEADY: dict[str, Draw] = {
    "uniform": lambda rng, _: float(rng.randint(1, 10**6)),
    "lognormal": lambda rng, _: rng.lognormvariate(3, 1),
    "Pareto": lambda rng, _: rng.paretovariate(1.2),
    "page": lambda rng, _: float(min(int(rng.paretovariate(1)), 500)),
    "limit": lambda rng, _: rng.choice((10.0, 25.0, 50.0, 100.0)),
}
GROWING: dict[str, Draw] = {
    "order number": lambda rng, passed: 50_000 + 1000 * passed + rng.random(),
    "recent ones more often": lambda rng, passed: (1000 + 500 * passed) * (1 - rng.random() ** 3 / 2),
    "any of a tenth more": lambda rng, passed: (1000 + 100 * passed) * (1 - rng.random() / 4),
}


def draw_peaks(draw: Draw, rng: random.Random, n: int) -> Peaks:
    """Draws the peaks of `n` values."""
    highest: dict[int, float] = {}
    for _ in range(n):
        moment = rng.random()
        size = draw(rng, moment)
        hour = int(moment * HOURS)
        highest[hour] = max(size, highest.get(hour, size))
    return Peaks(highest)


@given(peaks, peaks, peaks)
def test_laws_of_merging(first: Peaks, second: Peaks, third: Peaks) -> None:
    laws.assert_zero_is_neutral(Peaks(), first)
    laws.assert_merging_is_commutative(first, second)
    laws.assert_merging_is_associative(first, second, third)


@pytest.mark.parametrize("n", [200, 2000])
@pytest.mark.parametrize("name", STEADY)
def test_steady_numbers_are_rarely_taken_for_growing(name: str, n: int) -> None:
    """At most 0.4 % (docs/methods.md, 2.3).

    Of 400 runs, six would be more than chance allows (Poisson, 1 in 200).
    """
    rng = random.Random(n)  # noqa: S311  # a simulation
    assert sum(draw_peaks(STEADY[name], rng, n).grow() for _ in range(RUNS)) <= 5


@pytest.mark.parametrize("name", GROWING)
def test_growing_numbers_are_found(name: str) -> None:
    rng = random.Random(1)  # noqa: S311  # a simulation
    assert sum(draw_peaks(GROWING[name], rng, 1000).grow() for _ in range(RUNS)) >= 0.95 * RUNS


def test_growing_number_gets_no_maximum_and_says_so() -> None:
    observed = [
        observe(str(4_000_000 + 10 * i), f"c{i % 30}", DAY + timedelta(days=i // 240), hour=i // 10 % 24)
        for i in range(480)
    ]
    written = to_json_schema(infer_schema("order", fold(observed).evidence(), SETTINGS))
    assert written["minimum"] == 0
    assert "maximum" not in written
    assert "no maximum" in written["x-census"]["note"]
    still = [observe(str(4_000_000 + i % 200), f"c{i % 30}", DAY, hour=i % 24) for i in range(480)]
    assert "maximum" in to_json_schema(infer_schema("order", fold(still).evidence(), SETTINGS))


def test_hours_are_counted_from_1970() -> None:
    assert hours_since_1970(date(1970, 1, 2), 3) == 27
