"""Days are processed again if their inputs changed or a user names them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from jobs.cli.command import choose_days
from pipelines.endpoints.days import DayChoice, build_day_filter, digest, format_inputs, parse_inputs

DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
ONE = date(2026, 1, 5)


@given(st.frozensets(DAYS), st.frozensets(DAYS), DAYS, st.frozensets(DAYS, min_size=1))
def test_what_is_named_by_hand_is_done_whatever_changed(
    known: frozenset[date], changed: frozenset[date], since: date, days: frozenset[date]
) -> None:
    assert DayChoice().select(known, changed) == tuple(sorted(changed))
    assert DayChoice(full=True).select(known, changed) == tuple(sorted(known))
    assert set(DayChoice(since=since).select(known, changed)) == {day for day in known if day >= since}
    assert set(DayChoice(days=days).select(known, changed)) == days & known
    assert not DayChoice().is_by_hand
    assert all(
        choice.is_by_hand for choice in (DayChoice(True), DayChoice(since=since), DayChoice(days=days))
    )


@given(st.dictionaries(st.sampled_from(["ml", "session"]), st.from_regex("[0-9a-f]{16}", fullmatch=True)))
def test_what_rows_were_made_from_can_be_read_back(inputs: dict[str, str]) -> None:
    assert parse_inputs(format_inputs(inputs)) == inputs


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_digests_tell_texts_and_their_boundaries_apart(first: list[str], second: list[str]) -> None:
    assert (digest(first) == digest(second)) == (first == second)
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_days_become_sql_of_dates_only() -> None:
    assert build_day_filter([ONE + timedelta(days=1), ONE]) == "day IN (DATE'2026-01-05', DATE'2026-01-06')"
    assert build_day_filter([]) == "false"


def test_only_one_way_to_name_days_is_taken() -> None:
    from datetime import datetime

    moment = datetime(2026, 1, 5)
    assert choose_days([moment], None, full=False) == DayChoice(days=frozenset({ONE}))
    assert choose_days(None, moment, full=False) == DayChoice(since=ONE)
    with pytest.raises(typer.BadParameter, match="one of"):
        choose_days([moment], None, full=True)
