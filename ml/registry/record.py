"""What a training run in MLflow holds, without MLflow: metrics by group, figures, tables, and its description.

Nothing here names a host or holds a raw value: rows are numeric features, kinds of the label's source, counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ml.evaluation.figures import draw_calibration, draw_curves, draw_importances, draw_shap_values
from ml.registry.promotion import PromotionDecision
from ml.requests.features import FEATURES
from ml.training.calibration import sigmoid
from ml.training.split import HOST
from ml.training.train import LABEL, SLICE, Trained

MODEL_DESCRIPTION: Final = """CatBoost model of API Census: probability that an HTTP transaction is an API call.

The alias `champion` is what `selection.model: models:/NAME@champion` uses; it moves only to a version that
holds every gate (settings `gates`). Each version says how good it is and which gates it held."""


def collect_metrics(trained: Trained) -> dict[str, float]:
    """The run's metrics; the part before the slash is the heading under which MLflow shows them."""
    found = {f"{_heading(name)}/{name}": value for name, value in trained.metrics.items()}
    return {**found, "model/bytes": float(len(trained.model))}


def _heading(name: str) -> str:
    if name.startswith("host_"):
        return "hosts"
    return "calibration" if name.startswith(("log_loss", "calibration_error")) else "oof"


def count_training_data(trained: Trained) -> dict[str, Any]:
    """How much data: rows, hosts, groups left out together, share of API calls."""
    rows = trained.out_of_fold
    return {
        "data.rows": len(rows),
        "data.hosts": int(rows[HOST].nunique()),
        "data.groups": int(rows["group"].nunique()),
        "data.kinds": int(rows[SLICE].nunique()),
        "data.api_share": round(float(rows[LABEL].mean()), 4),
    }


def draw_figures(trained: Trained) -> dict[str, Figure]:
    """Name of the file -> figure."""
    rows, top = trained.out_of_fold, trained.importances.head(30)
    labels, found = rows[LABEL].to_numpy(np.bool_), rows["probability"].to_numpy()
    return {
        "curves.png": draw_curves(labels, found),
        "calibration.png": draw_calibration(labels, found, sigmoid(rows["raw"].to_numpy())),
        "importances.png": draw_importances([*top["feature"]], [*top["importance"]]),
        "shap.png": draw_shap_values(trained.explained, FEATURES),
    }


def collect_tables(
    trained: Trained, more: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, pd.DataFrame]:
    """Name of the file -> table, floats rounded for reading."""
    found = {"slices": trained.slices, "importances": trained.importances, **trained.tables, **(more or {})}
    return {f"{name}.json": table.round(5) for name, table in found.items()}


def select_predictions(trained: Trained) -> pd.DataFrame:
    """is_api, fold and probability of each row, in the frame's order: what a later model is compared with."""
    return trained.out_of_fold[[LABEL, "fold", "probability"]].astype(
        {"fold": "int8", "probability": "float32"}
    )


def name_run(trained: Trained, parameters: Mapping[str, Any]) -> str:
    """The run's name, short enough for MLflow's list."""
    seed = f", seed {parameters['seed']}" if "seed" in parameters else ""
    return f"train {trained.out_of_fold[HOST].nunique()} hosts{seed}"


def describe_run(trained: Trained, verdict: PromotionDecision | None = None) -> str:
    """Markdown for the run and the registered version: what it is, how good, and whether it may be champion."""
    known, found = count_training_data(trained), trained.metrics
    weak = "\n".join(
        f"- {row.slice} ({'API' if row.is_api else 'other'}, {row.rows:,} rows): {row.right:.1%} right"
        for row in trained.slices.head(5).itertuples()
    )
    text = f"""**Probability that an HTTP transaction is an API call**, learned from {known["data.rows"]:,} transactions of
{known["data.hosts"]} hosts. Figures are of hosts that the judging model had not seen ({known["data.groups"]} groups of hosts).

- ROC AUC **{found["roc_auc"]:.4f}**, average precision {found["average_precision"]:.4f}
- recall {found["recall_at_fpr_0.001"]:.4f} at a false-positive rate of 0.001, {found["recall_at_fpr_0.01"]:.4f} at 0.01
- calibration error {found["calibration_error"]:.4f} (before calibration {found["calibration_error_uncalibrated"]:.4f})
- {len(trained.model):,} bytes

**Weakest kinds**

{weak}

Pictures are in `figures/`, tables in `tables/`, the model card in `CARD.md`.
"""
    return text if verdict is None else f"{text}\n{_gates(verdict)}"


def _gates(verdict: PromotionDecision) -> str:
    said = "moved to this version" if verdict.promoted else "stays where it is"
    rows = "\n".join(
        f"- {'holds' if each.passed else '**FAILS**'}, {each.gate}: {each.note}" for each in verdict.outcomes
    )
    return f"**Gates**: `champion` {said}.\n\n{rows}\n"
