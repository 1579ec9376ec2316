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


HOST_WORDS: Final = np.array([n for n, name in enumerate(FEATURES) if name.startswith("host_word_")])
HOST_BOUND: Final = 2.0
"""Maximum change of the log-odds by the words of a host's name, in either direction: odds of 7, a hint and not a proof.

The simulator names sites by what they serve, and the model relies on that more than real names justify: without a bound, `shop.`
subtracted 5.5 from some simulated requests, more than an API's path adds. Training on hosts with arbitrary names bounds it as
well, but loses the real information in names (docs/accuracy.md)."""
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

    The words of hosts are bounded (`HOST_BOUND`). One thread, because Spark gives each core a task.
    """
    raw, rows = predict_log_odds(model, features), find_rows_with_host_words(features)
    if len(rows):
        raw[rows] -= compute_excess(raw[rows], predict_log_odds(model, clear_host_words(features[rows])))
    return np.asarray(expit(raw), np.float32)


def find_rows_with_host_words(features: Matrix) -> npt.NDArray[np.int64]:
    """Returns positions of the rows whose host contains a word."""
    return np.flatnonzero(features[:, HOST_WORDS].any(axis=1))


def clear_host_words(features: Matrix) -> Matrix:
    """Returns a copy of the rows without words of the host."""
    nameless = np.array(features, order="F")
    nameless[:, HOST_WORDS] = 0
    return nameless


def compute_excess(
    with_words: npt.NDArray[np.float64], without: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns the effect of host words on the log-odds beyond `HOST_BOUND`."""
    moved = with_words - without
    return np.asarray(moved - np.clip(moved, -HOST_BOUND, HOST_BOUND), np.float64)


def predict_log_odds(model: Any, features: Matrix) -> npt.NDArray[np.float64]:
    """Predicts the model's log-odds of an API call, without the bound on host words.

    They are calibrated if the model is.
    """
    return np.asarray(model.predict(features, prediction_type="RawFormulaVal", thread_count=1), np.float64)


def build_batch_matrix(batch: pa.RecordBatch) -> Matrix:
    """Builds the feature matrix of a batch with the columns `NEEDED`."""
    return build_matrix(*(batch.column(name) for name in NEEDED))
