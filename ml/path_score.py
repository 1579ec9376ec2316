"""The classifier of path steps on executors: one Arrow pass over the children of all nodes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import FloatType, StructField, StructType

from ml.path_features import FEATURES, PLACE, Floats, matrix
from ml.serving import PROBABILITY, Probabilities, adding, loaded


@lru_cache(maxsize=2)
def load(model: bytes) -> Any:
    """The CatBoost model of these bytes; a worker process loads it once for all of its tasks.

    Raises:
        ModelMismatch: the bytes are no model, or one of other features than `FEATURES`.
    """
    way_out = "leave paths.model empty (train --classifier paths makes another)"
    return loaded(model, FEATURES, "the classifier of path segments", way_out)


def batch_matrix(batch: pa.RecordBatch) -> Floats:
    """The feature matrix of a batch that holds `prefix`, `step` and `PLACE`."""
    place = np.column_stack([batch.column(name).to_numpy(zero_copy_only=False) for name in PLACE])
    return matrix(
        batch.column("step").to_pylist(), batch.column("prefix").to_pylist(), place.astype(np.float32)
    )


def probabilities(model: Any, features: Floats) -> npt.NDArray[np.float32]:
    """Rows of the feature matrix → probability of being a variable. One thread: Spark gives each core a task."""
    return np.asarray(
        model.predict(features, prediction_type="Probability", thread_count=1)[:, 1], np.float32
    )


def with_variable_probability(children: DataFrame, model: bytes) -> DataFrame:
    """Rows of `pipelines.paths.tree.children` → the same plus `probability` (float) of being a variable.

    Raises:
        ModelMismatch: the bytes are no model, or one of other features.
    """
    load(model)
    shared = children.sparkSession.sparkContext.broadcast(model)
    schema = StructType([*children.schema, StructField(PROBABILITY, FloatType(), False)])

    def prepared() -> Probabilities:
        classifier = load(shared.value)
        return lambda batch: probabilities(classifier, batch_matrix(batch))

    return children.mapInArrow(adding(prepared, children.columns), schema)
