"""Training: cross-validation over whole hosts and stacks, then the final model.

Neither a host nor a stack is in both halves of a fold, so every metric is of sites that the model was not trained on.
The final model is trained on all of them and calibrated. The same frame and settings give the same bytes.
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
    ExplainedRows,
    describe_mistakes,
    explain_rows,
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
from ml.requests.evidence import EVIDENCE_COLUMNS, find_evidence
from ml.requests.features import FEATURES, list_trends
from ml.requests.score import predict_log_odds
from ml.training.calibration import (
    Calibration,
    bake_calibration,
    calibrate_by_evidence_across_folds,
    compare_calibrators,
    fit_calibration,
    fit_platt,
)
from ml.training.split import HOST, STACK, assign_groups, split_folds
from pipelines.runtime.errors import InputError

BORDERS: Final = 64
"""Splits per feature: more of them gained nothing (docs/methods.md, 3), and scoring pays for each one used."""
THREADS: Final = 2
"""Fixed: sums of floats depend on how rows are divided among threads, and training must be reproducible byte for byte."""
LABEL, SLICE = "is_api", "kind"


class TrainingOptions(Protocol):
    """The settings that training uses."""

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
    """A calibrated model with its metrics.

    Metrics are out of fold: of hosts and stacks that the model was not trained on.

    Attributes:
        slices: Columns slice, is_api, rows, mean_probability, right (share of correct decisions).
        importances: Columns feature, importance (percent), in descending order.
        out_of_fold: Columns host, stack if given, kind, is_api, group, fold, raw (log-odds), evidence (index in `EVIDENCE`),
            probability by a calibration of the other folds; rows in the order of the training frame.
        tables: segments, hosts (without names), calibration, confusion, shap.
        explained: SHAP values of a sample.
    """

    model: bytes
    metrics: dict[str, float]
    slices: pd.DataFrame
    importances: pd.DataFrame
    out_of_fold: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    explained: ExplainedRows
    calibration: Calibration


def train(frame: pd.DataFrame, options: TrainingOptions) -> Trained:
    """Trains, calibrates and evaluates the classifier.

    Args:
        frame: Columns `FEATURES`, `is_api`, `host`, `kind` (slice of the report) and optionally `stack`.
        options: Settings of the training.

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
    evidence = find_evidence(features[:, EVIDENCE_COLUMNS])
    calibration = fit_calibration(raw, labels, evidence)
    final = bake_calibration(_fit(features, labels, weights, options), calibration)
    known = frame[[name for name in (HOST, STACK, SLICE, LABEL) if name in frame]].reset_index(drop=True)
    probability = calibrate_by_evidence_across_folds(raw, labels, evidence, fold)
    evaluated = known.assign(group=group, fold=fold, raw=raw, evidence=evidence, probability=probability)
    slopes = [fit_platt(raw[fold != number], labels[fold != number]).slope for number in range(len(models))]
    explainers = [build_explainer(model) for model in models]
    explained = explain_rows(explainers, slopes, features, fold, sample_rows(len(frame), options.seed))
    mistakes = find_worst_rows([*evaluated[SLICE]], labels, evaluated["probability"].to_numpy())
    wrong = explain_rows(explainers, slopes, features, fold, mistakes)
    tables = _tables(frame, evaluated) | {"shap": summarise_shap(explained)}
    tables["confusion"] = describe_mistakes(
        wrong, [*evaluated[SLICE]], labels, evaluated["probability"].to_numpy()
    )
    return Trained(
        model=serialise_model(final),
        metrics=_metrics(evaluated, tables),
        slices=pd.DataFrame(
            measure_slices([*map(str, evaluated[SLICE])], labels, evaluated["probability"].to_numpy())
        ),
        importances=rank_importances(FEATURES, final.get_feature_importance()),
        out_of_fold=evaluated,
        tables=tables,
        explained=explained,
        calibration=calibration,
    )


def _tables(frame: pd.DataFrame, evaluated: pd.DataFrame) -> dict[str, pd.DataFrame]:
    labels, probability = evaluated[LABEL].to_numpy(np.bool_), evaluated["probability"].to_numpy()
    segments = {"client": classify_clients(frame), "log": classify_logs(frame)}
    return {
        "segments": measure_segments(segments, labels, probability),
        "hosts": measure_hosts(evaluated[HOST].to_numpy(), labels, probability),
        "calibration": compare_calibrators(
            evaluated["raw"].to_numpy(),
            labels,
            evaluated["evidence"].to_numpy(),
            evaluated["fold"].to_numpy(),
        ),
    }


def _metrics(evaluated: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    before = tables["calibration"].set_index("method").loc["none"]
    return {
        **compute_metrics(evaluated[LABEL].to_numpy(np.bool_), evaluated["probability"].to_numpy()),
        "log_loss_uncalibrated": float(before["log_loss"]),
        "calibration_error_uncalibrated": float(before["calibration_error"]),
        **summarise_hosts(tables["hosts"]),
    }


def weigh_hosts(hosts: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Computes the weight of each row: 1 / sqrt(rows of its host), with mean 1.

    A busy host contributes more to the training, but not in proportion.
    """
    _, index, counts = np.unique(hosts, return_inverse=True, return_counts=True)
    weights = 1.0 / np.sqrt(counts[index])
    return np.asarray(weights / weights.mean(), np.float32)


def _checked(frame: pd.DataFrame, options: TrainingOptions) -> npt.NDArray[np.bool_]:
    labels = frame[LABEL].to_numpy(dtype=np.bool_)
    if labels.all() or not labels.any():
        enough = f"Give labelled traffic of at least {options.folds} hosts, API calls and others."
        raise InputError("training data", "there is only one class of label", enough)
    return labels


def catboost_parameters(options: TrainingOptions) -> dict[str, Any]:
    """Returns the CatBoost parameters that all classifiers share.

    They are the settings, and what makes training deterministic and silent.
    """
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
    """Returns the model's native file, so that equal models give equal bytes.

    The time of training and a random id are removed.
    """
    metadata = model.get_metadata()
    for name in [*metadata.keys()]:
        if name.rpartition(":")[2] in ("model_guid", "train_finish_time"):  # "model0:..." in a sum of models
            del metadata[name]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.cbm"
        model.save_model(str(file), format="cbm")
        return file.read_bytes()


def rank_importances(features: Sequence[str], values: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Tabulates `feature` and `importance` (percent) in descending order."""
    table = pd.DataFrame({"feature": features, "importance": values})
    return table.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
