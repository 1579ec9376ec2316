"""Silence: no kind of living traffic is taken for gone more often than promised, and what is gone is seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.changes.idle import gap_chance, silence
from pipelines.settings import Settings

Rng = np.random.Generator
DAYS = 400
ENDPOINTS = 60


def poisson(rate: float) -> Callable[[Rng], np.ndarray]:
    return lambda rng: rng.poisson(rate, DAYS) > 0


def of_week(first: int, last: int) -> Callable[[Rng], np.ndarray]:
    """Active on some days of the week, now and then missing one."""
    return lambda rng: (
        (np.arange(DAYS) % 7 >= first) & (np.arange(DAYS) % 7 <= last) & (rng.random(DAYS) < 0.9)
    )


def monthly(run: int) -> Callable[[Rng], np.ndarray]:
    """A job on `run` days in a row, every 30 days."""
    return lambda rng: (np.arange(DAYS) + rng.integers(30)) % 30 < run


def bursty(rng: Rng) -> np.ndarray:
    """Spells of five days, then fifteen without, both geometric."""
    state = np.zeros(DAYS, bool)
    day = 0
    while day < DAYS:
        on, off = rng.geometric(1 / 5), rng.geometric(1 / 15)
        state[day : day + on] = rng.random(len(state[day : day + on])) < 0.9
        day += on + off
    return state


def over_dispersed(rng: Rng) -> np.ndarray:
    """A gamma-Poisson process whose rate changes every week (negative binomial counts)."""
    rates = np.repeat(rng.gamma(0.3, 1 / 0.3, size=DAYS // 7 + 1), 7)[:DAYS]
    return rng.poisson(rates / 2) > 0


def heavy_tailed(rng: Rng) -> np.ndarray:
    state = np.zeros(DAYS, bool)
    day = int(rng.integers(5))
    while day < DAYS:
        state[day] = True
        day += int(np.ceil(rng.pareto(2.0))) + 1
    return state


TRAFFIC = {
    "rare": poisson(0.05), "weekly": poisson(0.2), "daily": poisson(1), "busy": poisson(5), "weekends": of_week(5, 6),
    "working days": of_week(0, 4), "monthly": monthly(1), "five days a month": monthly(5), "bursty": bursty,
    "over-dispersed": over_dispersed, "heavy-tailed gaps": heavy_tailed,
}  # fmt: skip


@pytest.mark.parametrize("traffic", TRAFFIC)
def test_living_endpoints_are_called_gone_no_more_often_than_promised(
    traffic: str, settings: Settings
) -> None:
    """Looked at every day: a gap raises the mark if it does so on its last silent day."""
    rng, changes = np.random.default_rng(1), settings.changes
    gaps = marks = 0
    for _ in range(ENDPOINTS):
        active = np.flatnonzero(TRAFFIC[traffic](rng)).tolist()
        for place in range(1, len(active)):
            gaps += 1
            if active[place] - active[place - 1] > 1:  # the day before the next call was silent
                found = silence(active[:place], active[place], changes.cycles, changes.cycles_seen)
                marks += found.chance is not None and found.chance <= changes.idle_risk
    assert gaps > 400
    assert marks <= changes.idle_risk * gaps


@pytest.mark.parametrize(
    ("traffic", "days"), [("busy", 6), ("daily", 14), ("working days", 14), ("weekends", 40)]
)
def test_what_is_gone_is_marked_within_days_that_fit_its_past(
    traffic: str, days: int, settings: Settings
) -> None:
    rng, changes = np.random.default_rng(2), settings.changes
    for _ in range(10):
        active = np.flatnonzero(TRAFFIC[traffic](rng)).tolist()
        found = silence(active, active[-1] + 1 + days, changes.cycles, changes.cycles_seen)
        assert found.days == days
        assert found.chance is not None
        assert found.chance <= changes.idle_risk


@pytest.mark.parametrize(
    "active",
    [
        [],  # never
        [0],  # once
        [5, 6],  # a weekend
        list(range(5)),  # a working week, or the first run of a monthly job
    ],
)
def test_of_few_days_nothing_is_said_within_a_month(active: list[int], settings: Settings) -> None:
    changes = settings.changes
    for silent in range(1, 30):
        observed = (active[-1] if active else 0) + 1 + silent
        found = silence(active, observed, changes.cycles, changes.cycles_seen)
        assert found.chance is None or found.chance > changes.idle_risk


def test_the_chance_is_the_predictive_one_for_even_gaps() -> None:
    assert gap_chance([2] * 10, 20) == pytest.approx((1 + 20 / 20) ** -10)
    assert gap_chance([1, 1, 1, 30], 30) >= 1 / 5  # a gap as long was seen


@given(st.lists(st.integers(1, 60), min_size=1, max_size=50), st.integers(0, 200))
def test_longer_silences_are_less_probable(gaps: list[int], idle: int) -> None:
    assert 0 <= gap_chance(gaps, idle + 1) <= gap_chance(gaps, idle) <= 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=50), st.randoms())
def test_the_order_of_gaps_is_irrelevant(gaps: list[int], random: object) -> None:
    assert gap_chance(gaps, 10) == gap_chance(list(reversed(gaps)), 10)
