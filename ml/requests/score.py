"""A CatBoost model on executors.

It is loaded once, its features are checked, and its probabilities are added to Arrow batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import expit

from ml.requests.bounds import predict_bounded
from ml.requests.evidence import read_lines
from ml.requests.features import FEATURES, Matrix, build_matrix
from pipelines.runtime.errors import ModelMismatch

PROBABILITY: Final = "probability"

Batches = Iterator[pa.RecordBatch]
Probabilities = Callable[[pa.RecordBatch], npt.NDArray[np.float32]]


def load_catboost(model: bytes, features: Sequence[str], classifier: str, way_out: str) -> Any:
    """Loads a CatBoost model and checks its features.

    Args:
        model: Its native file.
        features: Features that it must have been trained on, in this order.
        classifier: Name of it for error messages.
        way_out: What a user can do other than train again.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on other features.
    """
    from catboost import CatBoost, CatBoostError

    try:
        loaded = CatBoost().load_model(blob=model)
    except CatBoostError as error:
        problem = f"{classifier} cannot be loaded ({len(model):,} bytes are not a CatBoost model)"
        raise ModelMismatch(f"{problem}. Train it again, or {way_out}.") from error
    names = tuple(loaded.feature_names_)
    if names != tuple(features):
        pairs = zip(features, names, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), None)
        where = f"first difference: expected {first[0]!r}, found {first[1]!r}" if first else "one has more"
        raise ModelMismatch(
            f"{classifier} was trained on other features: expected {len(features)}, found {len(names)}; "
            f"{where}. Train it again with this version, or {way_out}."
        )
    return loaded


def make_scorer(prepared: Callable[[], Probabilities], keep: Sequence[str]) -> Callable[[Batches], Batches]:
    """Returns a function for `mapInArrow`: batches → `keep` and `probability`.

    `prepared` is called once per task, on the executor.
    """

    def add(batches: Batches) -> Batches:
        predict = prepared()
        for batch in batches:
            if batch.num_rows:
                predicted = pa.array(predict(batch))
                yield pa.RecordBatch.from_arrays(
                    [*map(batch.column, keep), predicted], names=[*keep, PROBABILITY]
                )

    return add


NEEDED: Final = ("host", "path", "query", "signals", "request_bytes", "response_bytes")


@lru_cache(maxsize=2)
def load_classifier(model: bytes) -> Any:
    """Loads the CatBoost model; a worker process does so once for all its tasks.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on features other than `FEATURES`.
    """
    return load_catboost(model, FEATURES, "the classifier", "leave selection.model empty")


def predict_probabilities(model: Any, features: Matrix) -> npt.NDArray[np.float32]:
    """Predicts the probability that each row is an API call.

    The words of hosts and paths are bounded (`ml.requests.bounds`). One thread, because Spark gives each core a task.
    """
    odds = predict_bounded(lambda rows: predict_log_odds(model, rows), features)
    return np.asarray(expit(odds), np.float32)


def predict_log_odds(model: Any, features: Matrix) -> npt.NDArray[np.float64]:
    """Predicts the model's log-odds of an API call, without the bounds on words.

    They are calibrated if the model is: for all rows by its leaves, then by the evidence that each row has.
    """
    raw = np.asarray(model.predict(features, prediction_type="RawFormulaVal", thread_count=1), np.float64)
    lines = read_lines(model)
    return raw if lines is None else lines.apply(raw, features)


def build_batch_matrix(batch: pa.RecordBatch) -> Matrix:
    """Builds the feature matrix of a batch with the columns `NEEDED`."""
    return build_matrix(*(batch.column(name) for name in NEEDED))
