"""Inactivity of endpoints: bounded false alarms, and ends of traffic are detected.

No kind of traffic of an active endpoint is mistaken for its end more often than promised.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.changes.significance import gap_probability, measure_inactivity
from pipelines.runtime.settings import Settings
from tests.endpoint_activity import TRAFFIC, count_flagged_gaps

ENDPOINTS = 60


@pytest.mark.parametrize("traffic", TRAFFIC)
def test_active_endpoints_are_called_inactive_no_more_often_than_promised(
    traffic: str, settings: Settings
) -> None:
    rng, changes = np.random.default_rng(1), settings.changes
    histories = [np.flatnonzero(TRAFFIC[traffic](rng)).tolist() for _ in range(ENDPOINTS)]
    gaps = sum(len(active) - 1 for active in histories)
    marks = sum(count_flagged_gaps(active, changes) for active in histories)
    assert gaps > 400
    assert marks <= changes.idle_risk * gaps


@pytest.mark.parametrize(
    ("traffic", "days"), [("busy", 6), ("daily", 14), ("working days", 14), ("weekends", 40)]
)
def test_inactive_endpoints_are_detected_within_days_that_fit_their_past(
    traffic: str, days: int, settings: Settings
) -> None:
    rng, changes = np.random.default_rng(2), settings.changes
    for _ in range(10):
        active = np.flatnonzero(TRAFFIC[traffic](rng)).tolist()
        inactivity = measure_inactivity(active, active[-1] + 1 + days, changes.cycles, changes.cycles_seen)
        assert inactivity.days == days
        assert inactivity.chance is not None
        assert inactivity.chance <= changes.idle_risk


@pytest.mark.parametrize(
    "active",
    [
        [],  # never
        [0],  # once
        [5, 6],  # a weekend
        list(range(5)),  # a working week, or the first run of a monthly job
    ],
)
def test_few_active_days_are_not_judged_within_a_month(active: list[int], settings: Settings) -> None:
    changes = settings.changes
    for silent in range(1, 30):
        observed = (active[-1] if active else 0) + 1 + silent
        inactivity = measure_inactivity(active, observed, changes.cycles, changes.cycles_seen)
        assert inactivity.chance is None or inactivity.chance > changes.idle_risk


def test_the_chance_is_the_predictive_one_for_even_gaps() -> None:
    assert gap_probability([2] * 10, 20) == pytest.approx((1 + 20 / 20) ** -10)
    assert gap_probability([1, 1, 1, 30], 30) >= 1 / 5  # a gap of this length occurred before


@given(st.lists(st.integers(1, 60), min_size=1, max_size=50), st.integers(0, 200))
def test_longer_gaps_are_less_probable(gaps: list[int], inactive_days: int) -> None:
    assert 0 <= gap_probability(gaps, inactive_days + 1) <= gap_probability(gaps, inactive_days) <= 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=50), st.randoms())
def test_the_order_of_gaps_is_irrelevant(gaps: list[int], random: object) -> None:
    assert gap_probability(gaps, 10) == gap_probability(list(reversed(gaps)), 10)
