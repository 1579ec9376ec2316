"""SHAP values of held-out rows, and the worst mistakes without raw values.

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
MAX_PER_KIND: Final = 2
MAX_MISTAKES: Final = 80
REASONS_PER_MISTAKE: Final = 5


@dataclass(frozen=True, slots=True)
class ExplainedRows:
    """SHAP values and feature values of some rows.

    `values` and `features` are (rows, features); SHAP values are in log-odds of the calibrated probability.
    """

    rows: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    features: npt.NDArray[np.float32]


def explain_rows(
    explainers: Sequence[Explainer],
    slopes: Sequence[float],
    features: npt.NDArray[np.float32],
    fold: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int64],
) -> ExplainedRows:
    """Computes SHAP values of `rows` with the models that did not train on them.

    Each row is explained by the model of its fold; the values are multiplied by the slope of that fold's calibrator.
    """
    values = np.zeros((len(rows), len(FEATURES)))
    for each, (explainer, slope) in enumerate(zip(explainers, slopes, strict=True)):
        here = fold[rows] == each
        if here.any():
            values[here] = compute_contributions(explainer, features[rows[here]]).values * slope
    return ExplainedRows(rows, values, features[rows])


def sample_rows(rows: int, seed: int, size: int = SAMPLE) -> npt.NDArray[np.int64]:
    """Returns at most `size` row numbers in ascending order; deterministic for a seed."""
    return np.sort(np.random.default_rng(seed).choice(rows, min(rows, size), replace=False))


def find_worst_rows(
    kinds: Sequence[str], labels: Labels, probabilities: Probabilities
) -> npt.NDArray[np.int64]:
    """Returns row numbers of wrong decisions at 0.5, the largest error first.

    At most `PER_KIND` rows of each kind and label, `EXAMPLES` in all, no two of them with the same probability.
    """
    wrong = np.abs(labels - probabilities)
    mistakes = pd.DataFrame({"kind": kinds, "is_api": labels, "wrong": wrong})
    mistakes = mistakes[(probabilities >= 0.5) != labels].sort_values("wrong", ascending=False, kind="stable")
    mistakes = mistakes.drop_duplicates().groupby(["kind", "is_api"], sort=False).head(MAX_PER_KIND)
    return np.asarray(mistakes.index, np.int64)[:MAX_MISTAKES]


def describe_mistakes(
    explained: ExplainedRows, kinds: Sequence[str], labels: Labels, probabilities: Probabilities
) -> pd.DataFrame:
    """Tabulates mistakes with the features that caused them.

    Columns: kind, is_api, probability, because_1 ... because_5, each `feature=value (log-odds)`, the strongest first.
    """
    columns = ("kind", "is_api", "probability", *(f"because_{n}" for n in range(1, REASONS_PER_MISTAKE + 1)))
    records = []
    for row, values, features in zip(explained.rows, explained.values, explained.features, strict=True):
        push = -values if labels[row] else values
        top = [n for n in np.argsort(-push, kind="stable")[:REASONS_PER_MISTAKE] if push[n] > 0]
        words = [f"{FEATURES[n]}={features[n]:.4g} ({values[n]:+.2f})" for n in top]
        words += [""] * (REASONS_PER_MISTAKE - len(words))
        records.append((kinds[row], bool(labels[row]), round(float(probabilities[row]), 4), *words))
    return pd.DataFrame(records, columns=list(columns))


def summarise_shap(explained: ExplainedRows) -> pd.DataFrame:
    """Summarises SHAP values per feature, the strongest first.

    Columns: feature, mean_abs, mean_when_low, mean_when_high (log-odds; low and high are split at the feature's
    mean).
    """
    high = explained.features > explained.features.mean(axis=0)
    table = pd.DataFrame(
        {
            "feature": FEATURES,
            "mean_abs": np.abs(explained.values).mean(axis=0),
            "mean_when_low": _mean(explained.values, ~high),
            "mean_when_high": _mean(explained.values, high),
        }
    )
    table = table[table["mean_abs"] > 0]
    return table.sort_values(["mean_abs", "feature"], ascending=[False, True], ignore_index=True)


def _mean(values: npt.NDArray[np.float64], where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return np.asarray((values * where).sum(axis=0) / np.maximum(where.sum(axis=0), 1))
