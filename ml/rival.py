"""The champion on the fairest rows that there are, for the comparison with a challenger.

Both models should be judged on rows of hosts that neither had seen. The challenger by its out-of-fold
probabilities, always. The champion by its own out-of-fold probabilities where it was trained on the same rows
and folds; else by its predictions for hosts that it did not learn from; else, where too few of these are
left, for all rows, and then the comparison favours the champion, which the verdict says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.features import FEATURES
from ml.score import load, probabilities
from ml.split import HOST, STACK
from ml.train import LABEL, SLICE, Trained
from pipelines.errors import ModelMismatch

PREDICTIONS: Final = "comparison/out_of_fold.parquet"
LEARNED_FROM: Final = "comparison/learned_from.json"
FEWEST_GROUPS: Final = 10
"""Below this many unseen groups a bootstrap over them says nothing."""
OUT_OF_FOLD: Final = "same rows and folds, both out of fold"
NEW_TO_BOTH: Final = "rows of hosts new to both"
FAVOURS: Final = (
    "the champion may have learned from these hosts, which favours it (another training.seed gives new ones)"
)


@dataclass(frozen=True, slots=True)
class Rival:
    """The champion's probabilities for `rows` (positions in the frame), and why this is a fair basis or not."""

    rows: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.floating[Any]]
    basis: str


def rival_of(
    mlflow: Any, run_id: str, model: Callable[[], bytes], trained: Trained, frame: pd.DataFrame
) -> Rival | None:
    """The champion of this run and with this model on the challenger's rows; None where it fits the features no longer."""
    everything = np.arange(len(frame))
    if mlflow.MlflowClient().get_run(run_id).data.tags.get("data") == digest(trained.out_of_fold):
        own = _artefact(mlflow, run_id, PREDICTIONS)
        if own is not None:
            return Rival(everything, pd.read_parquet(BytesIO(own))["probability"].to_numpy(), OUT_OF_FOLD)
    try:
        champion = load(model())
    except ModelMismatch:
        return None
    known = _artefact(mlflow, run_id, LEARNED_FROM)
    groups = trained.out_of_fold["group"].to_numpy()
    rows = None if known is None else comparable(frame, json.loads(known)["marks"], groups)
    chosen = everything if rows is None else rows
    features = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32)[chosen])
    return Rival(chosen, probabilities(champion, features), FAVOURS if rows is None else NEW_TO_BOTH)


def digest(out_of_fold: pd.DataFrame) -> str:
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


def marks(frame: pd.DataFrame) -> list[str]:
    """Four hexadecimal digits for each host and stack learned from: enough to leave them out, too few to name them.

    A host that was not learned from has a mark of another by chance with probability hosts / 65,536, and is
    then left out too.
    """
    return sorted({mark for column in _marked(frame) for mark in column if mark})


def unseen(frame: pd.DataFrame, learned_from: Sequence[str]) -> npt.NDArray[np.int64]:
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


def comparable(
    frame: pd.DataFrame, learned_from: Sequence[str], groups: npt.NDArray[Any]
) -> npt.NDArray[np.int64] | None:
    """Positions of the rows new to the champion; None where they are too few to judge by."""
    rows = unseen(frame, learned_from)
    labels = frame[LABEL].to_numpy(np.bool_)[rows]
    enough = len(np.unique(groups[rows])) >= FEWEST_GROUPS and labels.any() and not labels.all()
    return rows if enough else None
