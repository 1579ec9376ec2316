"""Schemas of simulated sites under attack, without Spark.

As many wrong values are refused, and no more valid requests.
"""

from __future__ import annotations

import pytest

from benchmarks.attacks import CLASSES, Outcome, measure
from pipelines.simulator import Site, build_sites
from pipelines.simulator.traffic.attacks import AttackPlan

TRANSACTIONS, SEED = 24_000, 43


@pytest.fixture(scope="module")
def sites() -> tuple[Site, ...]:
    return build_sites(6, SEED, "full")


@pytest.fixture(scope="module")
def calm(sites: tuple[Site, ...]) -> Outcome:
    return measure(sites, TRANSACTIONS, SEED, AttackPlan())


@pytest.mark.parametrize("addresses", [1, 50])
def test_attacks_on_one_request_in_200_change_next_to_nothing(
    sites: tuple[Site, ...], calm: Outcome, addresses: int
) -> None:
    attacked = measure(sites, TRANSACTIONS, SEED, AttackPlan(1 / 200, addresses, unnoticed=1.0))
    assert calm.tried.total() > 1000
    assert {kind for kind in CLASSES if attacked.settled(kind) < calm.settled(kind) - 0.01} <= {"enum"}
    assert attacked.refused <= calm.refused + 1e-4 * calm.valid
