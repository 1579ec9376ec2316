"""A file with too few valid records is named with its main reason and the way out.

A small file is refused only if none of its records is valid.
"""

from __future__ import annotations

from collections import Counter

import pytest

from pipelines.runtime.settings import QualitySettings, Settings
from pipelines.transactions.spark.columns import NO_ZONE
from pipelines.transactions.spark.counts import (
    WAYS_OUT,
    FileCounts,
    find_mostly_quarantined,
    sum_not_requests,
)


@pytest.fixture
def quality(settings: Settings) -> QualitySettings:
    return settings.quality.model_copy(update={"min_rows_for_shares": 100, "max_quarantined_share": 0.5})


def counts(valid: int, not_request: int = 0, **reasons: int) -> FileCounts:
    """Returns the counts of a file by validity and reason."""
    return FileCounts(
        source="file:/a.log",
        read=valid + sum(reasons.values()),
        valid=valid,
        last_line=None,
        first_time=None,
        last_time=None,
        reasons=Counter(reasons),
        not_requests=Counter({"data: address": not_request}),
    )


@pytest.mark.parametrize(
    ("file", "is_refused"),
    [
        (counts(100), False),
        (counts(50, a=50), False),
        (counts(49, a=51), True),
        (counts(40, a=26, b=34), True),
        (counts(1, a=98), False),  # 99 records: too few for a share
        (counts(0, a=2), True),
        (counts(0, not_request=500), False),  # nothing is broken
        (counts(60, not_request=500, a=40), False),
    ],
)
def test_file_is_refused_where_too_little_is_valid(
    file: FileCounts, is_refused: bool, quality: QualitySettings
) -> None:
    assert (list(find_mostly_quarantined([file], quality)) == ["file:/a.log"]) is is_refused


def test_the_most_frequent_reason_and_its_way_out_are_reported(quality: QualitySettings) -> None:
    file = counts(1_000, other=200)
    file["reasons"][NO_ZONE], file["read"] = 1_200, 2_400
    (problem,) = find_mostly_quarantined([file], quality).values()
    assert problem == (
        "1,400 of 2,400 records cannot be used, 1,200 of them for one reason: time has no time zone, so the hour is unknown. "
        f"{WAYS_OUT[NO_ZONE]}"
    )


def test_what_never_was_a_request_is_summed_by_reason() -> None:
    assert sum_not_requests([counts(1, 2), counts(1, 3), counts(1)]) == {"data: address": 5}
