"""Gates that a new model must pass to become the champion.

One of them is a comparison with the current champion on rows that are fair to both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as students_t

from ml.evaluation.measures import Labels, Probabilities
from ml.requests.features import FEATURES
from ml.requests.score import load_classifier, predict_probabilities
from ml.training.split import HOST, STACK
from ml.training.train import LABEL, SLICE, Trained
from pipelines.runtime.errors import ModelMismatch

FALSE_POSITIVE_RATE: Final = 0.001
COMPARED_METRICS: Final = ("average_precision", "recall_at_fpr_0.001")

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric of both models on the same rows, with bounds of the difference.

    `low` and `high` bound challenger - champion.
    """

    challenger: float
    champion: float
    low: float
    high: float


class Ranking:
    """Rows by descending score, to compute metrics under any weights of the groups.

    Tied scores never improve a metric.
    """

    def __init__(self, labels: Labels, scores: Probabilities, groups: npt.NDArray[np.int64]) -> None:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        self._last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        self._groups, self._api = groups[order], labels[order]

    def compute_metrics(self, weights: Weights) -> Weights:
        """Computes average precision and recall at a false-positive rate of 0.001.

        Each row has the weight of its group. Both are NaN if the weights leave only one class.
        """
        of_row = weights[self._groups]
        right = np.cumsum(np.where(self._api, of_row, 0.0))[self._last]
        wrong = np.cumsum(np.where(self._api, 0.0, of_row))[self._last]
        if right[-1] == 0 or wrong[-1] == 0:
            return np.array([np.nan, np.nan])  # undefined for a resample with only one class
        precision = right / np.maximum(right + wrong, 1e-12)
        average = float((np.diff(right, prepend=0.0) * precision).sum() / right[-1])
        within = right[wrong <= FALSE_POSITIVE_RATE * wrong[-1] + 1e-9]
        return np.array([average, within[-1] / right[-1] if len(within) else 0.0])


def estimate_differences(
    labels: Labels,
    challenger: Probabilities,
    champion: Probabilities,
    groups: npt.NDArray[Any],
    *,
    resamples: int,
    seed: int,
    significance: float,
) -> Mapping[str, MetricDifference]:
    """Estimates the difference of each compared metric with one-sided bounds.

    Each bound is missed with a probability of at most `significance` / 2 (Bonferroni).

    The bounds are Student's t over the groups times the bootstrap's standard error: with few hosts, the percentiles of
    a bootstrap are too narrow.
    """
    names, index = np.unique(groups, return_inverse=True)
    ours, theirs = Ranking(labels, challenger, index), Ranking(labels, champion, index)
    even = np.ones(len(names))
    challenger_metrics, champion_metrics = ours.compute_metrics(even), theirs.compute_metrics(even)
    draw = np.random.default_rng(seed)
    drawn = np.array(
        [
            ours.compute_metrics(weights) - theirs.compute_metrics(weights)
            for weights in draw.multinomial(len(names), even / len(names), size=resamples).astype(np.float64)
        ]
    )
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    enough = len(names) > 1 and len(drawn) > 1
    error = drawn.std(axis=0, ddof=1) if enough else np.full(2, np.inf)
    margin = error * students_t.ppf(1 - significance / len(COMPARED_METRICS), max(len(names) - 1, 1))
    return {
        name: MetricDifference(
            float(challenger_metrics[n]),
            float(champion_metrics[n]),
            *(float(challenger_metrics[n] - champion_metrics[n] + sign * margin[n]) for sign in (-1, 1)),
        )
        for n, name in enumerate(COMPARED_METRICS)
    }


PREDICTIONS: Final = "comparison/out_of_fold.parquet"
LEARNED_FROM: Final = "comparison/learned_from.json"
MIN_GROUPS: Final = 10
"""With fewer unseen groups, a bootstrap over them is meaningless."""
OUT_OF_FOLD: Final = "same rows and folds, both out of fold"
NEW_TO_BOTH: Final = "rows of hosts that are new to both models"
CHAMPION_FAVOURED: Final = (
    "the champion may have been trained on these hosts, which favours it (use another training.seed)"
)


@dataclass(frozen=True, slots=True)
class ChampionPredictions:
    """The champion's predictions, for comparison with the challenger.

    `rows`: positions in the frame · `scores`: probabilities for them · `basis`: whether and why the comparison is
    fair.
    """

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.floating[Any]]
    basis: str


def predict_with_champion(
    mlflow: Any, run_id: str, model: Callable[[], bytes], trained: Trained, frame: pd.DataFrame
) -> ChampionPredictions | None:
    """Returns the champion's predictions for the challenger's rows.

    If the champion's run has the same rows and folds, they are its out-of-fold predictions; otherwise its model
    predicts the rows of hosts that it was not trained on, or all rows if those are too few.

    Args:
        mlflow: The configured MLflow module.
        run_id: Run of the champion.
        model: Returns the champion's bytes; called only if needed.
        trained: The challenger.
        frame: Its training frame.

    Returns:
        None if the champion no longer fits the features.
    """
    all_rows = np.arange(len(frame))
    tags = mlflow.MlflowClient().get_run(run_id).data.tags
    if tags.get("data") == digest_rows_and_folds(trained.out_of_fold):
        predictions = _artefact(mlflow, run_id, PREDICTIONS)
        if predictions is not None:
            scores = pd.read_parquet(BytesIO(predictions))["probability"].to_numpy()
            return ChampionPredictions(all_rows, scores, OUT_OF_FOLD)
    try:
        champion = load_classifier(model())
    except ModelMismatch:
        return None
    fingerprints = _artefact(mlflow, run_id, LEARNED_FROM)
    groups = trained.out_of_fold["group"].to_numpy()
    rows = (
        None
        if fingerprints is None
        else find_comparable_rows(frame, json.loads(fingerprints)["marks"], groups)
    )
    chosen = all_rows if rows is None else rows
    features = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32)[chosen])
    basis = CHAMPION_FAVOURED if rows is None else NEW_TO_BOTH
    return ChampionPredictions(chosen, predict_probabilities(champion, features), basis)


def digest_rows_and_folds(out_of_fold: pd.DataFrame) -> str:
    """Returns a digest of rows and folds.

    If digests are equal, out-of-fold metrics can be compared directly.
    """
    rows = pd.util.hash_pandas_object(out_of_fold[[HOST, SLICE, LABEL, "fold"]], index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()[:16]


def _artefact(mlflow: Any, run: str, path: str) -> bytes | None:
    """Returns the run's artefact; None if it has none, as in runs of older versions."""
    artefacts = mlflow.MlflowClient().list_artifacts(run, str(Path(path).parent))
    if not any(item.path == path for item in artefacts):
        return None
    with TemporaryDirectory() as folder:
        file = mlflow.artifacts.download_artifacts(run_id=run, artifact_path=path, dst_path=folder)
        return Path(file).read_bytes()


def fingerprint_hosts(frame: pd.DataFrame) -> list[str]:
    """Returns a short fingerprint of each host and stack in the training data.

    Four hexadecimal digits are enough to leave these hosts out later and too few to identify them.

    A host that is not in the training data has the fingerprint of one that is with probability hosts / 65,536; it is then
    left out as well.
    """
    return sorted({each for column in _fingerprints(frame) for each in column if each})


def find_unseen_rows(frame: pd.DataFrame, fingerprints: Sequence[str]) -> npt.NDArray[np.int64]:
    """Returns positions of the rows whose host and stack have other fingerprints."""
    trained_on = set(fingerprints)
    seen = np.zeros(len(frame), np.bool_)
    for column in _fingerprints(frame):
        seen |= np.array([each in trained_on for each in column], np.bool_)
    return np.flatnonzero(~seen)


def _fingerprints(frame: pd.DataFrame) -> list[list[str]]:
    columns = [name for name in (HOST, STACK) if name in frame]
    fingerprints = []
    for name in columns:
        short = {value: _fingerprint(name, value) for value in frame[name].unique()}
        fingerprints.append([short[value] for value in frame[name]])
    return fingerprints


def _fingerprint(column: str, value: Any) -> str:
    if pd.isna(value):
        return ""  # no stack, so nothing to compare
    return hashlib.sha256(f"{column}\0{value}".encode()).hexdigest()[:4]


def find_comparable_rows(
    frame: pd.DataFrame, fingerprints: Sequence[str], groups: npt.NDArray[Any]
) -> npt.NDArray[np.int64] | None:
    """Returns positions of the rows new to the champion; None if they are too few."""
    rows = find_unseen_rows(frame, fingerprints)
    labels = frame[LABEL].to_numpy(np.bool_)[rows]
    enough = len(np.unique(groups[rows])) >= MIN_GROUPS and labels.any() and not labels.all()
    return rows if enough else None


class GateOptions(Protocol):
    """The settings that the gates use."""

    @property
    def min_roc_auc(self) -> float: ...  # noqa: D102  # described by the settings file
    @property
    def max_calibration_error(self) -> float: ...  # noqa: D102
    @property
    def max_model_bytes(self) -> int: ...  # noqa: D102
    @property
    def min_kind_right(self) -> float: ...  # noqa: D102
    @property
    def min_kind_rows(self) -> int: ...  # noqa: D102
    @property
    def significance(self) -> float: ...  # noqa: D102
    @property
    def resamples(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric of the challenger and the setting that bounds it.

    `is_floor`: the setting is a lower bound, otherwise an upper bound.
    """

    name: str
    metric: str
    setting: str
    is_floor: bool


GATES: Final = (
    Gate("ranks hosts left out", "roc_auc", "min_roc_auc", True),
    Gate("probabilities mean what they say", "calibration_error", "max_calibration_error", False),
    Gate("fits a broadcast", "model_bytes", "max_model_bytes", False),
    Gate("no kind is given up", "worst_kind_right", "min_kind_right", True),
)


@dataclass(frozen=True, slots=True)
class GateResult:
    """Result of one gate: the value, the limit, and a note in words."""

    gate: str
    passed: bool
    found: float | None
    limit: float | None
    note: str


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """Whether the challenger becomes the champion, why, and the result of each gate."""

    promoted: bool
    reason: str
    results: tuple[GateResult, ...]

    def table(self) -> pd.DataFrame:
        """Returns a table with the columns gate, passed, found, limit, note."""
        columns = ("gate", "passed", "found", "limit", "note")
        return pd.DataFrame([{name: getattr(each, name) for name in columns} for each in self.results])


def evaluate_gates(
    trained: Trained, champion: ChampionPredictions | None, options: GateOptions, seed: int
) -> PromotionDecision:
    """Evaluates all gates, so that the decision lists every failure at once."""
    results = [_check_bound(gate, collect_gate_metrics(trained, options), options) for gate in GATES]
    results += _compare_with_champion(trained, champion, options, seed)
    failed = [each for each in results if not each.passed]
    reason = "; ".join(f"{each.gate}: {each.note}" for each in failed)
    return PromotionDecision(not failed, reason or f"all {len(results)} gates passed", tuple(results))


def collect_gate_metrics(trained: Trained, options: GateOptions) -> dict[str, float]:
    """Collects the metrics that gates check.

    Out-of-fold metrics, the size of the model, and the lowest share of correct decisions among kinds with enough
    rows.
    """
    counted = trained.slices[trained.slices["rows"] >= options.min_kind_rows]
    worst = float(counted["right"].min()) if len(counted) else 1.0
    return {**trained.metrics, "model_bytes": float(len(trained.model)), "worst_kind_right": worst}


def _check_bound(gate: Gate, metrics: Mapping[str, float], options: GateOptions) -> GateResult:
    value, limit = metrics[gate.metric], float(getattr(options, gate.setting))
    passed = value >= limit if gate.is_floor else value <= limit
    note = f"{gate.metric} {_format(value)}, {'at least' if gate.is_floor else 'at most'} {_format(limit)} (gates.{gate.setting})"
    return GateResult(gate.name, passed, value, limit, note)


def _compare_with_champion(
    trained: Trained, champion: ChampionPredictions | None, options: GateOptions, seed: int
) -> list[GateResult]:
    if champion is None:
        return [
            GateResult(
                f"not worse than the champion: {name}",
                True,
                None,
                None,
                "there is no champion with these features",
            )
            for name in COMPARED_METRICS
        ]
    compared = trained.out_of_fold.iloc[champion.rows]
    differences = estimate_differences(
        compared[LABEL].to_numpy(np.bool_),
        compared["probability"].to_numpy(),
        champion.scores,
        compared["group"].to_numpy(),
        resamples=options.resamples,
        seed=seed,
        significance=options.significance,
    )
    return [_not_worse(name, change, champion.basis) for name, change in differences.items()]


def _not_worse(name: str, change: MetricDifference, basis: str) -> GateResult:
    note = (
        f"{change.challenger:.4f} against the champion's {change.champion:.4f}, "
        f"bounds of the change {change.low:+.4f} and {change.high:+.4f}; {basis}"
    )
    gate = f"not worse than the champion: {name}"
    return GateResult(gate, change.high >= 0, change.challenger - change.champion, 0.0, note)


def _format(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4f}"
