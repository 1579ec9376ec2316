"""Which days are done again: those whose inputs changed, or those that somebody names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli import chosen_days
from pipelines.endpoints.days import Choice, among, changed, digest

DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
INPUTS = st.dictionaries(DAYS, st.sampled_from("abc"))
ONE = date(2026, 1, 5)


@given(INPUTS, INPUTS)
def test_a_day_changed_if_it_was_made_from_other_inputs_or_never(
    wanted: dict[date, str], made: dict[date, str]
) -> None:
    found = changed(wanted, made)
    assert list(found) == sorted(found)
    assert set(found) == {day for day in wanted if day not in made or made[day] != wanted[day]}
    assert changed(wanted, wanted | {date(2025, 1, 1): "x"}) == ()


@given(INPUTS, INPUTS, DAYS, st.frozensets(DAYS, min_size=1))
def test_what_is_named_by_hand_is_done_whatever_changed(
    wanted: dict[date, str], made: dict[date, str], since: date, days: frozenset[date]
) -> None:
    assert Choice().chosen(wanted, made) == changed(wanted, made)
    assert Choice(full=True).chosen(wanted, made) == tuple(sorted(wanted))
    assert set(Choice(since=since).chosen(wanted, made)) == {day for day in wanted if day >= since}
    assert set(Choice(days=days).chosen(wanted, made)) == days & wanted.keys()
    assert not Choice().is_by_hand
    assert all(choice.is_by_hand for choice in (Choice(True), Choice(since=since), Choice(days=days)))


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_digests_tell_texts_and_their_boundaries_apart(first: list[str], second: list[str]) -> None:
    assert (digest(first) == digest(second)) == (first == second)
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_days_become_sql_of_dates_only() -> None:
    assert among([ONE + timedelta(days=1), ONE]) == "day IN (DATE'2026-01-05', DATE'2026-01-06')"
    assert among([]) == "false"


def test_only_one_way_to_name_days_is_taken() -> None:
    from datetime import datetime

    moment = datetime(2026, 1, 5)
    assert chosen_days([moment], None, full=False) == Choice(days=frozenset({ONE}))
    assert chosen_days(None, moment, full=False) == Choice(since=ONE)
    with pytest.raises(typer.BadParameter, match="one of"):
        chosen_days([moment], None, full=True)
