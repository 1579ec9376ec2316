"""The classifier on executors: probability or features in one Arrow pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql.types import FloatType, StructField, StructType

from ml.requests.features import FEATURES
from ml.requests.score import (
    NEEDED,
    PROBABILITY,
    Batches,
    Probabilities,
    build_batch_matrix,
    load_classifier,
    make_scorer,
    predict_probabilities,
)


def make_batch_scorer(model: Broadcast[bytes], keep: Sequence[str]) -> Callable[[Batches], Batches]:
    """Returns a function for `mapInArrow` that adds the probability.

    It maps batches with `NEEDED` and `keep` to batches with `keep` and `probability`.
    """

    def prepared() -> Probabilities:
        classifier = load_classifier(model.value)
        return lambda batch: predict_probabilities(classifier, build_batch_matrix(batch))

    return make_scorer(prepared, keep)


def make_batch_featurizer(keep: Sequence[str]) -> Callable[[Batches], Batches]:
    """Returns a function for `mapInArrow` that adds the features.

    It maps batches with `NEEDED` and `keep` to batches with `keep` and one float column per feature.
    """

    def featurize(batches: Batches) -> Batches:
        for batch in batches:
            if batch.num_rows:
                columns = map(pa.array, build_batch_matrix(batch).T)
                yield pa.RecordBatch.from_arrays(
                    [*map(batch.column, keep), *columns], names=[*keep, *FEATURES]
                )

    return featurize


def with_probability(df: DataFrame, model: bytes, keep: Sequence[str]) -> DataFrame:
    """Adds `probability` (float) to each row.

    The columns `NEEDED` and `keep` become `keep` and `probability`.

    `signals` is `pipelines.selection.columns.packed_signals()`. The model is checked here, before any work
    is planned.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on other features.
    """
    load_classifier(model)
    shared = df.sparkSession.sparkContext.broadcast(model)
    schema = StructType([*_kept(df, keep), StructField(PROBABILITY, FloatType(), False)])
    return df.select(*dict.fromkeys([*keep, *NEEDED])).mapInArrow(
        make_batch_scorer(shared, tuple(keep)), schema
    )


def with_features(df: DataFrame, keep: Sequence[str]) -> DataFrame:
    """Adds the features (floats), as scoring uses them, to each row.

    The columns `NEEDED` and `keep` become `keep` and the features.
    """
    features = [StructField(name, FloatType(), False) for name in FEATURES]
    schema = StructType([*_kept(df, keep), *features])
    return df.select(*dict.fromkeys([*keep, *NEEDED])).mapInArrow(make_batch_featurizer(tuple(keep)), schema)


def _kept(df: DataFrame, keep: Sequence[str]) -> list[StructField]:
    return [df.schema[name] for name in keep]
