"""A CatBoost model on executors: loaded once, checked for its features, its probabilities added to Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.requests.features import FEATURES, Matrix, build_matrix
from pipelines.runtime.errors import ModelMismatch

PROBABILITY: Final = "probability"

Batches = Iterator[pa.RecordBatch]
Probabilities = Callable[[pa.RecordBatch], npt.NDArray[np.float32]]


def load_catboost(model: bytes, features: Sequence[str], classifier: str, way_out: str) -> Any:
    """The CatBoost model of these bytes.

    Args:
        model: Its native file.
        features: What it must have been trained on, in this order.
        classifier: What errors call it.
        way_out: What a user can do but train again.

    Raises:
        ModelMismatch: the bytes are no model, or one of other features.
    """
    from catboost import CatBoost, CatBoostError

    try:
        found = CatBoost().load_model(blob=model)
    except CatBoostError as error:
        problem = f"{classifier} cannot be loaded ({len(model):,} bytes are not a CatBoost model)"
        raise ModelMismatch(f"{problem}. Train it again, or {way_out}.") from error
    names = tuple(found.feature_names_)
    if names != tuple(features):
        pairs = zip(features, names, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), None)
        where = f"first difference: expected {first[0]!r}, found {first[1]!r}" if first else "one has more"
        raise ModelMismatch(
            f"{classifier} was trained on other features: expected {len(features)}, found {len(names)}; "
            f"{where}. Train it again with this version, or {way_out}."
        )
    return found


def make_scorer(prepared: Callable[[], Probabilities], keep: Sequence[str]) -> Callable[[Batches], Batches]:
    """For `mapInArrow`: batches → `keep` and `probability`. `prepared` is called once a task, where the model is."""

    def add(batches: Batches) -> Batches:
        predict = prepared()
        for batch in batches:
            if batch.num_rows:
                found = pa.array(predict(batch))
                yield pa.RecordBatch.from_arrays(
                    [*map(batch.column, keep), found], names=[*keep, PROBABILITY]
                )

    return add


HOST_WORDS: Final = np.array([n for n, name in enumerate(FEATURES) if name.startswith("host_word_")])
HOST_BOUND: Final = 2.0
"""Log-odds that the words of a host's name may move a score, either way: the weight of a hint (odds of 7), not of a proof.

The simulator names sites by what they serve, and the model believes it more than people keep to it: unbounded, `shop.` took 5.5
off some simulated requests, more than an API's path gives. Training on hosts of any name bounds it too, but costs what names
honestly tell (docs/accuracy.md)."""
NEEDED: Final = ("host", "path", "query", "signals", "request_bytes", "response_bytes")


@lru_cache(maxsize=2)
def load_classifier(model: bytes) -> Any:
    """The CatBoost model of these bytes; a worker process loads it once for all of its tasks.

    Raises:
        ModelMismatch: the bytes are no model, or one of other features than `FEATURES`.
    """
    return load_catboost(model, FEATURES, "the classifier", "leave selection.model empty")


def predict_probabilities(model: Any, features: Matrix) -> npt.NDArray[np.float32]:
    """Rows of the feature matrix -> probability of an API call. One thread: Spark gives each core a task."""
    found, rows = predict_log_odds(model, features), find_rows_with_host_words(features)
    if len(rows):
        found[rows] -= compute_excess(found[rows], predict_log_odds(model, clear_host_words(features[rows])))
    return np.asarray(1.0 / (1.0 + np.exp(-found)), np.float32)


def find_rows_with_host_words(features: Matrix) -> npt.NDArray[np.int64]:
    """Positions of the rows whose host says a word."""
    return np.flatnonzero(features[:, HOST_WORDS].any(axis=1))


def clear_host_words(features: Matrix) -> Matrix:
    """A copy of the rows, as if the host's name said nothing."""
    nameless = np.array(features, order="F")
    nameless[:, HOST_WORDS] = 0
    return nameless


def compute_excess(
    with_words: npt.NDArray[np.float64], without: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """What the words of the host move the log-odds beyond `HOST_BOUND`; to be taken off."""
    moved = with_words - without
    return np.asarray(moved - np.clip(moved, -HOST_BOUND, HOST_BOUND), np.float64)


def predict_log_odds(model: Any, features: Matrix) -> npt.NDArray[np.float64]:
    """Rows of the feature matrix -> the model's own log-odds of an API call, calibrated if it is; nothing is bounded."""
    return np.asarray(model.predict(features, prediction_type="RawFormulaVal", thread_count=1), np.float64)


def build_batch_matrix(batch: pa.RecordBatch) -> Matrix:
    """The feature matrix of a batch that holds the columns `NEEDED`."""
    return build_matrix(*(batch.column(name) for name in NEEDED))
