"""Training of the classifier of path steps.

Cross-validation over whole hosts, then a few models averaged into one. The ensemble is small on purpose: larger ones
lost 0.07 of F1 on traffic of sites that they had not seen (docs/methods.md, 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from ml.paths.features import CONTEXT_FEATURES, FEATURES, Floats, build_matrix
from ml.training.train import TrainingOptions, catboost_parameters, rank_importances, serialise_model
from pipelines.runtime.errors import InputError

LABEL, WEIGHT, HOST = "is_variable", "weight", "host"
PARENT_NAME_FEATURES: Final = ("parent_length", "parent_is_plural")
CALL_COUNTS: Final = ("mean_calls", "own_calls")
HIDDEN_FEATURES: Final = ((), PARENT_NAME_FEATURES, CALL_COUNTS, (*PARENT_NAME_FEATURES, *CALL_COUNTS))
"""Features hidden from each model of the ensemble.

The parent's name tells a collection from an action in a busy API and misleads elsewhere; so do numbers of calls, which depend on
how long an API was observed. Half of the models decide without each, and the average agrees better with human labels than
either half alone.
"""
FIRST_PASS, SHARE = "is_first_pass", "variable_share"


@dataclass(frozen=True, slots=True)
class TrainedPaths:
    """A classifier of path steps with its metrics.

    Metrics are weighted and out of fold: of hosts that the model did not train on.

    `importances`: feature, importance (percent, falling) · `slices`: siblings, rows, right at 0.5, of literals and variables.
    """

    model: bytes
    metrics: dict[str, float]
    importances: pd.DataFrame
    slices: pd.DataFrame


def train_paths(frame: pd.DataFrame, options: TrainingOptions) -> TrainedPaths:
    """Trains and evaluates the classifier of path steps.

    Args:
        frame: Columns `host`, `prefix`, `step`, `CONTEXT_FEATURES`, `is_variable`, `weight`, `is_first_pass`.
        options: Settings of the training.

    Raises:
        InputError: a class is missing, or there are fewer hosts than folds.
    """
    labels = frame[LABEL].to_numpy(np.int8)
    if frame[HOST].nunique() < options.folds or labels.min(initial=1) == labels.max(initial=0):
        way_out = f"Give paths of at least {options.folds} hosts with literals and variables."
        raise InputError("training data", "too few hosts, or only literals or variables", way_out)
    features = _matrix(add_sibling_shares(frame, options))
    weights = frame[WEIGHT].to_numpy(np.float64)
    predicted = np.zeros(len(frame))
    for learn, check in GroupKFold(options.folds).split(features, labels, frame[HOST]):
        part = _fit(features[learn], labels[learn], weights[learn], options, options.seed, ())
        predicted[check] = part.predict_proba(features[check])[:, 1]
    models = [
        _fit(features, labels, weights, options, options.seed + n, unseen)
        for n, unseen in enumerate(HIDDEN_FEATURES)
    ]
    return TrainedPaths(
        model=serialise_model(_averaged(models)),
        metrics=_metrics(labels, predicted, weights)
        | {"rows": float(len(frame)), "hosts": float(frame[HOST].nunique())},
        importances=rank_importances(FEATURES, np.mean([m.get_feature_importance() for m in models], axis=0)),
        slices=_slices(frame, labels, predicted, weights),
    )


def _matrix(frame: pd.DataFrame) -> Floats:
    context = frame[list(CONTEXT_FEATURES)].to_numpy(np.float32)
    return build_matrix(frame["step"].tolist(), frame["prefix"].tolist(), context)


def add_sibling_shares(frame: pd.DataFrame, options: TrainingOptions) -> pd.DataFrame:
    """Returns the frame with `variable_share` in the rows of the last pass.

    It is the mean probability of a child's siblings by a model of the first pass that has not seen their host (stacking: Wolpert
    1992), so the classifier learns to trust earlier decisions as far as they deserve it. A row counts for the children that
    it stands for; a masked sibling counts as a variable.
    """
    first = frame[frame[FIRST_PASS]]
    features, labels = _matrix(first), first[LABEL].to_numpy(np.int8)
    weights, guessed = first[WEIGHT].to_numpy(np.float64), np.zeros(len(first))
    for learn, check in GroupKFold(options.folds).split(features, labels, first[HOST]):
        part = _fit(features[learn], labels[learn], weights[learn], options, options.seed, ())
        guessed[check] = part.predict_proba(features[check])[:, 1]
    child, node = [HOST, "prefix", "step"], [HOST, "prefix"]
    known = first[[*child, WEIGHT]].assign(guessed=guessed * weights).drop_duplicates(child)
    sums = known.groupby(node, sort=False).agg(
        total=(WEIGHT, "sum"), unit=(WEIGHT, "min"), sure=("guessed", "sum")
    )
    rows = frame[child].merge(known, "left", child).merge(sums, "left", node)
    masked = (frame["masked_sibling"].to_numpy() > 0) * rows["unit"].to_numpy()
    others = (rows["total"] - rows[WEIGHT].fillna(0)).to_numpy() + masked
    with np.errstate(divide="ignore", invalid="ignore"):
        share = ((rows["sure"] - rows["guessed"].fillna(0)).to_numpy() + masked) / others
    is_known = ~frame[FIRST_PASS].to_numpy() & (others > rows["unit"].to_numpy() / 2)
    return frame.assign(**{SHARE: np.where(is_known, share, frame[SHARE]).astype(np.float32)})


def _fit(
    features: Floats,
    labels: npt.NDArray[np.int8],
    weights: npt.NDArray[np.float64],
    options: TrainingOptions,
    seed: int,
    unseen: tuple[str, ...],
) -> Any:
    from catboost import CatBoostClassifier, Pool

    ignored = [FEATURES.index(name) for name in unseen]
    model = CatBoostClassifier(**catboost_parameters(options), random_seed=seed, ignored_features=ignored)
    scaled = weights * len(weights) / weights.sum()
    return model.fit(Pool(features, labels, weight=scaled, feature_names=list(FEATURES)))


def _averaged(models: list[Any]) -> Any:
    """Averages the log-odds of the models."""
    from catboost import sum_models

    return sum_models(models, weights=[1 / len(models)] * len(models))


def _metrics(
    labels: npt.NDArray[np.int8], predicted: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> dict[str, float]:
    variable = predicted >= 0.5
    hit = float(weights[variable & (labels == 1)].sum())
    return {
        "roc_auc": float(roc_auc_score(labels, predicted, sample_weight=weights)),
        "average_precision": float(average_precision_score(labels, predicted, sample_weight=weights)),
        "log_loss": float(log_loss(labels, predicted, sample_weight=weights)),
        "precision": hit / max(float(weights[variable].sum()), 1e-9),
        "recall": hit / max(float(weights[labels == 1].sum()), 1e-9),
    }


def _slices(
    frame: pd.DataFrame,
    labels: npt.NDArray[np.int8],
    predicted: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> pd.DataFrame:
    """Tabulates the share of correct decisions by a step's number of siblings.

    A step without siblings is the hardest.
    """
    edges = [0, 1, 2, 4, 12, 64, np.inf]
    names = ["1", "2", "3-4", "5-12", "13-64", "65+"]
    table = pd.DataFrame(
        {
            "siblings": pd.cut(frame["siblings"], edges, labels=names).astype(str),
            "is_variable": labels == 1,
            "right": weights * ((predicted >= 0.5) == (labels == 1)),
            "weight": weights,
        }
    )
    grouped = table.groupby(["siblings", "is_variable"], sort=True).agg(
        rows=("weight", "size"), right=("right", "sum"), weight=("weight", "sum")
    )
    return grouped.assign(right=grouped["right"] / grouped["weight"]).drop(columns="weight").reset_index()
