"""Probabilities that mean what they say: Platt scaling, fitted on raw scores of groups left out.

Source: Platt (1999) with the smoothed targets and the Newton steps of Lin, Lin and Weng (2007). It is two
numbers, so it is baked into the model's own file: the scale into the leaves, the offset as the model's bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from ml.evaluation.measures import Labels, Probabilities, compute_calibration_error

Scores = npt.NDArray[np.float64]
Calibrator = Callable[[Scores], Scores]

MIN_SLOPE: Final = 1e-3
"""Smallest slope: a model that ranks worse than chance is flattened, never turned round."""
DIGITS: Final = 6
"""Slope and offset are rounded, so that the last bit of another machine's `exp` does not change the model."""


@dataclass(frozen=True, slots=True)
class Platt:
    """Probability = sigmoid(slope * raw + offset), with raw in log-odds. Invariant: slope > 0, so ranks stay."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, raw: Scores) -> Scores:
        """Raw scores in log-odds -> probabilities."""
        return sigmoid(self.slope * raw + self.offset)


def sigmoid(log_odds: Scores) -> Scores:
    """Log-odds -> probability; far tails become 0 and 1 without a warning."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500))), np.float64)


def fit_platt(raw: Scores, labels: Labels) -> Platt:
    """Slope and offset of the largest likelihood, targets (n+ + 1)/(n+ + 2) and 1/(n- + 2) instead of 1 and 0."""
    api, other = float(labels.sum()), float((~labels).sum())
    targets = np.where(labels, (api + 1) / (api + 2), 1 / (other + 2))
    found = _newton(raw, targets, start=np.array([0.0, np.log((api + 1) / (other + 1))]))
    if found[0] < MIN_SLOPE:
        return Platt(
            MIN_SLOPE, round(float(np.log((api + 1) / (other + 1)) - MIN_SLOPE * raw.mean()), DIGITS)
        )
    return Platt(round(float(found[0]), DIGITS), round(float(found[1]), DIGITS))


def _newton(raw: Scores, targets: Scores, start: Scores) -> Scores:
    columns = np.column_stack([raw, np.ones_like(raw)])
    place, lost = start, _loss(columns @ start, targets)
    for _ in range(100):
        said = sigmoid(columns @ place)
        slopes = columns.T @ (said - targets)
        curves = (columns * (said * (1 - said))[:, None]).T @ columns + 1e-12 * np.eye(2)
        step, length = np.linalg.solve(curves, slopes), 1.0
        while _loss(columns @ (place - length * step), targets) > lost and length > 1e-10:
            length /= 2
        place = place - length * step
        before, lost = lost, _loss(columns @ place, targets)
        if before - lost <= 1e-10 * max(before, 1.0):
            break
    return place


def _loss(log_odds: Scores, targets: Scores) -> float:
    return float((np.logaddexp(0, log_odds) - targets * log_odds).sum())


def fit_isotonic(raw: Scores, labels: Labels) -> Calibrator:
    """The alternative, for comparison only: any rising step function."""
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(raw, labels)
    return lambda scores: np.asarray(fitted.predict(scores), np.float64)


def calibrate_across_folds(
    raw: Scores,
    labels: Labels,
    fold: npt.NDArray[np.integer[Any]],
    fit: Callable[[Scores, Labels], Calibrator],
) -> Scores:
    """Probability of each row by a calibrator that was fitted on the other folds only."""
    found = np.zeros(len(raw), np.float64)
    for each in np.unique(fold):
        check = fold == each
        found[check] = fit(raw[~check], labels[~check])(raw[check])
    return found


def compare_calibrators(raw: Scores, labels: Labels, fold: npt.NDArray[np.integer[Any]]) -> pd.DataFrame:
    """method, log_loss, calibration_error of hosts left out, for no calibration, Platt (shipped) and isotonic."""
    ways: dict[str, Probabilities] = {
        "none": sigmoid(raw),
        "platt (shipped)": calibrate_across_folds(raw, labels, fold, fit_platt),
        "isotonic": calibrate_across_folds(raw, labels, fold, fit_isotonic),
    }
    return pd.DataFrame(
        {
            "method": way,
            "log_loss": float(log_loss(labels, np.clip(found, 1e-7, 1 - 1e-7))),
            "calibration_error": compute_calibration_error(labels, found),
        }
        for way, found in ways.items()
    )


def bake_calibrator(model: Any, calibrator: Platt) -> Any:
    """The CatBoost model with the calibrator in it, in place: sigmoid(RawFormulaVal) is calibrated.

    The slope goes into the leaves and not into CatBoost's scale, because SHAP values are refused
    ("Non-identity Scale") for a model with a scale.
    """
    scale, bias = model.get_scale_and_bias()
    model.set_leaf_values(model.get_leaf_values() * scale * calibrator.slope)
    model.set_scale_and_bias(1.0, bias * calibrator.slope + calibrator.offset)
    return model
