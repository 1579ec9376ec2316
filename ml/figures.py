"""Figures for MLflow, drawn without a display. Colours differ in lightness too: not everyone sees hues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

DARK, LIGHT = "#1f4e79", "#e8a33d"


def calibration_figure(labels: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.floating[Any]]) -> Figure:
    """Left: true share against stated probability (twenty bins); right: how often each was stated."""
    edges = np.linspace(0, 1, 21)
    of_bin = np.minimum(np.digitize(probabilities, edges) - 1, 19)
    rows, api = np.bincount(of_bin, minlength=20), np.bincount(of_bin, weights=labels, minlength=20)
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    filled = rows > 0
    middles = (edges[:-1] + edges[1:]) / 2
    left.plot([0, 1], [0, 1], color="grey", linewidth=1)
    left.plot(middles[filled], api[filled] / rows[filled], "o-", color=DARK)
    left.set(xlabel="stated probability", ylabel="share of API calls", title="Calibration, hosts left out")
    right.stairs(api, edges, fill=True, color=DARK, alpha=0.8, label="API")
    right.stairs(rows - api, edges, color=LIGHT, linewidth=2, label="other")
    right.set(xlabel="stated probability", ylabel="transactions", yscale="symlog", title="Distribution")
    right.legend()
    return figure


def importance_figure(features: Sequence[str], importances: Sequence[float]) -> Figure:
    """Bars, the largest on top; CatBoost's PredictionValuesChange in percent."""
    figure = Figure(figsize=(7, 0.3 * len(features) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(features)), importances, color=DARK)
    axes.set_yticks(range(len(features)), features)
    axes.invert_yaxis()
    axes.set(xlabel="importance, %", title="What the classifier looks at")
    return figure
