"""Column `reasons` of many transactions in one Arrow pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, FloatType, StringType, StructField, StructType
from scipy.special import expit

from ml.explanation.reasons import (
    REASON_FIELDS,
    REASONS,
    bound_contributions,
    compute_contributions,
    load_explainer,
    select_reasons,
)
from ml.requests.score import NEEDED, PROBABILITY, Batches, build_batch_matrix, load_classifier

_NUMBERS = ("value", "contribution")
REASON: Final = StructType(
    [StructField(name, FloatType() if name in _NUMBERS else StringType(), False) for name in REASON_FIELDS]
)


def _explaining(model: Broadcast[bytes], keep: Sequence[str], most: int) -> Callable[[Batches], Batches]:
    """Returns a function for `mapInArrow` that adds `probability` and `reasons`.

    It maps batches with `NEEDED` and `keep` to batches with `keep`, `probability` and `reasons`.
    """

    def explain(batches: Batches) -> Batches:
        ready = load_explainer(model.value)
        for batch in batches:
            if batch.num_rows:
                features = build_batch_matrix(batch)
                bounded = bound_contributions(ready, features, compute_contributions(ready, features))
                raw = bounded.values.sum(axis=1) + bounded.base
                probability = pa.array(np.asarray(expit(raw), np.float32))
                reasons = select_reasons(features, bounded.values, most)
                yield pa.RecordBatch.from_arrays(
                    [*map(batch.column, keep), probability, reasons], names=[*keep, PROBABILITY, REASONS]
                )

    return explain


def with_reasons(df: DataFrame, model: bytes, keep: Sequence[str], most: int) -> DataFrame:
    """Adds `probability` (float) and `reasons` (at most `most`) to each row.

    The columns `NEEDED` and `keep` become `keep`, `probability` and `reasons`.

    `signals` is `pipelines.selection.columns.packed_signals()`. The probability equals the score, except for rounding.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on other features.
    """
    load_classifier(model)
    shared = df.sparkSession.sparkContext.broadcast(model)
    schema = StructType(
        [
            *(df.schema[name] for name in keep),
            StructField(PROBABILITY, FloatType(), False),
            StructField(REASONS, ArrayType(REASON, containsNull=False), False),
        ]
    )
    rows = df.select(*dict.fromkeys([*keep, *NEEDED]))
    return rows.mapInArrow(_explaining(shared, tuple(keep), most), schema)
