"""Confident learning: which labels are wrong, told from probabilities of models that had not seen the rows.

Source: Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", Journal of Artificial
Intelligence Research 70 (2021), s. 3: thresholds, confident joint, pruning by noise rate. Values only: numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Classes = npt.NDArray[np.integer[Any]]
Probabilities = npt.NDArray[np.floating[Any]]


def thresholds(labels: Classes, probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """Labels (n,) and out-of-fold probabilities (n, k) -> (k,) mean probability of a class over the rows labelled so.

    A row counts as confidently of class j from t_j on. The mean makes the choice independent of how well calibrated or how
    rare a class is. A class without rows has 1.
    """
    means = [
        probabilities[labels == k, k].mean() if (labels == k).any() else 1.0 for k in _classes(probabilities)
    ]
    return np.array(means, np.float64)


def confident_joint(labels: Classes, probabilities: Probabilities) -> npt.NDArray[np.int64]:
    """(k, k) counts: rows labelled i that are confidently of class j; the likeliest class where several are (eq. 1 there)."""
    size = probabilities.shape[1]
    above = probabilities >= thresholds(labels, probabilities)
    guess = np.where(above, probabilities, -1.0).argmax(axis=1)
    sure = above.any(axis=1)
    counts = np.bincount(labels[sure] * size + guess[sure], minlength=size * size)
    return counts.reshape(size, size).astype(np.int64)


def label_errors(labels: Classes, probabilities: Probabilities, max_share: float) -> npt.NDArray[np.bool_]:
    """(n,) True where the label is probably wrong: pruning by noise rate (s. 3.2 there, method 4).

    The share of confident rows labelled i that are of class j, times all rows labelled i, are removed: those with the largest
    margin p_j - p_i. Of each class at most `max_share` of its rows, and only rows in which another class is likelier.
    Ties go by position, so the same rows always go.
    """
    joint = confident_joint(labels, probabilities)
    wrong = np.zeros(len(labels), np.bool_)
    for given in _classes(probabilities):
        members = np.flatnonzero(labels == given)
        margins = probabilities[members] - probabilities[members, given][:, None]
        expected = joint[given] / max(joint[given].sum(), 1) * len(members)
        chosen: set[int] = set()
        for true in _classes(probabilities):
            if true != given:
                falling = np.argsort(-margins[:, true], kind="stable")[: round(expected[true])]
                chosen.update(int(n) for n in falling if margins[n, true] > 0)
        by_margin = sorted(chosen, key=lambda n: (-margins[n].max(), n))
        wrong[members[by_margin[: int(max_share * len(members))]]] = True
    return wrong


def _classes(probabilities: Probabilities) -> range:
    return range(probabilities.shape[1])
