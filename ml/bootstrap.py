"""Is one ranking worse than another on the same rows, beyond what the choice of hosts explains?

A paired cluster bootstrap (Efron and Tibshirani 1993; clusters as in Field and Welsh 2007): whole groups of hosts are
drawn with replacement, both rankings are measured on the same draw. Rows of a host are alike, so a bootstrap
of rows would call noise a difference; `tests/values/test_train_gates.py` simulates the rate of false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import t as students_t

from ml.evaluate import Labels, Probabilities

RATE: Final = 0.001
FIGURES: Final = ("average_precision", "recall_at_fpr_0.001")

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both models on the same rows, and the bounds of challenger - champion."""

    challenger: float
    champion: float
    low: float
    high: float


class Ranking:
    """Rows by falling probability; measures itself under any weight of the groups, ties never in its favour."""

    def __init__(self, labels: Labels, probabilities: Probabilities, groups: npt.NDArray[np.int64]) -> None:
        order = np.argsort(-probabilities, kind="stable")
        ranked = probabilities[order]
        self._last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        self._groups, self._api = groups[order], labels[order]

    def figures(self, weights: Weights) -> Weights:
        """Average precision and recall at a false-positive rate of 0.001, each row weighing as its group does."""
        of_row = weights[self._groups]
        right = np.cumsum(np.where(self._api, of_row, 0.0))[self._last]
        wrong = np.cumsum(np.where(self._api, 0.0, of_row))[self._last]
        if right[-1] == 0 or wrong[-1] == 0:
            return np.array([np.nan, np.nan])  # a draw with one class only says nothing
        precision = right / np.maximum(right + wrong, 1e-12)
        average = float((np.diff(right, prepend=0.0) * precision).sum() / right[-1])
        within = right[wrong <= RATE * wrong[-1] + 1e-9]
        return np.array([average, within[-1] / right[-1] if len(within) else 0.0])


def differences(
    labels: Labels,
    challenger: Probabilities,
    champion: Probabilities,
    groups: npt.NDArray[Any],
    *,
    resamples: int,
    seed: int,
    significance: float,
) -> Mapping[str, Difference]:
    """Figure -> difference with one-sided bounds, each missed with at most `significance` / 2 (Bonferroni).

    Student's t over the groups times the bootstrap's standard error: with few hosts the percentiles of a
    bootstrap are too narrow.
    """
    names, index = np.unique(groups, return_inverse=True)
    ours, theirs = Ranking(labels, challenger, index), Ranking(labels, champion, index)
    even = np.ones(len(names))
    found, best = ours.figures(even), theirs.figures(even)
    draw = np.random.default_rng(seed)
    drawn = np.array(
        [
            ours.figures(weights) - theirs.figures(weights)
            for weights in draw.multinomial(len(names), even / len(names), size=resamples).astype(np.float64)
        ]
    )
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    enough = len(names) > 1 and len(drawn) > 1
    error = drawn.std(axis=0, ddof=1) if enough else np.full(2, np.inf)
    reach = error * students_t.ppf(1 - significance / len(FIGURES), max(len(names) - 1, 1))
    return {
        name: Difference(
            float(found[n]), float(best[n]), *(float(found[n] - best[n] + way * reach[n]) for way in (-1, 1))
        )
        for n, name in enumerate(FIGURES)
    }
