"""Gates that a new model must pass to become the champion, and the comparison with the champion on rows fair to both."""

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
    """A figure of both models on the same rows, and the bounds of challenger - champion."""

    challenger: float
    champion: float
    low: float
    high: float


class Ranking:
    """Rows by falling probability; measures itself under any weight of the groups, ties never in its favour."""

    def __init__(self, labels: Labels, scores: Probabilities, groups: npt.NDArray[np.int64]) -> None:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        self._last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        self._groups, self._api = groups[order], labels[order]

    def figures(self, weights: Weights) -> Weights:
        """Average precision and recall at a false-positive rate of 0.001, each row weighing as its group does."""
        of_row = weights[self._groups]
        right = np.cumsum(np.where(self._api, of_row, 0.0))[self._last]
        wrong = np.cumsum(np.where(self._api, 0.0, of_row))[self._last]
        if right[-1] == 0 or wrong[-1] == 0:
            return np.array([np.nan, np.nan])  # a draw with one class only says nothing
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
    """Figure -> difference with one-sided bounds, each missed with at most `significance` / 2 (Bonferroni).

    Student's t over the groups times the bootstrap's standard error: with few hosts the percentiles of a
    bootstrap are too narrow.
    """
    names, index = np.unique(groups, return_inverse=True)
    ours, theirs = Ranking(labels, challenger, index), Ranking(labels, champion, index)
    even = np.ones(len(names))
    found, best = ours.figures(even), theirs.figures(even)
    draw = np.random.default_rng(seed)
    drawn = np.array(
        [
            ours.figures(weights) - theirs.figures(weights)
            for weights in draw.multinomial(len(names), even / len(names), size=resamples).astype(np.float64)
        ]
    )
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    enough = len(names) > 1 and len(drawn) > 1
    error = drawn.std(axis=0, ddof=1) if enough else np.full(2, np.inf)
    reach = error * students_t.ppf(1 - significance / len(COMPARED_METRICS), max(len(names) - 1, 1))
    return {
        name: MetricDifference(
            float(found[n]), float(best[n]), *(float(found[n] - best[n] + way * reach[n]) for way in (-1, 1))
        )
        for n, name in enumerate(COMPARED_METRICS)
    }


PREDICTIONS: Final = "comparison/out_of_fold.parquet"
LEARNED_FROM: Final = "comparison/learned_from.json"
MIN_GROUPS: Final = 10
"""Below this many unseen groups a bootstrap over them says nothing."""
OUT_OF_FOLD: Final = "same rows and folds, both out of fold"
NEW_TO_BOTH: Final = "rows of hosts new to both"
CHAMPION_FAVOURED: Final = (
    "the champion may have learned from these hosts, which favours it (another training.seed gives new ones)"
)


@dataclass(frozen=True, slots=True)
class ChampionPredictions:
    """The champion's probabilities for `rows` (positions in the frame), and why this is a fair basis or not."""

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.floating[Any]]
    basis: str


def predict_with_champion(
    mlflow: Any, run_id: str, model: Callable[[], bytes], trained: Trained, frame: pd.DataFrame
) -> ChampionPredictions | None:
    """The champion of this run and with this model on the challenger's rows; None where it fits the features no longer."""
    everything = np.arange(len(frame))
    if mlflow.MlflowClient().get_run(run_id).data.tags.get("data") == digest_rows_and_folds(
        trained.out_of_fold
    ):
        own = _artefact(mlflow, run_id, PREDICTIONS)
        if own is not None:
            return ChampionPredictions(
                everything, pd.read_parquet(BytesIO(own))["probability"].to_numpy(), OUT_OF_FOLD
            )
    try:
        champion = load_classifier(model())
    except ModelMismatch:
        return None
    known = _artefact(mlflow, run_id, LEARNED_FROM)
    groups = trained.out_of_fold["group"].to_numpy()
    rows = None if known is None else find_comparable_rows(frame, json.loads(known)["marks"], groups)
    chosen = everything if rows is None else rows
    features = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32)[chosen])
    return ChampionPredictions(
        chosen, predict_probabilities(champion, features), CHAMPION_FAVOURED if rows is None else NEW_TO_BOTH
    )


def digest_rows_and_folds(out_of_fold: pd.DataFrame) -> str:
    """Identifies rows and folds: equal digests mean that out-of-fold figures can be compared directly."""
    rows = pd.util.hash_pandas_object(out_of_fold[[HOST, SLICE, LABEL, "fold"]], index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()[:16]


def _artefact(mlflow: Any, run: str, path: str) -> bytes | None:
    """The run's artefact; None where it has none, as in runs of older versions."""
    there = mlflow.MlflowClient().list_artifacts(run, str(Path(path).parent))
    if not any(item.path == path for item in there):
        return None
    with TemporaryDirectory() as folder:
        file = mlflow.artifacts.download_artifacts(run_id=run, artifact_path=path, dst_path=folder)
        return Path(file).read_bytes()


def fingerprint_hosts(frame: pd.DataFrame) -> list[str]:
    """Four hexadecimal digits for each host and stack learned from: enough to leave them out, too few to name them.

    A host that was not learned from has a mark of another by chance with probability hosts / 65,536, and is
    then left out too.
    """
    return sorted({mark for column in _marked(frame) for mark in column if mark})


def find_unseen_rows(frame: pd.DataFrame, learned_from: Sequence[str]) -> npt.NDArray[np.int64]:
    """Positions of the rows whose host and stack have no mark among these."""
    known = set(learned_from)
    seen = np.zeros(len(frame), np.bool_)
    for column in _marked(frame):
        seen |= np.array([mark in known for mark in column], np.bool_)
    return np.flatnonzero(~seen)


def _marked(frame: pd.DataFrame) -> list[list[str]]:
    columns = [name for name in (HOST, STACK) if name in frame]
    found = []
    for name in columns:
        short = {value: _mark(name, value) for value in frame[name].unique()}
        found.append([short[value] for value in frame[name]])
    return found


def _mark(column: str, value: Any) -> str:
    if pd.isna(value):
        return ""  # without a stack: tied to nothing
    return hashlib.sha256(f"{column}\0{value}".encode()).hexdigest()[:4]


def find_comparable_rows(
    frame: pd.DataFrame, learned_from: Sequence[str], groups: npt.NDArray[Any]
) -> npt.NDArray[np.int64] | None:
    """Positions of the rows new to the champion; None where they are too few to judge by."""
    rows = find_unseen_rows(frame, learned_from)
    labels = frame[LABEL].to_numpy(np.bool_)[rows]
    enough = len(np.unique(groups[rows])) >= MIN_GROUPS and labels.any() and not labels.all()
    return rows if enough else None


class GateOptions(Protocol):
    """What the gates read of the settings."""

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
    """A figure of the challenger and the setting that bounds it, from below or from above."""

    name: str
    figure: str
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
    """One gate: what was found, what the limit is, and a note in words."""

    gate: str
    passed: bool
    found: float | None
    limit: float | None
    note: str


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """Whether the champion alias moved, why, and every gate."""

    promoted: bool
    reason: str
    outcomes: tuple[GateResult, ...]

    def table(self) -> pd.DataFrame:
        """gate, passed, found, limit, note."""
        columns = ("gate", "passed", "found", "limit", "note")
        return pd.DataFrame([{name: getattr(each, name) for name in columns} for each in self.outcomes])


def evaluate_gates(
    trained: Trained, rival: ChampionPredictions | None, options: GateOptions, seed: int
) -> PromotionDecision:
    """All gates, also after one has failed: the verdict says everything that is wrong at once."""
    outcomes = [_bounded(gate, collect_gate_metrics(trained, options), options) for gate in GATES]
    outcomes += _against(trained, rival, options, seed)
    failed = [each for each in outcomes if not each.passed]
    said = "; ".join(f"{each.gate}: {each.note}" for each in failed)
    return PromotionDecision(not failed, said or f"all {len(outcomes)} gates hold", tuple(outcomes))


def collect_gate_metrics(trained: Trained, options: GateOptions) -> dict[str, float]:
    """Out-of-fold metrics, size of the model, and the share decided right of the worst kind with enough rows."""
    counted = trained.slices[trained.slices["rows"] >= options.min_kind_rows]
    worst = float(counted["right"].min()) if len(counted) else 1.0
    return {**trained.metrics, "model_bytes": float(len(trained.model)), "worst_kind_right": worst}


def _bounded(gate: Gate, found: Mapping[str, float], options: GateOptions) -> GateResult:
    value, limit = found[gate.figure], float(getattr(options, gate.setting))
    passed = value >= limit if gate.is_floor else value <= limit
    note = f"{gate.figure} {_short(value)}, {'at least' if gate.is_floor else 'at most'} {_short(limit)} (gates.{gate.setting})"
    return GateResult(gate.name, passed, value, limit, note)


def _against(
    trained: Trained, rival: ChampionPredictions | None, options: GateOptions, seed: int
) -> list[GateResult]:
    if rival is None:
        return [
            GateResult(
                f"not worse than the champion: {name}", True, None, None, "there is no champion that fits"
            )
            for name in COMPARED_METRICS
        ]
    judged = trained.out_of_fold.iloc[rival.rows]
    found = estimate_differences(
        judged[LABEL].to_numpy(np.bool_),
        judged["probability"].to_numpy(),
        rival.scores,
        judged["group"].to_numpy(),
        resamples=options.resamples,
        seed=seed,
        significance=options.significance,
    )
    return [_not_worse(name, change, rival.basis) for name, change in found.items()]


def _not_worse(name: str, change: MetricDifference, basis: str) -> GateResult:
    note = (
        f"{change.challenger:.4f} against the champion's {change.champion:.4f}, "
        f"bounds of the change {change.low:+.4f} and {change.high:+.4f}; {basis}"
    )
    gate = f"not worse than the champion: {name}"
    return GateResult(gate, change.high >= 0, change.challenger - change.champion, 0.0, note)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4f}"
