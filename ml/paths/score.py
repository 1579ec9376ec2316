"""The classifier of path steps as a function of steps and their context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.paths.features import FEATURES, Floats, build_matrix
from ml.requests.score import load_catboost

Scorer = Callable[[Sequence[str], Sequence[str], Floats], Floats]


@lru_cache(maxsize=2)
def load_path_classifier(model: bytes) -> Any:
    """Loads the CatBoost model; a worker process does so once for all its tasks.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on features other than `FEATURES`.
    """
    way_out = "leave paths.model empty (train --classifier paths makes another)"
    return load_catboost(model, FEATURES, "the classifier of path segments", way_out)


def predict_probabilities(model: Any, features: Floats) -> npt.NDArray[np.float32]:
    """Predicts the probability that each row's step is a variable.

    One thread, because Spark gives each core a task.
    """
    return np.asarray(
        model.predict(features, prediction_type="Probability", thread_count=1)[:, 1], np.float32
    )


def make_scorer(model: bytes) -> Scorer:
    """Returns a function that scores steps with the model.

    The function takes steps, prefixes and `CONTEXT_FEATURES` and returns probabilities of being a variable.

    It holds only the bytes, so it can be sent to executors, each of which loads the model once.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on other features.
    """
    load_path_classifier(model)
    return partial(_scored, model)


def _scored(model: bytes, steps: Sequence[str], prefixes: Sequence[str], place: Floats) -> Floats:
    return predict_probabilities(load_path_classifier(model), build_matrix(steps, prefixes, place))
