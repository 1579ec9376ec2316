"""Training: cross-validation over whole hosts and stacks, then the final model on all of them, calibrated.

Neither a host nor a stack is in both halves of a fold, so every figure is about sites that the model has not
seen. Same frame and settings, same bytes of model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.evaluation.error_analysis import (
    Explained,
    describe_mistakes,
    explain,
    find_worst_rows,
    sample_rows,
    summarise_shap,
)
from ml.evaluation.measures import (
    classify_clients,
    classify_logs,
    compute_metrics,
    measure_hosts,
    measure_segments,
    measure_slices,
    summarise_hosts,
)
from ml.explanation.reasons import build_explainer
from ml.requests.features import FEATURES, list_trends
from ml.requests.score import predict_log_odds
from ml.training.calibration import (
    Platt,
    bake_calibrator,
    calibrate_across_folds,
    compare_calibrators,
    fit_platt,
)
from ml.training.split import HOST, STACK, assign_groups, split_folds
from pipelines.runtime.errors import InputError

BORDERS: Final = 64
"""Splits tried per feature: METHODS C measured nothing gained by more, and scoring pays for each one used."""
THREADS: Final = 2
"""Fixed: sums of floats depend on how rows are divided among threads, and a run must repeat byte for byte."""
LABEL, SLICE = "is_api", "kind"


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
    @property
    def feature_share(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Trained:
    """A calibrated model and what is known of it. Figures are out of fold: of hosts (and stacks) not seen.

    `slices`: slice, is_api, rows, mean_probability, right · `importances`: feature, importance (percent,
    falling) · `out_of_fold`: host, stack if given, kind, is_api, group, fold, raw (log-odds), probability by a calibrator of
    the other folds; rows in the order of the training frame · `tables`: segments, hosts (nameless),
    calibration, confusion, shap · `explained`: SHAP values of a sample.
    """

    model: bytes
    metrics: dict[str, float]
    slices: pd.DataFrame
    importances: pd.DataFrame
    out_of_fold: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    explained: Explained
    calibrator: Platt


def train(frame: pd.DataFrame, options: TrainingOptions) -> Trained:
    """`FEATURES`, `is_api`, `host`, `kind` (slice of the report), perhaps `stack`: a judged, calibrated model.

    Raises:
        InputError: a class is missing, or there are fewer hosts (or stacks of hosts) than folds.
    """
    labels, group = _checked(frame, options), assign_groups(frame)
    features = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32))
    weights = weigh_hosts(frame[HOST].to_numpy())
    raw, fold, models = np.zeros(len(frame)), np.zeros(len(frame), np.int32), []
    for number, (learn, check) in enumerate(
        split_folds(labels, group, count=options.folds, seed=options.seed)
    ):
        models.append(_fit(features[learn], labels[learn], weights[learn], options))
        raw[check] = predict_log_odds(models[-1], np.asfortranarray(features[check]))
        fold[check] = number
    calibrator = fit_platt(raw, labels)
    final = bake_calibrator(_fit(features, labels, weights, options), calibrator)
    judged = frame[[name for name in (HOST, STACK, SLICE, LABEL) if name in frame]].reset_index(drop=True)
    judged = judged.assign(
        group=group, fold=fold, raw=raw, probability=calibrate_across_folds(raw, labels, fold, fit_platt)
    )
    slopes = [fit_platt(raw[fold != number], labels[fold != number]).slope for number in range(len(models))]
    explainers = [build_explainer(model) for model in models]
    explained = explain(explainers, slopes, features, fold, sample_rows(len(frame), options.seed))
    mistakes = find_worst_rows([*judged[SLICE]], labels, judged["probability"].to_numpy())
    wrong = explain(explainers, slopes, features, fold, mistakes)
    tables = _tables(frame, judged) | {"shap": summarise_shap(explained)}
    tables["confusion"] = describe_mistakes(wrong, [*judged[SLICE]], labels, judged["probability"].to_numpy())
    return Trained(
        model=serialise_model(final),
        metrics=_metrics(judged, tables),
        slices=pd.DataFrame(
            measure_slices([*map(str, judged[SLICE])], labels, judged["probability"].to_numpy())
        ),
        importances=rank_importances(FEATURES, final.get_feature_importance()),
        out_of_fold=judged,
        tables=tables,
        explained=explained,
        calibrator=calibrator,
    )


def _tables(frame: pd.DataFrame, judged: pd.DataFrame) -> dict[str, pd.DataFrame]:
    labels, found = judged[LABEL].to_numpy(np.bool_), judged["probability"].to_numpy()
    segments = {"client": classify_clients(frame), "log": classify_logs(frame)}
    return {
        "segments": measure_segments(segments, labels, found),
        "hosts": measure_hosts(judged[HOST].to_numpy(), labels, found),
        "calibration": compare_calibrators(judged["raw"].to_numpy(), labels, judged["fold"].to_numpy()),
    }


def _metrics(judged: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    before = tables["calibration"].set_index("method").loc["none"]
    return {
        **compute_metrics(judged[LABEL].to_numpy(np.bool_), judged["probability"].to_numpy()),
        "log_loss_uncalibrated": float(before["log_loss"]),
        "calibration_error_uncalibrated": float(before["calibration_error"]),
        **summarise_hosts(tables["hosts"]),
    }


def weigh_hosts(hosts: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """1 / sqrt(rows of the host), mean 1: a busy host teaches more, but not in proportion."""
    _, index, counts = np.unique(hosts, return_inverse=True, return_counts=True)
    weights = 1.0 / np.sqrt(counts[index])
    return np.asarray(weights / weights.mean(), np.float32)


def _checked(frame: pd.DataFrame, options: TrainingOptions) -> npt.NDArray[np.bool_]:
    labels = frame[LABEL].to_numpy(dtype=np.bool_)
    if labels.all() or not labels.any():
        enough = f"Give labelled traffic of at least {options.folds} hosts, API calls and others."
        raise InputError("training data", "only one class of label is there", enough)
    return labels


def catboost_parameters(options: TrainingOptions) -> dict[str, Any]:
    """What every classifier of ours passes to CatBoost: the settings, and that it repeats and is silent."""
    return {
        "iterations": options.trees,
        "depth": options.depth,
        "learning_rate": options.learning_rate,
        "l2_leaf_reg": options.l2_leaf_reg,
        "rsm": options.feature_share,
        "thread_count": THREADS,
        "verbose": False,
        "allow_writing_files": False,
    }


def _fit(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float32],
    options: TrainingOptions,
) -> Any:
    from catboost import CatBoostClassifier, Pool

    model = CatBoostClassifier(
        **catboost_parameters(options),
        random_seed=options.seed,
        border_count=BORDERS,
        loss_function="Logloss",
        auto_class_weights="Balanced",
        monotone_constraints=list_trends(FEATURES),
    )
    return model.fit(Pool(features, labels.astype(np.int8), weight=weights, feature_names=list(FEATURES)))


def serialise_model(model: Any) -> bytes:
    """The model's native file without time and random id of its making: equal models are equal bytes."""
    metadata = model.get_metadata()
    for name in [*metadata.keys()]:
        if name.rpartition(":")[2] in ("model_guid", "train_finish_time"):  # "model0:..." in a sum of models
            del metadata[name]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.cbm"
        model.save_model(str(file), format="cbm")
        return file.read_bytes()


def rank_importances(features: Sequence[str], values: npt.NDArray[np.float64]) -> pd.DataFrame:
    """`feature`, `importance` (percent), falling."""
    found = pd.DataFrame({"feature": features, "importance": values})
    return found.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
