"""Reasons for the probability of a transaction, from SHAP values.

Contributions of features to the log-odds are SHAP values (Lundberg & Lee, "A unified approach to interpreting model
predictions", NIPS 2017) by CatBoost's own TreeSHAP: with the base value they add up to the model's raw score, and
after the words of host and path are bounded as in scoring, to log(p / (1 - p)). They cost some hundred microseconds per
transaction, a hundred times the score, so only requested transactions are explained.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from ml.explanation.phrases import GROUPS, PHRASES, STATES, list_texts
from ml.requests.bounds import BOUNDS, predict_bounded
from ml.requests.evidence import EvidenceLines, read_lines
from ml.requests.features import FEATURES, Matrix
from ml.requests.score import load_classifier

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

REASONS: Final = "reasons"
REASON_FIELDS: Final = ("group", "feature", "value", "contribution", "text")
"""`group`: name of the features that are summed · `feature`: the one that represents them · `value`: its value ·
`contribution`: of the whole group in log-odds, > 0 for an API call · `text`: the reason in words."""

_GROUP_NAMES: Final = pa.array([group.name for group in GROUPS])
_FEATURE_NAMES: Final = pa.array(FEATURES)
_TEXTS: Final = pa.array([*list_texts("for"), *list_texts("against")])
_MEMBERS: Final = tuple(np.array([FEATURES.index(name) for name in group.features]) for group in GROUPS)
_ABOVE: Final = np.array([PHRASES[name].above for name in FEATURES])
_LOG: Final = FEATURES.index("headers_logged")
_HAS_UNKNOWN: Final = np.array([bool(PHRASES[name].unknown) for name in FEATURES])


class Explainer(NamedTuple):
    """A model prepared for SHAP values, with its scale and bias.

    raw = scale * (sum of leaves) + bias.

    CatBoost refuses SHAP values of a model whose scale is not 1. They are linear in the model's output, so those of
    the scaled model are `scale` times those of the plain one, and the bias belongs to the base value.

    Monotone constraints leave values in leaves that no training row reached. CatBoost then adds the rows that are
    being explained to the weights of all leaves, so that a row's reasons would depend on its neighbours in the batch.
    Here such leaves weigh one row, and reasons depend on model and row alone.
    """

    model: Any
    scale: float
    bias: float
    lines: EvidenceLines | None = None
    """Calibration by evidence, if the model has it."""


class Contributions(NamedTuple):
    """SHAP values and their base value, in log-odds.

    `values` is (rows, features); `base` is the mean raw score over the training rows.
    """

    values: Values
    base: float


@lru_cache(maxsize=2)
def load_explainer(model: bytes) -> Explainer:
    """Loads a model for explanations; a worker process does so once for all its tasks.

    Raises:
        ModelMismatch: the bytes are not a model, or it was trained on other features.
    """
    from catboost import CatBoost

    load_classifier(model)  # only checks the bytes; this model is shared with scoring and must not change
    return build_explainer(CatBoost().load_model(blob=model))


def build_explainer(model: Any) -> Explainer:
    """Prepares a fitted or loaded model for explanations.

    The model is changed: its scale and bias are reset to 1 and 0.
    """
    from catboost import CatBoost

    (scale, bias), lines = model.get_scale_and_bias(), read_lines(model)
    model.set_scale_and_bias(1.0, 0.0)
    with TemporaryDirectory() as folder:  # only the JSON format allows changing leaf weights
        file = Path(folder) / "model.json"
        model.save_model(str(file), format="json")
        tree = orjson.loads(file.read_bytes())
        for part in tree["oblivious_trees"]:
            part["leaf_weights"] = [weight or 1.0 for weight in part["leaf_weights"]]
        file.write_bytes(orjson.dumps(tree))
        return Explainer(CatBoost().load_model(str(file), format="json"), float(scale), float(bias), lines)


def compute_contributions(explainer: Explainer, features: Matrix) -> Contributions:
    """Computes each feature's contribution to each row.

    A line of `EvidenceLines` multiplies them all; what it changes besides is a contribution of the feature that says what the log
    has, so that the base value is one for all rows. One thread, because Spark gives each core a task.
    """
    from catboost import Pool

    rows = Pool(np.asfortranarray(features, np.float32), feature_names=list(FEATURES))
    shap = explainer.model.get_feature_importance(rows, type="ShapValues", thread_count=1)
    base = explainer.scale * float(shap[0, -1]) + explainer.bias
    values = explainer.scale * np.asarray(shap[:, :-1], np.float64)
    if explainer.lines is not None:
        slope, offset = explainer.lines.look_up(features)
        values *= slope[:, None]
        values[:, _LOG] += slope * base + offset - base
    return Contributions(values, base)


def predict_explained(explainer: Explainer, features: Matrix) -> Values:
    """Predicts log-odds that are calibrated and not bounded, as contributions are."""
    raw = np.asarray(explainer.model.predict(features, thread_count=1), np.float64)
    odds = explainer.scale * raw + explainer.bias
    return odds if explainer.lines is None else explainer.lines.apply(odds, features)


def bound_contributions(explainer: Explainer, features: Matrix, unbounded: Contributions) -> Contributions:
    """Bounds the contributions of words of host and path, as scoring does.

    The log-odds beyond a bound are subtracted from the strongest word of its group, so that the contributions add up to
    the score.
    """
    values = unbounded.values.copy()
    for index, bound in enumerate(BOUNDS):
        rows = bound.find_rows(features)
        if not len(rows):
            continue
        without = predict_bounded(
            lambda some: predict_explained(explainer, some), bound.clear(features, rows), BOUNDS[:index]
        )
        has_word, words = features[rows][:, bound.columns] > 0, values[rows][:, bound.columns]
        strongest = np.argmax(np.where(has_word, np.abs(words), -1.0), axis=1)
        values[rows, bound.columns[strongest]] -= bound.compute_excess(
            values[rows].sum(axis=1) + unbounded.base, without
        )
    return Contributions(values, unbounded.base)


def compute_base_value(explainer: Explainer) -> float:
    """Computes the base value: the mean raw score over the training rows."""
    return compute_contributions(explainer, np.zeros((1, len(FEATURES)), np.float32)).base


def sum_by_group(values: Values) -> Values:
    """Sums (rows, features) over the features of each of `GROUPS` to (rows, groups)."""
    return np.stack([values[:, members].sum(axis=1) for members in _MEMBERS], axis=1)


def select_reasons(features: Matrix, values: Values, most: int) -> pa.ListArray:
    """Returns the `most` groups of greatest |contribution| of each row.

    A list of structs like `REASON` for each row, the strongest first.

    `features` and `values` are (rows, features). Groups that contribute nothing are left out. Ties go to the group that
    comes first in `GROUPS`.
    """
    sums = sum_by_group(values)
    chosen = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :most]
    strength = np.take_along_axis(sums, chosen, axis=1)
    contributes = strength != 0
    states = _states(features)
    group, contribution = chosen[contributes], strength[contributes]
    row = np.repeat(np.arange(len(features)), contributes.sum(axis=1))
    feature = _leaders(values, states, sums)[row, group]
    text = ((contribution < 0) * len(FEATURES) + feature) * STATES + states[row, feature]
    columns = [
        _GROUP_NAMES.take(pa.array(group)),
        _FEATURE_NAMES.take(pa.array(feature)),
        pa.array(np.asarray(features[row, feature], np.float32)),
        pa.array(contribution.astype(np.float32)),
        _TEXTS.take(pa.array(text)),
    ]
    offsets = np.concatenate([[0], np.cumsum(contributes.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.StructArray.from_arrays(columns, names=list(REASON_FIELDS))
    )


def _states(features: Matrix) -> Indices:
    """Returns the state of each value: 1 present, 0 absent, 2 unknown.

    The same as `ml.explanation.phrases.find_state`, for (rows, features).
    """
    return np.where(_HAS_UNKNOWN & (features < 0), 2, features > _ABOVE).astype(np.int64)


def _leaders(values: Values, states: Indices, sums: Values) -> Indices:
    """Returns the column of the feature that represents each group: (rows, groups).

    In a group of exclusive flags it is the first that is set ("response is HTML" rather than "not JSON"); in other groups,
    and if no flag is set, the feature that contributes most in the direction of the sum.
    """
    leaders = np.empty(sums.shape, np.int64)
    for index, (group, members) in enumerate(zip(GROUPS, _MEMBERS, strict=True)):
        weight = values[:, members] * np.sign(sums[:, [index]])
        leader = np.argmax(weight, axis=1)
        if group.is_choice:
            holds = states[:, members] == 1
            leader = np.where(holds.any(axis=1), np.argmax(holds, axis=1), leader)
        leaders[:, index] = members[leader]
    return leaders
