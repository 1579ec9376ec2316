"""The tests of significance keep their promised rate of false alarms.

Whatever the traffic; and plain changes are detected.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.changes.significance import Occurrence, compute_chance

CLIENTS_A_DAY, DAYS, PUBLISHED = 40, 30, 20
"""Of an endpoint: clients, of whom many come every day; days in all, and until publication."""


def simulate_occurrence(rng: np.random.Generator, share: float, habit: float) -> Occurrence | None:
    """Simulates a rare property whose rate never changed.

    A `share` of the clients can have it at all, each on a share `habit` of its days.

    Returns None where it never occurs, or not after publication: the test is not applied then.
    """
    able = np.flatnonzero(rng.random(CLIENTS_A_DAY) < share)
    here = rng.random((len(able), DAYS)) < habit
    later = here[:, PUBLISHED:]
    if not later.any():
        return None
    since = PUBLISHED + int(np.argmax(later.any(axis=0)))
    before, after = here[:, :PUBLISHED].any(axis=1).sum(), later.any(axis=1).sum()
    exposure = [float(CLIENTS_A_DAY * days) for days in (DAYS - since, DAYS - PUBLISHED, DAYS)]
    return Occurrence(int(before), int(after), *exposure)


@pytest.mark.parametrize(
    ("share", "habit"), [(0.05, 0.02), (0.1, 0.05), (0.5, 0.01), (1.0, 0.003), (0.3, 0.3)]
)
def test_what_always_had_one_rate_is_called_a_change_as_rarely_as_promised(
    share: float, habit: float
) -> None:
    rng, promised, runs = np.random.default_rng(7), 0.01, 20_000
    chances = [
        compute_chance(one)
        for _ in range(runs)
        if (one := simulate_occurrence(rng, share, habit)) is not None
    ]
    alarms = sum(found is not None and found <= promised for found in chances)
    assert len(chances) > 1000
    # over all runs, as most rare properties occur in no window: three standard errors above the promise
    assert alarms <= promised * runs + 3 * (promised * runs) ** 0.5


def test_the_first_time_is_uniform_under_the_null_hypothesis() -> None:
    """Checks the null distribution exactly.

    Of m occurrences at uniform times, the share that the test flags at each level is that level.
    """
    rng = np.random.default_rng(3)
    for m in (1, 3, 10):
        first = rng.random((20_000, m)).min(axis=1)
        chances = np.array([compute_chance(Occurrence(0, m, 1 - t, 1 - t, 1.0)) for t in first])
        for level in (0.01, 0.1, 0.5):
            assert abs((chances <= level).mean() - level) < 4 * (level / 20_000) ** 0.5


def test_plain_changes_are_seen() -> None:
    # one day of 21, 30 clients each
    seen_by_all = Occurrence(before=0, later=30, since=30, after=30, total=630)
    assert (compute_chance(seen_by_all) or 1) < 1e-30
    seen_by_three = Occurrence(before=0, later=3, since=30, after=30, total=630)
    assert (compute_chance(seen_by_three) or 1) == pytest.approx((30 / 630) ** 3)
    more_than_before = Occurrence(before=2, later=25, since=30, after=30, total=630)
    assert (compute_chance(more_than_before) or 1) < 1e-20
    as_before = Occurrence(before=20, later=1, since=30, after=30, total=630)
    assert (compute_chance(as_before) or 0) > 0.5


def test_without_occurrences_there_is_no_test() -> None:
    assert compute_chance(Occurrence(3, 0, 1, 1, 2)) is None
    assert compute_chance(Occurrence(0, 3, 0, 0, 0)) is None


@given(st.integers(0, 50), st.integers(1, 50), st.floats(0.1, 1), st.floats(0, 1))
def test_a_chance_is_a_probability_and_more_clients_make_it_smaller(
    before: int, later: int, since: float, rest: float
) -> None:
    less = compute_chance(Occurrence(before, later, since, since + rest, 3.0))
    more = compute_chance(Occurrence(before, later + 1, since, since + rest, 3.0))
    assert less is not None
    assert more is not None
    assert 0 <= more <= less <= 1
