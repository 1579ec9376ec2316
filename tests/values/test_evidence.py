"""Calibration by evidence: stated and observed shares agree.

They do so for each kind of evidence, on hosts left out.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from ml.evaluation.measures import compute_calibration_error
from ml.explanation.reasons import compute_contributions, load_explainer
from ml.registry.bundled import load_bundled_model
from ml.requests.evidence import (
    EVIDENCE,
    EVIDENCE_COLUMNS,
    EvidenceLines,
    find_evidence,
    read_lines,
    store_lines,
)
from ml.requests.features import FEATURES, Matrix
from ml.requests.score import load_classifier, predict_log_odds, predict_probabilities
from ml.training.calibration import MIN_OF_CLASS, Platt, fit_calibration, fit_platt
from ml.training.poorer_logs import LEVELS, remove_evidence
from ml.training.train import serialise_model, train
from pipelines.simulator import Transaction
from tests.feature_rows import simulated_rows
from tests.values.training_rows import OPTIONS, frame

TRUE_SLOPES = np.array([2.0, 1.5, 1.0, 0.5, 0.3])
LINES = EvidenceLines((2.0, 1.0, 1.0, 0.5, 0.25), (0.5, 0.0, 0.0, -0.5, -1.0))


def draw_rows(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws raw scores, labels and evidence.

    The poorer the log, the less a raw score means.
    """
    draw = np.random.default_rng(seed)
    raw, evidence = draw.normal(0, 3, rows), draw.integers(0, len(EVIDENCE), rows)
    return raw, draw.random(rows) < expit(TRUE_SLOPES[evidence] * raw), evidence


def test_each_kind_of_evidence_is_calibrated_where_one_calibration_is_right_on_average_only() -> None:
    fitted, one = fit_calibration(*draw_rows(40_000, 1)), fit_platt(*draw_rows(40_000, 1)[:2])
    raw, labels, evidence = draw_rows(40_000, 2)
    for code, name in enumerate(EVIDENCE):
        here = evidence == code
        stated = fitted(raw[here], evidence[here])
        assert compute_calibration_error(labels[here], stated) < 0.02, name
    worst = evidence == len(EVIDENCE) - 1
    assert compute_calibration_error(labels[worst], one(raw[worst])) > 0.1


def test_evidence_with_too_few_rows_of_a_class_keeps_the_general_calibration() -> None:
    raw, labels, evidence = draw_rows(20_000, 3)
    rare = (evidence == 3) & labels
    kept = ~rare | (np.cumsum(rare) < MIN_OF_CLASS)
    fitted = fit_calibration(raw[kept], labels[kept], evidence[kept])
    assert fitted.by_evidence[3] == Platt()
    assert all(fitted.by_evidence[code] != Platt() for code in (0, 1, 2, 4))


@pytest.fixture(scope="module")
def with_lines() -> bytes:
    """A small model with `LINES` in its file."""
    model = load_classifier(train(frame(), OPTIONS).model).copy()
    store_lines(model, LINES)
    return serialise_model(model)


def test_lines_survive_the_file_and_scoring_applies_them(with_lines: bytes) -> None:
    model, rows = load_classifier(with_lines), np.asfortranarray(frame()[list(FEATURES)].to_numpy(np.float32))
    assert read_lines(model) == LINES
    raw = model.predict(rows, prediction_type="RawFormulaVal")
    codes = find_evidence(rows[:, EVIDENCE_COLUMNS])
    assert len(set(codes)) >= 4
    expected = np.array(LINES.slopes)[codes] * raw + np.array(LINES.offsets)[codes]
    np.testing.assert_allclose(predict_log_odds(model, rows), expected)


def test_reasons_add_up_to_the_calibrated_log_odds(with_lines: bytes) -> None:
    rows = np.asfortranarray(frame()[list(FEATURES)].to_numpy(np.float32))
    found = compute_contributions(load_explainer(with_lines), rows)
    np.testing.assert_allclose(
        found.values.sum(axis=1) + found.base, predict_log_odds(load_classifier(with_lines), rows), atol=1e-6
    )


def views(transactions: list[Transaction]) -> dict[str, Matrix]:
    """The features of the same transactions in logs of all levels."""
    rows = np.asarray(simulated_rows(transactions))
    return {"as logged": rows, **{level: remove_evidence(rows, level) for level in LEVELS}}


def test_the_bundled_models_probabilities_are_shares_in_every_kind_of_log(traffic: list[Transaction]) -> None:
    """Compares stated and observed shares on 40 simulated hosts.

    Their seed is not that of training. With so few hosts the observed shares are off by some points themselves.
    """
    model = load_classifier(load_bundled_model())
    others = [transaction for transaction in traffic if not transaction.attack]
    labels = np.array([transaction.is_api for transaction in others])
    for level, rows in views(others).items():
        stated = predict_probabilities(model, np.asfortranarray(rows))
        codes = find_evidence(rows[:, EVIDENCE_COLUMNS])
        for code in set(codes):
            here = codes == code
            if here.sum() >= 1000:
                error = compute_calibration_error(labels[here], stated[here])
                assert error < 0.05, (level, EVIDENCE[code], error)
