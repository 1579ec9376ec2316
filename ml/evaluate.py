"""How good probabilities are where the label is known. Values only: numpy and scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score, roc_curve

Labels = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.floating[Any]]


def measures(labels: Labels, probabilities: Probabilities, threshold: float = 0.5) -> dict[str, float]:
    """Ranking, decision at `threshold`, and calibration. Both classes must occur.

    Raises:
        ValueError: only one class is there, so that nothing can be ranked.
    """
    if labels.all() or not labels.any():
        raise ValueError("measures need API calls and other transactions; found one class only")
    clipped = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    return {
        "n_api": float(labels.sum()),
        "n_other": float((~labels).sum()),
        "roc_auc": float(roc_auc_score(labels, probabilities)),
        "average_precision": float(average_precision_score(labels, probabilities)),
        "recall_at_fpr_0.001": recall_at(labels, probabilities, 0.001),
        "recall_at_fpr_0.01": recall_at(labels, probabilities, 0.01),
        **decisions(labels, probabilities >= threshold),
        "log_loss": float(log_loss(labels, clipped)),
        "calibration_error": calibration_error(labels, probabilities),
    }


def decisions(labels: Labels, chosen: Labels) -> dict[str, float]:
    """Precision, recall, F1 and false-positive rate of a yes/no decision; 0 where nothing was chosen."""
    right, wrong = float((labels & chosen).sum()), float((~labels & chosen).sum())
    precision = right / max(right + wrong, 1.0)
    recall = right / max(float(labels.sum()), 1.0)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
        "false_positive_rate": wrong / max(float((~labels).sum()), 1.0),
    }


def recall_at(labels: Labels, probabilities: Probabilities, false_positive_rate: float) -> float:
    """Largest recall of any threshold whose false-positive rate is at most the given one."""
    wrong, right, _ = roc_curve(labels, probabilities, drop_intermediate=False)
    return float(right[wrong <= false_positive_rate].max())


def calibration_error(labels: Labels, probabilities: Probabilities, bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015): mean |stated - true share| over equal-width bins."""
    of_bin = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    rows = np.bincount(of_bin, minlength=bins)
    stated = np.bincount(of_bin, weights=probabilities, minlength=bins)
    true = np.bincount(of_bin, weights=labels, minlength=bins)
    return float(np.abs(stated - true).sum() / rows.sum())


def by_slice(
    slices: Sequence[str], labels: Labels, probabilities: Probabilities, threshold: float = 0.5
) -> list[dict[str, Any]]:
    """One row a (slice, label): rows, mean probability, share decided right; worst first."""
    names = np.asarray(slices, dtype=object)
    rows = []
    for name in sorted(set(slices)):
        for is_api in (True, False):
            inside = (names == name) & (labels == is_api)
            if inside.any():
                found = probabilities[inside]
                rows.append(
                    {
                        "slice": name,
                        "is_api": is_api,
                        "rows": int(inside.sum()),
                        "mean_probability": float(found.mean()),
                        "right": float(((found >= threshold) == is_api).mean()),
                    }
                )
    return sorted(rows, key=lambda row: (row["right"], row["slice"]))
