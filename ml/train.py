"""Training: grouped cross-validation over whole hosts, then the final model on all of them.

A host is never in both halves of a fold, so every figure is about sites that the model has not seen. Same
frame and settings, same bytes of model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from ml.evaluate import by_slice, measures
from ml.features import FEATURES, trends
from ml.score import probabilities
from pipelines.errors import InputError

BORDERS: Final = 64
"""Splits tried per feature: METHODS C measured nothing gained by more, and scoring pays for each one used."""
THREADS: Final = 2
"""Fixed: sums of floats depend on how rows are divided among threads, and a run must repeat byte for byte."""
LABEL, HOST, SLICE = "is_api", "host", "kind"


class TrainingOptions(Protocol):
    """What training reads of the settings."""

    @property
    def seed(self) -> int: ...  # noqa: D102  # described by the settings file
    @property
    def folds(self) -> int: ...  # noqa: D102
    @property
    def trees(self) -> int: ...  # noqa: D102
    @property
    def depth(self) -> int: ...  # noqa: D102
    @property
    def learning_rate(self) -> float: ...  # noqa: D102
    @property
    def l2_leaf_reg(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what is known of it. Figures are out of fold: of hosts that the judging model had not seen.

    `slices`: slice, is_api, rows, mean_probability, right · `importances`: feature, importance (percent,
    falling) · `out_of_fold`: host, kind, is_api, probability, fold; rows in the order of the training
    frame.
    """

    model: bytes
    metrics: dict[str, float]
    slices: pd.DataFrame
    importances: pd.DataFrame
    out_of_fold: pd.DataFrame


def train(frame: pd.DataFrame, options: TrainingOptions) -> Trained:
    """`FEATURES`, `is_api`, `host` and `kind` (slice of the report), one row a transaction -> a judged model.

    Raises:
        InputError: a class is missing, or there are fewer hosts than folds.
    """
    labels, hosts = _checked(frame, options)
    features = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32))
    weights = host_weights(hosts)
    out_of_fold = np.zeros(len(frame), np.float32)
    fold_of = np.zeros(len(frame), np.int32)
    for fold, (learn, check) in enumerate(folds(labels, hosts, options)):
        model = _fit(features[learn], labels[learn], weights[learn], options)
        out_of_fold[check] = probabilities(model, np.asfortranarray(features[check]))
        fold_of[check] = fold
    final = _fit(features, labels, weights, options)
    kinds = [str(kind) for kind in frame[SLICE]]
    judged = frame[[HOST, SLICE, LABEL]].assign(probability=out_of_fold, fold=fold_of)
    return Trained(
        model=_bytes(final),
        metrics=measures(labels, out_of_fold),
        slices=pd.DataFrame(by_slice(kinds, labels, out_of_fold)),
        importances=_importances(final),
        out_of_fold=judged.reset_index(drop=True),
    )


def folds(
    labels: npt.NDArray[np.bool_], hosts: npt.NDArray[Any], options: TrainingOptions
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """(rows to learn from, rows to judge) for each fold: whole hosts, shares of classes alike."""
    splitter = StratifiedGroupKFold(options.folds, shuffle=True, random_state=options.seed)
    yield from splitter.split(np.zeros(len(labels)), labels, hosts)


def host_weights(hosts: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """1 / sqrt(rows of the host), mean 1: a busy host teaches more, but not in proportion."""
    _, index, counts = np.unique(hosts, return_inverse=True, return_counts=True)
    weights = 1.0 / np.sqrt(counts[index])
    return np.asarray(weights / weights.mean(), np.float32)


def _checked(frame: pd.DataFrame, options: TrainingOptions) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
    labels, hosts = frame[LABEL].to_numpy(dtype=np.bool_), frame[HOST].to_numpy()
    enough = f"Give labelled traffic of at least {options.folds} hosts, API calls and others."
    if labels.all() or not labels.any():
        raise InputError("training data", "only one class of label is there", enough)
    if len(np.unique(hosts)) < options.folds:
        raise InputError("training data", f"fewer hosts than folds ({options.folds})", enough)
    return labels, hosts


def _fit(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float32],
    options: TrainingOptions,
) -> Any:
    from catboost import CatBoostClassifier, Pool

    model = CatBoostClassifier(
        iterations=options.trees,
        depth=options.depth,
        learning_rate=options.learning_rate,
        l2_leaf_reg=options.l2_leaf_reg,
        border_count=BORDERS,
        loss_function="Logloss",
        auto_class_weights="Balanced",
        monotone_constraints=trends(FEATURES),
        random_seed=options.seed,
        thread_count=THREADS,
        verbose=False,
        allow_writing_files=False,
    )
    return model.fit(Pool(features, labels.astype(np.int8), weight=weights, feature_names=list(FEATURES)))


def _bytes(model: Any) -> bytes:
    """The model's native file without time and random id of its making: equal models are equal bytes."""
    metadata = model.get_metadata()
    for changing in ("model_guid", "train_finish_time"):
        del metadata[changing]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.cbm"
        model.save_model(str(file), format="cbm")
        return file.read_bytes()


def _importances(model: Any) -> pd.DataFrame:
    found = pd.DataFrame({"feature": FEATURES, "importance": model.get_feature_importance()})
    return found.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
