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

from pipelines.schemas.inference import confidence, tail_bounds

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


@pytest.mark.parametrize(
    "proof", [confidence.fleet_prior, confidence.finite_set, confidence.distribution_free]
)
def test_confidence_grows_with_the_evidence(
    proof: Callable[[int], dict[str, float]],
) -> None:
    proofs = [proof(n) for n in (10, 100, 1000, 10_000, 100_000)]
    assert [one["confidence"] for one in proofs] == sorted(one["confidence"] for one in proofs)
    assert [one["risk"] for one in proofs] == sorted((one["risk"] for one in proofs), reverse=True)
    assert proofs[0]["confidence"] < 0.999 <= proofs[-1]["confidence"]


def test_confidence_of_a_property_is_the_posterior_of_the_fleet_prior() -> None:
    """The figures are those of docs/methods.md, 2.4.

    Risk 1.9e-4 at 50, 2.5e-5 at 200, 2.3e-6 at 1,000; P(q > 1e-3) = 0.54 % at 200, 0.07 % at 1,000.
    """
    risks = [confidence.fleet_prior(n)["risk"] for n in (50, 200, 1000)]
    assert risks == pytest.approx([1.9e-4, 2.5e-5, 2.3e-6], rel=0.1)
    assert 1 - confidence.fleet_prior(200)["confidence"] == pytest.approx(0.0054, rel=0.3)
    assert confidence.fleet_prior(1000)["confidence"] > 0.999


def test_next_value_is_the_largest_as_rarely_as_the_distribution_free_risk_says() -> None:
    rng, n, runs = random.Random(3), 99, 20_000  # noqa: S311  # a simulation
    worse = 0
    for _ in range(runs):
        seen = max(rng.paretovariate(0.5) for _ in range(n))
        worse += rng.paretovariate(0.5) > seen
    risk = confidence.distribution_free(n)["risk"]
    assert worse / runs == pytest.approx(risk, abs=4 * math.sqrt(risk / runs))


def test_one_limit_is_sure_from_6905_values_on() -> None:
    assert (
        confidence.distribution_free(6904)["confidence"]
        < 0.999
        <= confidence.distribution_free(6905)["confidence"]
    )
