"""Contents of a training run in MLflow, without MLflow itself.

Metrics by group, figures, tables, and the run's description.

Nothing here has a host's name or a raw value: rows are numeric features, kinds of the labels, and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit

from ml.evaluation.figures import draw_calibration, draw_curves, draw_importances, draw_shap_values
from ml.registry.promotion import PromotionDecision
from ml.requests.features import FEATURES
from ml.training.split import HOST
from ml.training.train import LABEL, SLICE, Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODEL_DESCRIPTION: Final = """CatBoost model of API Census: probability that an HTTP transaction is an API call.

The alias `champion` is what `selection.model: models:/NAME@champion` uses; it moves only to a version that
passes every gate (settings `gates`). Each version has its metrics and the results of its gates."""


def collect_metrics(trained: Trained) -> dict[str, float]:
    """Returns the run's metrics; MLflow groups them by the part before the slash."""
    metrics = {f"{_heading(name)}/{name}": value for name, value in trained.metrics.items()}
    return {**metrics, "model/bytes": float(len(trained.model))}


def _heading(name: str) -> str:
    if name.startswith("host_"):
        return "hosts"
    return "calibration" if name.startswith(("log_loss", "calibration_error")) else "oof"


def count_training_data(trained: Trained) -> dict[str, Any]:
    """Counts the training data: rows, hosts, groups, kinds, share of API calls.

    A group is a set of hosts that are held out together.
    """
    rows = trained.out_of_fold
    return {
        "data.rows": len(rows),
        "data.hosts": int(rows[HOST].nunique()),
        "data.groups": int(rows["group"].nunique()),
        "data.kinds": int(rows[SLICE].nunique()),
        "data.api_share": round(float(rows[LABEL].mean()), 4),
    }


def draw_figures(trained: Trained) -> dict[str, Figure]:
    """Draws the run's figures, by file name."""
    rows, top = trained.out_of_fold, trained.importances.head(30)
    labels, probability = rows[LABEL].to_numpy(np.bool_), rows["probability"].to_numpy()
    return {
        "curves.png": draw_curves(labels, probability),
        "calibration.png": draw_calibration(labels, probability, expit(rows["raw"].to_numpy())),
        "importances.png": draw_importances([*top["feature"]], [*top["importance"]]),
        "shap.png": draw_shap_values(trained.explained, FEATURES),
    }


def collect_tables(
    trained: Trained, more: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, pd.DataFrame]:
    """Returns the run's tables by file name, with floats rounded for reading."""
    tables = {"slices": trained.slices, "importances": trained.importances, **trained.tables, **(more or {})}
    return {f"{name}.json": table.round(5) for name, table in tables.items()}


def select_predictions(trained: Trained) -> pd.DataFrame:
    """Returns the predictions that a later model is compared with.

    Columns is_api, fold and probability, in the order of the frame.
    """
    return trained.out_of_fold[[LABEL, "fold", "probability"]].astype(
        {"fold": "int8", "probability": "float32"}
    )


def name_run(trained: Trained, parameters: Mapping[str, Any]) -> str:
    """Returns the run's name, short enough for MLflow's list."""
    seed = f", seed {parameters['seed']}" if "seed" in parameters else ""
    return f"train {trained.out_of_fold[HOST].nunique()} hosts{seed}"


def describe_run(trained: Trained, decision: PromotionDecision | None = None) -> str:
    """Describes the run and the registered version in Markdown.

    Data, metrics, weakest kinds and, if given, the decision on promotion.
    """
    data, metrics = count_training_data(trained), trained.metrics
    weak = "\n".join(
        f"- {row.slice} ({'API' if row.is_api else 'other'}, {row.rows:,} rows): {row.right:.1%} correct"
        for row in trained.slices.head(5).itertuples()
    )
    text = f"""**Probability that an HTTP transaction is an API call**, learned from {data["data.rows"]:,} transactions of
{data["data.hosts"]} hosts. Metrics are of hosts that the model had not been trained on ({data["data.groups"]} groups of hosts).

- ROC AUC **{metrics["roc_auc"]:.4f}**, average precision {metrics["average_precision"]:.4f}
- recall {metrics["recall_at_fpr_0.001"]:.4f} at a false-positive rate of 0.001, {metrics["recall_at_fpr_0.01"]:.4f} at 0.01
- calibration error {metrics["calibration_error"]:.4f} (before calibration {metrics["calibration_error_uncalibrated"]:.4f})
- {len(trained.model):,} bytes

**Weakest kinds**

{weak}

Pictures are in `figures/`, tables in `tables/`, the model card in `CARD.md`.
"""
    return text if decision is None else f"{text}\n{_gates(decision)}"


def _gates(decision: PromotionDecision) -> str:
    position = "moved to this version" if decision.promoted else "stays where it is"
    rows = "\n".join(
        f"- {'passes' if each.passed else '**FAILS**'}, {each.gate}: {each.note}" for each in decision.results
    )
    return f"**Gates**: `champion` {position}.\n\n{rows}\n"
