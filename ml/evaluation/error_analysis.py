"""What moved the judging models: SHAP values of rows left out, and the mistakes in words, without raw values.

Rows are numeric features only (`ml.requests.features`); no host, path or header is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation.measures import Labels, Probabilities
from ml.explanation.reasons import Explainer, compute_contributions
from ml.requests.features import FEATURES

SAMPLE: Final = 2000
"""Rows in the summary: enough for a figure, and about a second of SHAP."""
PER_KIND: Final = 2
EXAMPLES: Final = 80
REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class Explained:
    """SHAP values (rows, features), in log-odds of the calibrated probability, and the features' own values."""

    rows: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    features: npt.NDArray[np.float32]


def explain(
    explainers: Sequence[Explainer],
    slopes: Sequence[float],
    features: npt.NDArray[np.float32],
    fold: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int64],
) -> Explained:
    """SHAP values of `rows`, each by the model of the fold that had not seen it, times its calibrator's slope."""
    values = np.zeros((len(rows), len(FEATURES)))
    for each, (explainer, slope) in enumerate(zip(explainers, slopes, strict=True)):
        here = fold[rows] == each
        if here.any():
            values[here] = compute_contributions(explainer, features[rows[here]]).values * slope
    return Explained(rows, values, features[rows])


def sample_rows(rows: int, seed: int, size: int = SAMPLE) -> npt.NDArray[np.int64]:
    """At most `size` of the row numbers, rising; the same for the same seed."""
    return np.sort(np.random.default_rng(seed).choice(rows, min(rows, size), replace=False))


def find_worst_rows(
    kinds: Sequence[str], labels: Labels, probabilities: Probabilities
) -> npt.NDArray[np.int64]:
    """Row numbers of wrong decisions at 0.5, most wrong first: some of each kind and label, no two as probable."""
    wrong = np.abs(labels - probabilities)
    found = pd.DataFrame({"kind": kinds, "is_api": labels, "wrong": wrong})
    found = found[(probabilities >= 0.5) != labels].sort_values("wrong", ascending=False, kind="stable")
    found = found.drop_duplicates().groupby(["kind", "is_api"], sort=False).head(PER_KIND)
    return np.asarray(found.index, np.int64)[:EXAMPLES]


def describe_mistakes(
    explained: Explained, kinds: Sequence[str], labels: Labels, probabilities: Probabilities
) -> pd.DataFrame:
    """kind, is_api, probability and what spoke for the mistake: `feature=value (log-odds)`, the strongest first."""
    columns = ("kind", "is_api", "probability", *(f"because_{n}" for n in range(1, REASONS + 1)))
    found = []
    for row, values, features in zip(explained.rows, explained.values, explained.features, strict=True):
        push = -values if labels[row] else values
        top = [n for n in np.argsort(-push, kind="stable")[:REASONS] if push[n] > 0]
        words = [f"{FEATURES[n]}={features[n]:.4g} ({values[n]:+.2f})" for n in top]
        words += [""] * (REASONS - len(words))
        found.append((kinds[row], bool(labels[row]), round(float(probabilities[row]), 4), *words))
    return pd.DataFrame(found, columns=list(columns))


def summarise_shap(explained: Explained) -> pd.DataFrame:
    """feature, mean_abs, mean_when_low, mean_when_high (log-odds; split at the feature's mean), strongest first."""
    high = explained.features > explained.features.mean(axis=0)
    found = pd.DataFrame(
        {
            "feature": FEATURES,
            "mean_abs": np.abs(explained.values).mean(axis=0),
            "mean_when_low": _mean(explained.values, ~high),
            "mean_when_high": _mean(explained.values, high),
        }
    )
    found = found[found["mean_abs"] > 0]
    return found.sort_values(["mean_abs", "feature"], ascending=[False, True], ignore_index=True)


def _mean(values: npt.NDArray[np.float64], where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return np.asarray((values * where).sum(axis=0) / np.maximum(where.sum(axis=0), 1))
