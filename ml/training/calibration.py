"""Calibrated probabilities: Platt scaling of raw scores of held-out groups.

Source: Platt (1999) with the smoothed targets and the Newton steps of Lin, Lin and Weng (2007). A calibrator has two
parameters. The general one is stored in the model's own file, the scale in the leaves and the offset as the model's bias; one
more for each kind of evidence (`ml.requests.evidence`) is in the file's metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from ml.evaluation.measures import Labels, Probabilities, compute_calibration_error
from ml.requests.evidence import EVIDENCE, EvidenceLines, store_lines

Scores = npt.NDArray[np.float64]
Calibrator = Callable[[Scores], Scores]
Codes = npt.NDArray[np.int64]

MIN_SLOPE: Final = 1e-3
"""Smallest slope: a model that ranks worse than chance is flattened, never inverted."""
MIN_OF_CLASS: Final = 200
"""Rows of each class that a kind of evidence needs for a calibrator of its own. With 200 and 200 the standard error of its offset
is about 0.2 where the two classes are hard to tell apart, a quarter of a point at 0.99; with fewer the general one is used."""
DIGITS: Final = 6
"""Slope and offset are rounded, so that the last bit of another machine's `exp` does not change the model."""


@dataclass(frozen=True, slots=True)
class Platt:
    """A calibrator: probability = sigmoid(slope * raw + offset), raw in log-odds.

    Invariant: slope > 0, so the ranking does not change.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, raw: Scores) -> Scores:
        """Returns probabilities of raw scores in log-odds."""
        return np.asarray(expit(self.slope * raw + self.offset), np.float64)


def fit_platt(raw: Scores, labels: Labels) -> Platt:
    """Fits slope and offset by maximum likelihood.

    The targets are (n+ + 1)/(n+ + 2) and 1/(n- + 2) instead of 1 and 0.
    """
    api, other = float(labels.sum()), float((~labels).sum())
    targets = np.where(labels, (api + 1) / (api + 2), 1 / (other + 2))
    parameters = _newton(raw, targets, start=np.array([0.0, np.log((api + 1) / (other + 1))]))
    if parameters[0] < MIN_SLOPE:
        return Platt(
            MIN_SLOPE, round(float(np.log((api + 1) / (other + 1)) - MIN_SLOPE * raw.mean()), DIGITS)
        )
    return Platt(round(float(parameters[0]), DIGITS), round(float(parameters[1]), DIGITS))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The general calibrator, and one for each of `EVIDENCE` on its result.

    Those of evidence with too few rows change nothing.
    """

    general: Platt = field(default_factory=Platt)
    by_evidence: tuple[Platt, ...] = (Platt(),) * len(EVIDENCE)

    def __call__(self, raw: Scores, evidence: Codes) -> Scores:
        """Returns probabilities of raw scores in log-odds.

        `evidence` is the index in `EVIDENCE` of each row.
        """
        lines = self.lines()
        odds = self.general.slope * raw + self.general.offset
        return np.asarray(expit(np.array(lines.slopes)[evidence] * odds + np.array(lines.offsets)[evidence]))

    def lines(self) -> EvidenceLines:
        """Returns the calibrators by evidence as scoring reads them."""
        return EvidenceLines(
            tuple(each.slope for each in self.by_evidence), tuple(each.offset for each in self.by_evidence)
        )


def fit_calibration(raw: Scores, labels: Labels, evidence: Codes) -> Calibration:
    """Fits the general calibrator, then one for each kind of evidence.

    A kind needs `MIN_OF_CLASS` rows of both classes.
    """
    general = fit_platt(raw, labels)
    odds, fitted = general.slope * raw + general.offset, []
    for code in range(len(EVIDENCE)):
        here = evidence == code
        enough = min(labels[here].sum(), (~labels[here]).sum()) >= MIN_OF_CLASS
        fitted.append(fit_platt(odds[here], labels[here]) if enough else Platt())
    return Calibration(general, tuple(fitted))


def _newton(raw: Scores, targets: Scores, start: Scores) -> Scores:
    columns = np.column_stack([raw, np.ones_like(raw)])
    parameters, loss = start, _loss(columns @ start, targets)
    for _ in range(100):
        predicted = expit(columns @ parameters)
        slopes = columns.T @ (predicted - targets)
        curves = (columns * (predicted * (1 - predicted))[:, None]).T @ columns + 1e-12 * np.eye(2)
        step, length = np.linalg.solve(curves, slopes), 1.0
        while _loss(columns @ (parameters - length * step), targets) > loss and length > 1e-10:
            length /= 2
        parameters = parameters - length * step
        before, loss = loss, _loss(columns @ parameters, targets)
        if before - loss <= 1e-10 * max(before, 1.0):
            break
    return parameters


def _loss(log_odds: Scores, targets: Scores) -> float:
    return float((np.logaddexp(0, log_odds) - targets * log_odds).sum())


def fit_isotonic(raw: Scores, labels: Labels) -> Calibrator:
    """Fits a non-decreasing step function, for comparison only."""
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(raw, labels)
    return lambda scores: np.asarray(fitted.predict(scores), np.float64)


def calibrate_across_folds(
    raw: Scores,
    labels: Labels,
    fold: npt.NDArray[np.integer[Any]],
    fit: Callable[[Scores, Labels], Calibrator],
) -> Scores:
    """Returns probabilities by calibrators that were fitted on the other folds only."""
    calibrated = np.zeros(len(raw), np.float64)
    for each in np.unique(fold):
        check = fold == each
        calibrated[check] = fit(raw[~check], labels[~check])(raw[check])
    return calibrated


def calibrate_by_evidence_across_folds(
    raw: Scores, labels: Labels, evidence: Codes, fold: npt.NDArray[np.integer[Any]]
) -> Scores:
    """Returns probabilities by calibrations that were fitted on the other folds only."""
    calibrated = np.zeros(len(raw), np.float64)
    for each in np.unique(fold):
        check = fold == each
        fitted = fit_calibration(raw[~check], labels[~check], evidence[~check])
        calibrated[check] = fitted(raw[check], evidence[check])
    return calibrated


def compare_calibrators(
    raw: Scores, labels: Labels, evidence: Codes, fold: npt.NDArray[np.integer[Any]]
) -> pd.DataFrame:
    """Compares calibration by evidence (the shipped one), by one map, and none.

    Columns: method, log_loss, calibration_error, and calibration_error of each of `EVIDENCE` (NaN without rows), on held-out
    hosts.
    """
    methods: dict[str, Probabilities] = {
        "none": expit(raw),
        "platt": calibrate_across_folds(raw, labels, fold, fit_platt),
        "platt by evidence (shipped)": calibrate_by_evidence_across_folds(raw, labels, evidence, fold),
        "isotonic": calibrate_across_folds(raw, labels, fold, fit_isotonic),
    }
    return pd.DataFrame(
        {
            "method": method,
            "log_loss": float(log_loss(labels, np.clip(calibrated, 1e-7, 1 - 1e-7))),
            "calibration_error": compute_calibration_error(labels, calibrated),
            **{
                name: compute_calibration_error(labels[evidence == code], calibrated[evidence == code])
                if (evidence == code).any()
                else float("nan")
                for code, name in enumerate(EVIDENCE)
            },
        }
        for method, calibrated in methods.items()
    )


def bake_calibration(model: Any, calibration: Calibration) -> Any:
    """Stores the calibration in the CatBoost model, in place, and returns the model.

    sigmoid(RawFormulaVal) is calibrated for all rows afterwards, and for each kind of evidence by the lines in the metadata.

    The slope goes into the leaves and not into CatBoost's scale, because SHAP values are refused
    ("Non-identity Scale") for a model with a scale.
    """
    scale, bias = model.get_scale_and_bias()
    slope, offset = calibration.general.slope, calibration.general.offset
    model.set_leaf_values(model.get_leaf_values() * scale * slope)
    model.set_scale_and_bias(1.0, bias * slope + offset)
    if calibration.by_evidence != Calibration().by_evidence:
        store_lines(model, calibration.lines())
    return model
