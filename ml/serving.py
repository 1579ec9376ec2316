"""A CatBoost model on executors: loaded once, checked for its features, its probabilities added to Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.errors import ModelMismatch

PROBABILITY: Final = "probability"

Batches = Iterator[pa.RecordBatch]
Probabilities = Callable[[pa.RecordBatch], npt.NDArray[np.float32]]


def loaded(model: bytes, features: Sequence[str], classifier: str, way_out: str) -> Any:
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


def adding(prepared: Callable[[], Probabilities], keep: Sequence[str]) -> Callable[[Batches], Batches]:
    """For `mapInArrow`: batches → `keep` and `probability`. `prepared` is called once a task, where the model is."""

    def add(batches: Batches) -> Batches:
        probabilities = prepared()
        for batch in batches:
            if batch.num_rows:
                found = pa.array(probabilities(batch))
                yield pa.RecordBatch.from_arrays(
                    [*map(batch.column, keep), found], names=[*keep, PROBABILITY]
                )

    return add
