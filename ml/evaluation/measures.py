"""Quality of probabilities where the label is known.

Value layer: numpy and scikit-learn, no Spark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score, roc_curve

from ml.requests.evidence import EVIDENCE, EVIDENCE_FEATURES, find_evidence

Labels = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.floating[Any]]


def compute_metrics(labels: Labels, probabilities: Probabilities, threshold: float = 0.5) -> dict[str, float]:
    """Computes metrics of ranking, of decisions at `threshold`, and of calibration.

    Raises:
        ValueError: there is only one class, so nothing can be ranked.
    """
    if labels.all() or not labels.any():
        raise ValueError("metrics need API calls and other transactions; found only one class")
    clipped = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    return {
        "n_api": float(labels.sum()),
        "n_other": float((~labels).sum()),
        "roc_auc": float(roc_auc_score(labels, probabilities)),
        "average_precision": float(average_precision_score(labels, probabilities)),
        "recall_at_fpr_0.001": compute_recall_at(labels, probabilities, 0.001),
        "recall_at_fpr_0.01": compute_recall_at(labels, probabilities, 0.01),
        **evaluate_decisions(labels, probabilities >= threshold),
        "log_loss": float(log_loss(labels, clipped)),
        "calibration_error": compute_calibration_error(labels, probabilities),
    }


def evaluate_decisions(labels: Labels, chosen: Labels) -> dict[str, float]:
    """Computes precision, recall, F1 and false-positive rate of a binary decision.

    A metric whose denominator is empty is 0.
    """
    right, wrong = float((labels & chosen).sum()), float((~labels & chosen).sum())
    precision = right / max(right + wrong, 1.0)
    recall = right / max(float(labels.sum()), 1.0)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
        "false_positive_rate": wrong / max(float((~labels).sum()), 1.0),
    }


def compute_recall_at(labels: Labels, probabilities: Probabilities, false_positive_rate: float) -> float:
    """Returns the largest recall at or below a false-positive rate."""
    wrong, right, _ = roc_curve(labels, probabilities, drop_intermediate=False)
    return float(right[wrong <= false_positive_rate].max())


def compute_calibration_error(labels: Labels, probabilities: Probabilities, bins: int = 10) -> float:
    """Computes the expected calibration error.

    Mean |predicted - true share| over equal-width bins, weighted by rows (Naeini et al. 2015).
    """
    of_bin = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    rows = np.bincount(of_bin, minlength=bins)
    stated = np.bincount(of_bin, weights=probabilities, minlength=bins)
    true = np.bincount(of_bin, weights=labels, minlength=bins)
    return float(np.abs(stated - true).sum() / rows.sum())


def measure_slices(
    slices: Sequence[str], labels: Labels, probabilities: Probabilities, threshold: float = 0.5
) -> list[dict[str, Any]]:
    """Tabulates each (slice, label), the worst first.

    Columns: slice, is_api, rows, mean_probability, right (share of correct decisions at `threshold`).
    """
    names = np.asarray(slices, dtype=object)
    rows = []
    for name in sorted(set(slices)):
        for is_api in (True, False):
            inside = (names == name) & (labels == is_api)
            if inside.any():
                selected = probabilities[inside]
                rows.append(
                    {
                        "slice": name,
                        "is_api": is_api,
                        "rows": int(inside.sum()),
                        "mean_probability": float(selected.mean()),
                        "right": float(((selected >= threshold) == is_api).mean()),
                    }
                )
    return sorted(rows, key=lambda row: (row["right"], row["slice"]))


CLIENT_CLASSES: Final = ("browser", "app", "library", "bot", "other", "none")
"""Classes of user agents; each is a feature `agent_<class>`."""


def classify_clients(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Returns the client class of each row; "none" if no user agent was logged."""
    flags = frame[[f"agent_{name}" for name in CLIENT_CLASSES]].to_numpy() > 0
    return np.where(flags.any(axis=1), np.array(CLIENT_CLASSES, object)[flags.argmax(axis=1)], "none")


def classify_logs(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Returns the most informative field of each row's log, one of `EVIDENCE`."""
    return np.array(EVIDENCE, object)[find_evidence(frame[list(EVIDENCE_FEATURES)].to_numpy())]


def measure_segments(
    segments: dict[str, npt.NDArray[np.object_]],
    labels: Labels,
    probabilities: Probabilities,
    threshold: float = 0.5,
) -> pd.DataFrame:
    """Tabulates segments: by, segment, rows, api_share and metrics.

    Metrics are of a decision at `threshold`; null if a segment lacks a class that the metric needs.
    """
    rows: list[dict[str, Any]] = []
    for by, names in segments.items():
        for name in sorted(set(names)):
            inside = names == name
            rows.append(
                {"by": by, "segment": name, **_figures(labels[inside], probabilities[inside], threshold)}
            )
    return pd.DataFrame(rows)


def measure_hosts(
    hosts: npt.NDArray[Any], labels: Labels, probabilities: Probabilities, threshold: float = 0.5
) -> pd.DataFrame:
    """Tabulates hosts without their names, the worst ROC AUC first.

    Columns: rows, api_share and the metrics of `measure_segments`.
    """
    index = pd.factorize(pd.Series(hosts))[0]
    order = np.argsort(index, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(index[order])) + 1)
    table = pd.DataFrame([_figures(labels[part], probabilities[part], threshold) for part in parts])
    return table.sort_values(["roc_auc", "recall", "rows"], na_position="last", ignore_index=True)


def summarise_hosts(hosts: pd.DataFrame) -> dict[str, float]:
    """Averages metrics over all hosts and over the worst tenth of the hosts.

    Each host counts once; hosts for which a metric is undefined are left out of it.
    """
    means: dict[str, float] = {}
    for name, best_is_high in (("roc_auc", True), ("recall", True), ("false_positive_rate", False)):
        values = np.sort(hosts[name].dropna().to_numpy(np.float64))
        if len(values) == 0:
            continue
        worst = values if best_is_high else values[::-1]
        means[f"host_mean_{name}"] = float(values.mean())
        means[f"host_worst_decile_{name}"] = float(worst[: max(1, round(len(values) / 10))].mean())
    return means


def _figures(labels: Labels, probabilities: Probabilities, threshold: float) -> dict[str, Any]:
    api, other = bool(labels.any()), bool((~labels).any())
    decided = evaluate_decisions(labels, probabilities >= threshold)
    both = api and other
    return {
        "rows": len(labels),
        "api_share": float(labels.mean()),
        "roc_auc": float(roc_auc_score(labels, probabilities)) if both else None,
        "recall_at_fpr_0.001": compute_recall_at(labels, probabilities, 0.001) if both else None,
        "precision": decided["precision"] if both else None,
        "recall": decided["recall"] if api else None,
        "false_positive_rate": decided["false_positive_rate"] if other else None,
        "calibration_error": compute_calibration_error(labels, probabilities),
    }
