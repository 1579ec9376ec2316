"""Figures for MLflow, drawn without a display.

Colours differ in lightness as well as hue, for readers who are colour-blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve, roc_curve

from ml.evaluation.error_analysis import ExplainedRows
from ml.evaluation.measures import Labels, Probabilities

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DARK, LIGHT = "#1f4e79", "#e8a33d"
BINS: Final = 20


def _new_figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # half a second of loading, which most steps do not need

    return Figure(figsize=(width, height), layout="constrained")


def draw_curves(labels: Labels, probabilities: Probabilities) -> Figure:
    """Draws the ROC curve and the precision-recall curve.

    The false-positive rate is logarithmic, because only small rates are of use for this classifier.
    """
    wrong, right, _ = roc_curve(labels, probabilities, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(labels, probabilities)
    figure = _new_figure(11, 4.5)
    left, other = figure.subplots(1, 2)
    least = 1 / max(int((~labels).sum()), 1)  # one false positive: a logarithmic axis cannot show zero
    left.step(np.maximum(wrong, least / 2), right, where="post", color=DARK)
    left.axvline(0.001, color=LIGHT, linewidth=1, linestyle="--")
    left.annotate(" 0.001", (0.001, 0.02), color="#8a5a12")
    left.set(xscale="log", xlim=(least / 2, 1), ylim=(0, 1.01), title="ROC, hosts left out")
    left.set(xlabel="false-positive rate (logarithmic)", ylabel="recall")
    other.step(recall, precision, where="pre", color=DARK)
    other.axhline(float(labels.mean()), color="grey", linewidth=1)
    other.annotate("share of API calls", (0.02, float(labels.mean()) + 0.01), color="dimgrey")
    other.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01), title="Precision and recall")
    for axes in (left, other):
        axes.grid(alpha=0.25)
    return figure


def draw_calibration(
    labels: Labels, probabilities: Probabilities, before: Probabilities | None = None
) -> Figure:
    """Draws the reliability diagram and the distribution of probabilities.

    Left: true share against predicted probability in twenty bins, also before calibration if `before` is given;
    right: how often each probability was predicted.
    """
    edges = np.linspace(0, 1, BINS + 1)
    figure = _new_figure(11, 4.5)
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="grey", linewidth=1)
    if before is not None:
        left.plot(*_reliability(labels, before), "s--", color=LIGHT, label="before calibration")
    left.plot(*_reliability(labels, probabilities), "o-", color=DARK, label="calibrated")
    left.set(xlabel="stated probability", ylabel="share of API calls", title="Calibration, hosts left out")
    left.legend()
    of_bin = _bins(probabilities)
    rows, api = np.bincount(of_bin, minlength=BINS), np.bincount(of_bin, weights=labels, minlength=BINS)
    right.stairs(api, edges, fill=True, color=DARK, alpha=0.8, label="API")
    right.stairs(rows - api, edges, color=LIGHT, linewidth=2, label="other")
    right.set(xlabel="stated probability", ylabel="transactions", yscale="symlog", title="Distribution")
    right.legend()
    return figure


def _bins(probabilities: Probabilities) -> npt.NDArray[np.int64]:
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def _reliability(labels: Labels, probabilities: Probabilities) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Returns mean predicted probability and true share of each bin that has rows."""
    of_bin = _bins(probabilities)
    rows = np.bincount(of_bin, minlength=BINS)
    filled = rows > 0
    stated = np.bincount(of_bin, weights=probabilities, minlength=BINS)
    true = np.bincount(of_bin, weights=labels, minlength=BINS)
    return stated[filled] / rows[filled], true[filled] / rows[filled]


def draw_shap_values(explained: ExplainedRows, features: Sequence[str], top: int = 20) -> Figure:
    """Draws SHAP values of the strongest features, one dot per row.

    The position is the contribution to the log-odds; dark dots have a high value of the feature.
    """
    strongest = np.argsort(-np.abs(explained.values).mean(axis=0), kind="stable")[:top]
    figure = _new_figure(9, 0.36 * len(strongest) + 1.4)
    axes = figure.subplots()
    for place, column in enumerate(strongest):
        values, moved = explained.features[:, column], explained.values[:, column]
        span = max(float(values.max() - values.min()), 1e-12)
        drawn = (
            np.arange(len(moved)) * 0.618 % 1 - 0.5
        )  # spread evenly and deterministically: equal runs give equal pictures
        dots = axes.scatter(
            moved,
            place + 0.6 * drawn,
            c=(values - values.min()) / span,
            cmap="cividis_r",
            s=5,
            alpha=0.6,
            linewidths=0,
        )
    bar = figure.colorbar(dots, ax=axes, ticks=[0, 1], aspect=40)
    bar.ax.set_yticklabels(["low", "high"])
    bar.set_label("value of the feature")
    axes.axvline(0, color="grey", linewidth=1)
    axes.set_yticks(range(len(strongest)), [features[column] for column in strongest])
    axes.invert_yaxis()
    axes.set(xlabel="moved the log-odds by (SHAP)", title="What moved the probability, hosts left out")
    return figure


def draw_importances(features: Sequence[str], importances: Sequence[float]) -> Figure:
    """Draws bars of feature importances, the largest on top.

    Importances are CatBoost's PredictionValuesChange in percent.
    """
    figure = _new_figure(7, 0.3 * len(features) + 1)
    axes = figure.subplots()
    axes.barh(range(len(features)), importances, color=DARK)
    axes.set_yticks(range(len(features)), features)
    axes.invert_yaxis()
    axes.set(xlabel="importance, %", title="What the classifier looks at")
    return figure


SOURCE_SHARES: Final = {"unchanged": 0.46, "up to 50 more": 0.15, "over 50 more": 0.28, "fewer": 0.09}
"""Shares of domains by what the classifier changed: Cloudflare's post of 2023-03-15 (rounded there, so 98 %)."""


class EndpointHistogram(Protocol):
    """Numbers of hosts by their number of endpoints.

    `labels[i]` is a range, `ml[i]` and `session[i]` are the numbers of hosts in it.
    """

    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102  # described by the class
    @property
    def ml(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def session(self) -> Sequence[int]: ...  # noqa: D102


def draw_histogram(counts: EndpointHistogram) -> Figure:
    """Draws how many hosts have how many endpoints, by variant."""
    figure = _new_figure(9, 4)
    axes = figure.subplots()
    places = range(len(counts.labels))
    axes.bar([place - 0.2 for place in places], counts.ml, 0.4, color=DARK, label="by classifier")
    axes.bar([place + 0.2 for place in places], counts.session, 0.4, color=LIGHT, label="by session")
    axes.set_xticks(list(places), list(counts.labels))
    axes.set(xlabel="endpoints of a host", ylabel="hosts", title="Endpoints per host, by variant")
    axes.legend()
    return figure


def draw_differences(buckets: Mapping[str, int]) -> Figure:
    """Draws shares of hosts by what the classifier changed, here and in the source.

    `buckets` counts hosts; only the names of `SOURCE_SHARES` are shown, a missing one is 0.
    """
    hosts = {name: buckets.get(name, 0) for name in SOURCE_SHARES}
    whole = sum(hosts.values()) or 1
    figure = _new_figure(7, 4)
    axes = figure.subplots()
    places = range(len(hosts))
    here = axes.bar(
        [place - 0.2 for place in places], [n / whole for n in hosts.values()], 0.4, color=DARK, label="here"
    )
    axes.bar(
        [place + 0.2 for place in places],
        [*SOURCE_SHARES.values()],
        0.4,
        color=LIGHT,
        label="Cloudflare, 2023",
    )
    axes.bar_label(here, [f"{n:,}" for n in hosts.values()])
    axes.set_xticks(list(places), list(hosts))
    axes.set(
        xlabel="endpoints by classifier against session",
        ylabel="share of hosts with an identifier",
        title="What the classifier changed",
    )
    axes.legend()
    return figure
