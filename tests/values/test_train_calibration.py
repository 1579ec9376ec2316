"""Calibration: a known distortion is corrected, and ranks stay the same.

The model file contains the calibration.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from ml.evaluation.measures import compute_calibration_error
from ml.explanation.reasons import compute_contributions, load_explainer
from ml.requests.features import FEATURES
from ml.requests.score import load_classifier, predict_log_odds, predict_probabilities
from ml.training.calibration import (
    MIN_SLOPE,
    Platt,
    calibrate_across_folds,
    compare_calibrators,
    fit_isotonic,
    fit_platt,
)
from ml.training.train import train
from tests.values.training_rows import OPTIONS, frame


def draw_distorted_scores(
    rows: int, slope: float, offset: float, seed: int = 1
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Draws raw scores and labels with log-odds slope * raw + offset."""
    draw = np.random.default_rng(seed)
    raw = draw.normal(0, 2, rows)
    return raw, draw.random(rows) < expit(slope * raw + offset)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.4, -1.0), (2.5, 1.5)])
def test_distortion_is_found_within_its_standard_error(slope: float, offset: float) -> None:
    calibrator = fit_platt(*draw_distorted_scores(20_000, slope, offset))
    assert calibrator.slope == pytest.approx(slope, rel=0.08)
    assert calibrator.offset == pytest.approx(offset, abs=0.08)


def test_stated_shares_are_true_after_calibration_and_were_not_before() -> None:
    raw, labels = draw_distorted_scores(20_000, 0.4, -1.0)
    fold = np.arange(len(raw)) % 4
    after = compute_calibration_error(labels, calibrate_across_folds(raw, labels, fold, fit_platt))
    assert after < 0.015 < 0.1 < compute_calibration_error(labels, expit(raw))


@given(st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=30))
def test_ranks_stay_whatever_the_data(rows: list[tuple[float, bool]]) -> None:
    raw, labels = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    calibrator = fit_platt(raw, labels)
    assert np.isfinite([calibrator.slope, calibrator.offset]).all()
    assert calibrator.slope >= MIN_SLOPE


def test_separable_classes_stay_finite_by_the_smoothed_targets() -> None:
    calibrator = fit_platt(np.array([-3.0, -2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    assert 0 < calibrator.slope < 5
    assert calibrator(np.array([3.0]))[0] < 0.95  # four rows do not justify certainty


def test_a_ranking_worse_than_chance_is_flattened_and_not_turned_round() -> None:
    raw, labels = draw_distorted_scores(2_000, -1.0, 0.0)
    calibrator = fit_platt(raw, labels)
    assert calibrator.slope == MIN_SLOPE
    assert calibrator(raw).mean() == pytest.approx(labels.mean(), abs=0.01)


def test_a_row_has_no_say_in_its_own_calibration() -> None:
    raw, labels = draw_distorted_scores(400, 1.0, 0.0)
    fold = np.arange(len(raw)) // 100
    turned = labels.copy()
    turned[:100] = ~turned[:100]
    for fit in (fit_platt, fit_isotonic):
        first, second = (
            calibrate_across_folds(raw, labels, fold, fit),
            calibrate_across_folds(raw, turned, fold, fit),
        )
        np.testing.assert_array_equal(first[:100], second[:100])
        assert (first[100:] != second[100:]).any()


def test_comparison_prefers_what_fits_the_distortion() -> None:
    raw, labels = draw_distorted_scores(4_000, 0.5, -1.0)
    evidence = np.zeros(len(raw), np.int64)
    table = compare_calibrators(raw, labels, evidence, np.arange(len(raw)) % 4).set_index("method")[
        "log_loss"
    ]
    assert table["platt"] < table["isotonic"] < table["none"]
    assert table["platt by evidence (shipped)"] == pytest.approx(table["platt"], abs=1e-3)


def test_calibration_is_in_the_models_own_file() -> None:
    rows = frame(noise=0.2)
    trained = train(rows, OPTIONS)
    features = np.asfortranarray(rows[list(FEATURES)].to_numpy(np.float32))
    model = load_classifier(trained.model)
    # the same bytes: applying the calibration twice would show here
    plain = load_classifier(train(rows, OPTIONS).model)
    assert predict_log_odds(model, features) == pytest.approx(predict_log_odds(plain, features))
    assert predict_probabilities(model, features) == pytest.approx(
        expit(predict_log_odds(model, features)), abs=1e-6
    )
    assert model.get_scale_and_bias()[0] == 1.0
    assert model.get_scale_and_bias()[1] == pytest.approx(trained.calibration.general.offset)
    assert trained.calibration.general != Platt()


def test_probabilities_of_the_file_mean_what_they_say_on_new_hosts() -> None:
    # stops while its probabilities are still moderate
    timid = SimpleNamespace(**{**vars(OPTIONS), "learning_rate": 0.03})
    trained = train(frame(rows=2000, hosts=20, noise=0.2), timid)
    fresh = frame(rows=2000, seed=8, noise=0.2)
    features = np.asfortranarray(fresh[list(FEATURES)].to_numpy(np.float32))
    error = compute_calibration_error(
        fresh["is_api"].to_numpy(), predict_probabilities(load_classifier(trained.model), features)
    )
    assert error < 0.05
    assert (
        trained.metrics["calibration_error"] < 0.05 < 0.1 < trained.metrics["calibration_error_uncalibrated"]
    )


def test_shap_values_of_the_calibrated_file_add_up_to_its_log_odds() -> None:
    rows = frame()
    model = train(rows, OPTIONS).model
    features = np.asfortranarray(rows[list(FEATURES)].to_numpy(np.float32))[:50]
    contributions = compute_contributions(load_explainer(model), features)
    assert contributions.values.sum(axis=1) + contributions.base == pytest.approx(
        predict_log_odds(load_classifier(model), features), abs=1e-6
    )
