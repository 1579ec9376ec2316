"""The reason why an endpoint is listed or not, from the figures of its row."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.endpoints.standing import (
    CANDIDATE,
    LISTED,
    UNLISTED,
    Thresholds,
    explain_standing,
    without_host_adjustment,
)

THRESHOLDS = Thresholds(listed=0.4, candidate=0.1, slice_kept=0.02, teaching=0.8, responses=1)
ROW: dict[str, Any] = {
    "variant": "ml", "probability": 0.9, "host_adjustment": 0.0, "requests": 85, "preflights": 0, "bare_options": 0,
    "recent_answers": 85, "is_preflight": False, "is_ignored": False, "is_saved": False, "is_stored": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "state", "message"),
    [
        ({}, LISTED, "probability 0.9000 is 0.4 or more"),
        ({"probability": 0.52}, LISTED, "below 0.8 it teaches no schema"),
        ({"probability": 0.31}, CANDIDATE, "probability 0.3100 is below 0.4"),
        ({"probability": 0.31, "host_adjustment": -2.1}, CANDIDATE, "lowers its log-odds by 2.10, without that it has 0.7858"),
        ({"probability": 0.08, "host_adjustment": -2.1}, CANDIDATE, "without that it has 0.4152"),
        ({"probability": 0.08, "host_adjustment": -1.0}, UNLISTED, "without that it has 0.1912"),
        ({"probability": 0.01, "is_stored": False}, UNLISTED, "no slice was kept (selection.candidate_floor)"),
        ({"probability": None}, UNLISTED, "none of its responses could be scored"),
        ({"recent_answers": 0}, UNLISTED, "0 responses that are not errors (2xx, 3xx), 1 needed"),
        ({"requests": 0, "recent_answers": 0, "preflights": 400}, UNLISTED, "preflights of browsers (400)"),
        ({"is_preflight": True, "bare_options": 12}, UNLISTED, "preflights of browsers (12)"),
        ({"probability": 0.1, "is_saved": True}, LISTED, "operator"),
        ({"is_ignored": True, "is_saved": True}, UNLISTED, "operator"),
        ({"variant": "session", "probability": None}, LISTED, "session identifier"),
    ],
)  # fmt: skip
def test_a_row_says_where_it_stands_and_why(row: dict[str, Any], state: str, message: str) -> None:
    standing, why = explain_standing({**ROW, **row}, THRESHOLDS)
    assert standing == state
    assert message in why


def test_what_the_host_took_off_is_given_back() -> None:
    assert without_host_adjustment(0.5, -1.0) == pytest.approx(0.731059, abs=1e-6)
    assert without_host_adjustment(0.3, 0.0) == pytest.approx(0.3)
