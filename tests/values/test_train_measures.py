"""Figures of the classifier, checked against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ml.evaluation.measures import (
    Labels,
    compute_calibration_error,
    compute_metrics,
    compute_recall_at,
    evaluate_decisions,
    measure_slices,
)

LABELS = np.array([True, True, True, False, False])


def test_decisions_count_what_was_right() -> None:
    figures = evaluate_decisions(LABELS, np.array([True, True, False, True, False]))
    assert figures == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
        "false_positive_rate": 0.5,
    }


def test_choosing_nothing_has_no_precision_and_no_recall() -> None:
    figures = evaluate_decisions(LABELS, np.zeros(5, bool))
    assert set(figures.values()) == {0.0}


def test_recall_at_a_rate_stops_before_the_false_positive() -> None:
    probabilities = np.array([0.9, 0.8, 0.3, 0.5, 0.1])
    assert compute_recall_at(LABELS, probabilities, 0.0) == pytest.approx(2 / 3)
    assert compute_recall_at(LABELS, probabilities, 0.5) == 1.0


def test_recall_at_a_rate_allows_exactly_that_rate() -> None:
    labels = np.array([True, True] + [False] * 10)
    probabilities = np.array([0.9, 0.3, 0.5] + [0.1] * 9)  # one of ten others lies between the API calls
    assert compute_recall_at(labels, probabilities, 0.09) == 0.5
    assert compute_recall_at(labels, probabilities, 0.1) == 1.0


def test_tied_probabilities_are_not_split_in_favour_of_the_model() -> None:
    assert compute_recall_at(LABELS, np.full(5, 0.5), 0.4) == 0.0


def test_perfectly_stated_shares_have_no_calibration_error() -> None:
    labels = np.array([True] * 3 + [False] * 7)
    assert compute_calibration_error(labels, np.full(10, 0.3)) == pytest.approx(0.0)
    assert compute_calibration_error(labels, np.full(10, 0.8)) == pytest.approx(0.5)
    assert compute_calibration_error(np.array([True]), np.array([1.0])) == 0.0


def test_perfect_ranking_has_area_one_and_the_reverse_zero() -> None:
    probabilities = np.array([0.9, 0.8, 0.7, 0.2, 0.1])
    assert compute_metrics(LABELS, probabilities)["roc_auc"] == 1.0
    assert compute_metrics(LABELS, 1 - probabilities)["roc_auc"] == 0.0
    assert compute_metrics(LABELS, probabilities)["n_api"] == 3


def test_certain_mistakes_have_a_finite_loss() -> None:
    assert np.isfinite(compute_metrics(LABELS, 1.0 - LABELS)["log_loss"])


@pytest.mark.parametrize("labels", [np.ones(3, bool), np.zeros(3, bool)])
def test_one_class_alone_cannot_be_measured(labels: Labels) -> None:
    with pytest.raises(ValueError, match="only one class"):
        compute_metrics(labels, np.full(3, 0.5))


def test_slices_are_split_by_label_and_worst_comes_first() -> None:
    rows = measure_slices(
        ["rest", "rest", "page", "page", "page"], LABELS, np.array([0.9, 0.2, 0.8, 0.1, 0.1])
    )
    assert [(row["slice"], row["is_api"], row["rows"], row["right"]) for row in rows] == [
        ("rest", True, 2, 0.5),
        ("page", True, 1, 1.0),
        ("page", False, 2, 1.0),
    ]
