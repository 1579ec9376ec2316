"""The classifier of path steps on executors: one Arrow pass over the children of all nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql.types import FloatType, StructField, StructType

from ml.path_features import FEATURES, PLACE, Floats, matrix
from pipelines.errors import ModelMismatch

KEY: Final = ("host", "prefix", "step")
PROBABILITY: Final = "probability"

Batches = Iterator[pa.RecordBatch]


@lru_cache(maxsize=2)
def load(model: bytes) -> Any:
    """The CatBoost model of these bytes; a worker process loads it once for all of its tasks.

    Raises:
        ModelMismatch: the bytes are no model, or one of other features than `FEATURES`.
    """
    from catboost import CatBoost, CatBoostError

    way_out = "Train it again (apicensus train --classifier paths), or leave paths.model empty."
    try:
        loaded = CatBoost().load_model(blob=model)
    except CatBoostError as error:
        raise ModelMismatch(
            f"the classifier of path segments cannot be loaded ({len(model):,} bytes). {way_out}"
        ) from error
    if tuple(loaded.feature_names_) != FEATURES:
        raise ModelMismatch(f"the classifier of path segments was trained on other features. {way_out}")
    return loaded


def batch_matrix(batch: pa.RecordBatch) -> Floats:
    """The feature matrix of a batch that holds `KEY` and `PLACE`."""
    place = np.column_stack([batch.column(name).to_numpy(zero_copy_only=False) for name in PLACE])
    return matrix(
        batch.column("step").to_pylist(), batch.column("prefix").to_pylist(), place.astype(np.float32)
    )


def probabilities(model: Any, features: Floats) -> npt.NDArray[np.float32]:
    """Rows of the feature matrix → probability of being a variable. One thread: Spark gives each core a task."""
    return np.asarray(
        model.predict(features, prediction_type="Probability", thread_count=1)[:, 1], np.float32
    )


def scorer(model: Broadcast[bytes], keep: tuple[str, ...]) -> Callable[[Batches], Batches]:
    """For `mapInArrow`: batches of `KEY` and `PLACE` → `keep` and `probability`."""

    def score(batches: Batches) -> Batches:
        classifier = load(model.value)
        for batch in batches:
            if batch.num_rows:
                found = pa.array(probabilities(classifier, batch_matrix(batch)))
                yield pa.RecordBatch.from_arrays(
                    [*map(batch.column, keep), found], names=[*keep, PROBABILITY]
                )

    return score


def with_variable_probability(children: DataFrame, model: bytes) -> DataFrame:
    """Rows of `pipelines.paths.tree.children` → the same plus `probability` (float) of being a variable.

    Raises:
        ModelMismatch: the bytes are no model, or one of other features.
    """
    load(model)
    shared = children.sparkSession.sparkContext.broadcast(model)
    schema = StructType([*children.schema, StructField(PROBABILITY, FloatType(), False)])
    return children.mapInArrow(scorer(shared, tuple(children.columns)), schema)
