"""Simulated days on which active endpoints are called, for tests of inactivity.

As traffic occurs: steady, by the calendar, in bursts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipelines.changes.significance import measure_inactivity
from pipelines.runtime.settings_sections import ChangeSettings

Rng = np.random.Generator
DAYS = 400


def poisson(rate: float) -> Callable[[Rng], np.ndarray]:
    """Returns a generator of days with Poisson counts; `rate` is calls per day."""
    return lambda rng: rng.poisson(rate, DAYS) > 0


def on_weekdays(first: int, last: int) -> Callable[[Rng], np.ndarray]:
    """Active on some days of the week, occasionally missing one."""
    return lambda rng: (
        (np.arange(DAYS) % 7 >= first) & (np.arange(DAYS) % 7 <= last) & (rng.random(DAYS) < 0.9)
    )


def monthly(run: int) -> Callable[[Rng], np.ndarray]:
    """A job on `run` days in a row, every 30 days."""
    return lambda rng: (np.arange(DAYS) + rng.integers(30)) % 30 < run


def bursty(rng: Rng) -> np.ndarray:
    """Spells of five active days, then fifteen without calls, both geometric."""
    state = np.zeros(DAYS, bool)
    day = 0
    while day < DAYS:
        on, off = rng.geometric(1 / 5), rng.geometric(1 / 15)
        state[day : day + on] = rng.random(len(state[day : day + on])) < 0.9
        day += on + off
    return state


def over_dispersed(rng: Rng) -> np.ndarray:
    """A gamma-Poisson process whose rate changes weekly (negative binomial counts)."""
    rates = np.repeat(rng.gamma(0.3, 1 / 0.3, size=DAYS // 7 + 1), 7)[:DAYS]
    return rng.poisson(rates / 2) > 0


def heavy_tailed(rng: Rng) -> np.ndarray:
    """Gaps with a Pareto distribution of shape 2."""
    state = np.zeros(DAYS, bool)
    day = int(rng.integers(5))
    while day < DAYS:
        state[day] = True
        day += int(np.ceil(rng.pareto(2.0))) + 1
    return state


TRAFFIC = {
    "rare": poisson(0.05), "weekly": poisson(0.2), "daily": poisson(1), "busy": poisson(5), "weekends": on_weekdays(5, 6),
    "working days": on_weekdays(0, 4), "monthly": monthly(1), "five days a month": monthly(5), "bursty": bursty,
    "over-dispersed": over_dispersed, "heavy-tailed gaps": heavy_tailed,
}  # fmt: skip


def count_flagged_gaps(active: Sequence[int], changes: ChangeSettings) -> int:
    """Counts the gaps that are mistaken for the end, judged on every day.

    A gap counts if it is flagged on its last inactive day.
    """
    marks = 0
    for place in range(1, len(active)):
        if active[place] - active[place - 1] > 1:  # the day before the next call had no calls
            inactivity = measure_inactivity(
                active[:place], active[place], changes.cycles, changes.cycles_seen
            )
            marks += inactivity.chance is not None and inactivity.chance <= changes.idle_risk
    return marks
