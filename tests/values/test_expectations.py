"""Checks of a batch: each fails on a typical error of a log.

Each passes on usual traffic, and none repeats what the table enforces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from pipelines.runtime.settings import load_settings
from pipelines.transactions.expectations import (
    EXPLANATIONS,
    BatchCounts,
    QualityResult,
    check_batch,
    volume_ratio,
)

# great_expectations is imported on first use, and brings modules that the standard library calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

QUALITY = load_settings().quality
USUAL = BatchCounts(
    records=1000,
    valid=990,
    quarantined=10,
    quarantined_share=0.01,
    duplicate_share=0.001,
    hosts=12,
    hosts_per_transaction=12 / 990,
    hours_spanned=23.9,
    future_share=0.0,
    age_days=0.1,
    missing_hours_share=0.05,
    volume_ratio=1.3,
)


def sample_rows(
    statuses: list[int], kinds: Sequence[str | None] = (), bodies: Sequence[int | None] = ()
) -> pd.DataFrame:
    """Returns a sample of rows as the checks read it."""
    size = len(statuses)
    return pd.DataFrame(
        {
            "status": statuses,
            "response_content_type": list(kinds) or ["application/json"] * size,
            "body": pd.array(list(bodies) or [None] * size, "Int64"),
        }
    )


MIXED = sample_rows([200] * 170 + [404] * 20 + [302] * 10, bodies=[*range(150), *[None] * 50])


def failed_checks(result: QualityResult) -> dict[str, str]:
    """Returns column → severity of each expectation that failed."""
    return {
        item["column"]: item["severity"] for item in result.document["expectations"] if not item["success"]
    }


def test_usual_traffic_passes_every_check() -> None:
    result = check_batch(USUAL, MIXED, QUALITY)
    assert (result.critical, result.warnings) == ((), ())
    assert len(result.document["expectations"]) == 14


@pytest.mark.parametrize(
    ("wrong", "column", "severity"),
    [
        ({"records": 0, "valid": 0}, "records", "critical"),
        ({"valid": 0}, "valid", "critical"),
        ({"quarantined_share": 0.6}, "quarantined_share", "critical"),
        ({"duplicate_share": 0.3}, "duplicate_share", "critical"),
        ({"hosts_per_transaction": 0.97}, "hosts_per_transaction", "warning"),
        ({"hours_spanned": 24 * 400.0}, "hours_spanned", "warning"),
        ({"future_share": 0.08}, "future_share", "warning"),
        ({"age_days": 3650.0}, "age_days", "warning"),
        ({"missing_hours_share": 0.7}, "missing_hours_share", "warning"),
        ({"volume_ratio": 14.0}, "volume_ratio", "warning"),
        ({"volume_ratio": 0.02}, "volume_ratio", "warning"),
    ],
)
def test_a_figure_that_is_wrong_fails_its_check(wrong: dict[str, Any], column: str, severity: str) -> None:
    result = check_batch(replace(USUAL, **wrong), MIXED, QUALITY)
    assert failed_checks(result)[column] == severity
    message = next(
        message for message in (*result.critical, *result.warnings) if message.startswith(f"{column}: ")
    )
    assert EXPLANATIONS.get(column, "expected") in message


@pytest.mark.parametrize(
    ("sample", "column"),
    [
        (sample_rows([200] * 200), "top_status_share"),
        (sample_rows([200] * 100 + [404] * 100, bodies=[7] * 190 + [8] * 10), "top_body_share"),
        (
            sample_rows([200] * 60 + [404] * 60, kinds=[None] * 70 + ["text/html"] * 50),
            "response_content_type",
        ),
        (sample_rows([500] * 70 + [502] * 50), "status"),
    ],
)
def test_a_sample_that_is_wrong_fails_its_check(sample: pd.DataFrame, column: str) -> None:
    assert failed_checks(check_batch(USUAL, sample, QUALITY)) == {column: "warning"}


def test_samples_that_are_too_small_pass() -> None:
    few = sample_rows([200] * 20, bodies=[7] * 20)
    unknown = replace(USUAL, future_share=None, age_days=None, missing_hours_share=None, volume_ratio=None)
    assert failed_checks(check_batch(unknown, few, QUALITY)) == {}


@pytest.mark.parametrize(
    ("records", "earlier", "expected"),
    [
        (1000, [900, 1000, 5000], 1.0),
        (20, [900, 1000, 1100], 0.02),
        (1000, [900, 1000], None),
        (1000, [3, 4, 5], None),
    ],
)
def test_volume_is_compared_with_the_median_of_enough_batches(
    records: int, earlier: list[int], expected: float | None
) -> None:
    assert volume_ratio(records, earlier, QUALITY) == expected
