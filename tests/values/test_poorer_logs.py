"""Poorer copies of training rows are exactly what a poorer log would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.requests.features import FEATURES
from ml.training.poorer_logs import LEVELS, add_poorer_copies, remove_evidence
from pipelines.simulator import Transaction, build_sites, generate_transactions
from tests.feature_rows import simulated_rows

NO_HEADERS: dict[str, Any] = {
    "content_type": "", "request_headers": {}, "response_headers": {}, "cookies": {}, "request_bytes": 0,
}  # fmt: skip
LOGGED: dict[str, dict[str, Any]] = {
    "no media type": {"content_type": ""},
    "combined": NO_HEADERS,
    "common": {**NO_HEADERS, "user_agent": "", "referer": ""},
}


@pytest.fixture(scope="module")
def detailed() -> list[Transaction]:
    """Transactions of logs with every header."""
    return list(generate_transactions(build_sites(25, 4, "full"), 1500, 4))


@pytest.mark.parametrize("level", LEVELS)
def test_a_poorer_row_is_the_row_of_the_same_request_in_a_poorer_log(
    detailed: list[Transaction], level: str
) -> None:
    poorer = [transaction._replace(**LOGGED[level]) for transaction in detailed]
    np.testing.assert_array_equal(
        remove_evidence(simulated_rows(detailed), level), np.asarray(simulated_rows(poorer))
    )


def labelled(detailed: list[Transaction]) -> pd.DataFrame:
    found = pd.DataFrame(np.asarray(simulated_rows(detailed)), columns=list(FEATURES))
    return found.assign(host=[each.host for each in detailed], is_api=[each.is_api for each in detailed])


def test_copies_follow_the_rows_and_keep_host_and_label(detailed: list[Transaction]) -> None:
    rows = labelled(detailed)
    more = add_poorer_copies(rows, 0.4, 1)
    pd.testing.assert_frame_equal(more[: len(rows)], rows)
    copies, typed = more[len(rows) :], rows[rows["response_untyped"] == 0]
    assert len(copies) == pytest.approx(0.4 * len(typed), rel=0.15)
    assert (copies["response_untyped"] == 1).all()
    assert copies["is_api"].mean() == pytest.approx(typed["is_api"].mean(), abs=0.05)
    levels = copies.groupby("host")["agent_none"].agg(lambda found: found.nunique())
    assert set(copies["host"]) <= set(rows["host"])
    assert (levels[levels > 0] <= 2).all()


def test_no_share_no_copies_and_equal_seeds_equal_copies(detailed: list[Transaction]) -> None:
    rows = labelled(detailed)
    pd.testing.assert_frame_equal(add_poorer_copies(rows, 0.0, 1), rows)
    pd.testing.assert_frame_equal(add_poorer_copies(rows, 0.4, 1), add_poorer_copies(rows, 0.4, 1))
    assert not add_poorer_copies(rows, 0.4, 2).equals(add_poorer_copies(rows, 0.4, 1))
