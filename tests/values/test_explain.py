"""Reasons add up to the score, follow the model's scale, and quote no traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from catboost import CatBoost

from ml.explanation.phrases import GROUPS, find_state, list_texts
from ml.explanation.reasons import (
    Contributions,
    compute_base_value,
    compute_contributions,
    load_explainer,
    select_reasons,
    sum_by_group,
)
from ml.registry.bundled import load_bundled_model
from ml.requests.evidence import METADATA
from ml.requests.features import FEATURES, FLAGS, Matrix, build_matrix
from ml.requests.score import load_classifier, predict_log_odds, predict_probabilities
from ml.training.train import train
from pipelines.http.signals import pack
from pipelines.runtime.errors import ModelMismatch
from pipelines.simulator import Transaction
from tests.feature_rows import simulated_rows
from tests.values.training_rows import OPTIONS, frame


@pytest.fixture(scope="module")
def features(traffic: list[Transaction]) -> Matrix:
    """Every 100th simulated transaction: all kinds of traffic, 300 rows."""
    return simulated_rows(traffic[::100])


@pytest.fixture(scope="module")
def contributions(features: Matrix) -> Contributions:
    """The contributions of the bundled model to the scores of `features`."""
    return compute_contributions(load_explainer(load_bundled_model()), features)


def raw_scores(model: bytes, features: Matrix) -> Any:
    return CatBoost().load_model(blob=model).predict(features, prediction_type="RawFormulaVal")


def calibrated_model(scale: float, bias: float, folder: Path) -> bytes:
    """Bakes Platt scaling into the bundled model, without its calibration by evidence."""
    model = CatBoost().load_model(blob=load_bundled_model())
    if METADATA in [*model.get_metadata().keys()]:
        del model.get_metadata()[METADATA]
    model.set_scale_and_bias(scale, bias)
    model.save_model(str(folder / "m.cbm"))
    return (folder / "m.cbm").read_bytes()


def test_contributions_and_base_value_add_up_to_the_raw_score(
    features: Matrix, contributions: Contributions
) -> None:
    np.testing.assert_allclose(
        contributions.values.sum(axis=1) + contributions.base,
        predict_log_odds(load_classifier(load_bundled_model()), features),
        atol=1e-9,
    )
    np.testing.assert_allclose(
        sum_by_group(contributions.values).sum(axis=1), contributions.values.sum(axis=1), atol=1e-9
    )
    assert compute_base_value(load_explainer(load_bundled_model())) == pytest.approx(
        contributions.base, abs=1e-9
    )


@pytest.mark.parametrize(("scale", "bias"), [(1.7, -0.4), (0.3, 0.0), (1.0, 2.0)])
def test_contributions_follow_the_scale_and_the_base_value_takes_the_bias(
    features: Matrix, tmp_path: Path, scale: float, bias: float
) -> None:
    plain = compute_contributions(load_explainer(calibrated_model(1.0, 0.0, tmp_path)), features)
    model = calibrated_model(scale, bias, tmp_path)
    scaled = compute_contributions(load_explainer(model), features)
    np.testing.assert_allclose(
        scaled.values.sum(axis=1) + scaled.base, raw_scores(model, features), atol=1e-9
    )
    np.testing.assert_allclose(scaled.values, scale * plain.values, atol=1e-9)
    before = predict_probabilities(load_classifier(model), features)
    load_explainer(model)
    assert (
        predict_probabilities(load_classifier(model), features) == before
    ).all()  # the scorer's own model keeps its scale


def test_contributions_of_a_row_do_not_depend_on_its_neighbours(
    features: Matrix, contributions: Contributions
) -> None:
    ready = load_explainer(load_bundled_model())
    alone = compute_contributions(ready, features[7:8])
    crowd = compute_contributions(ready, np.concatenate([features[7:8], *[features[40:41]] * 3000]))
    np.testing.assert_allclose(alone.values[0], contributions.values[7], atol=1e-9)
    np.testing.assert_allclose(crowd.values[0], contributions.values[7], atol=1e-9)
    assert alone.base == pytest.approx(contributions.base, abs=1e-9) == pytest.approx(crowd.base, abs=1e-9)


def test_the_cause_that_training_rows_have_is_the_first_reason() -> None:
    rows = frame(rows=600, noise=0.02)
    features = rows[list(FEATURES)].to_numpy(np.float32)
    ready = load_explainer(train(rows, OPTIONS).model)
    first = [
        row[0]
        for row in select_reasons(features, compute_contributions(ready, features).values, 1).to_pylist()
    ]
    assert {reason["group"] for reason in first} == {"response_type"}
    speaks_for = np.array([reason["contribution"] > 0 for reason in first])
    assert (speaks_for == (features[:, FEATURES.index("response_json")] == 1)).mean() > 0.99


def test_reasons_are_the_strongest_groups_in_order(features: Matrix, contributions: Contributions) -> None:
    sums, names = sum_by_group(contributions.values), [group.name for group in GROUPS]
    for row, why in enumerate(select_reasons(features, contributions.values, 4).to_pylist()):
        strongest = sorted(np.abs(sums[row]), reverse=True)[:4]
        np.testing.assert_allclose([abs(reason["contribution"]) for reason in why], strongest, rtol=1e-5)
        for reason in why:
            assert reason["contribution"] == pytest.approx(sums[row, names.index(reason["group"])], rel=1e-5)
            assert reason["value"] == features[row, FEATURES.index(reason["feature"])]


def test_text_is_the_phrase_of_the_feature_with_its_direction(
    features: Matrix, contributions: Contributions
) -> None:
    of_direction = {"for": list_texts("for"), "against": list_texts("against")}
    members = {group.name: group.features for group in GROUPS}
    for reason in (
        reason for why in select_reasons(features, contributions.values, 99).to_pylist() for reason in why
    ):
        direction = "for" if reason["contribution"] > 0 else "against"
        place = 3 * FEATURES.index(reason["feature"]) + find_state(reason["feature"], reason["value"])
        assert reason["text"] == of_direction[direction][place]
        assert reason["feature"] in members[reason["group"]]


def test_the_flag_that_holds_stands_for_its_question(features: Matrix, contributions: Contributions) -> None:
    flags = {flag.name for flag in FLAGS}
    for row, why in enumerate(select_reasons(features, contributions.values, 99).to_pylist()):
        for reason in why:
            group = next(group for group in GROUPS if group.name == reason["group"])
            if reason["feature"] in flags and group.is_choice:
                holds = [name for name in group.features if features[row, FEATURES.index(name)] == 1]
                assert reason["feature"] in (holds[:1] or group.features)


def test_groups_that_say_nothing_are_left_out_and_ties_keep_their_order() -> None:
    values = np.zeros((3, len(FEATURES)))
    values[1, [FEATURES.index("etag"), FEATURES.index("set_cookie")]] = 0.5, -0.5
    reasons = select_reasons(np.zeros((3, len(FEATURES)), np.float32), values, 5).to_pylist()
    assert [len(why) for why in reasons] == [0, 2, 0]
    assert [reason["text"] for reason in reasons[1]] == [
        "against: response sets no cookie",
        "for: response has no ETag",
    ]


def test_no_rows_have_no_reasons() -> None:
    assert (
        select_reasons(np.zeros((0, len(FEATURES)), np.float32), np.zeros((0, len(FEATURES))), 3).to_pylist()
        == []
    )


def test_reasons_hold_nothing_of_the_traffic() -> None:
    secret = "s3cr3t-9f81"
    record = {"host": secret, "method": "GET", "status": 200, "accept": f"application/json;{secret}"}
    text, size = pa.array([f"{secret}.example"]), pa.array([12], pa.int64())
    row = build_matrix(
        text, pa.array([f"/api/{secret}"]), pa.array([f"q={secret}"]), pa.array([pack(record)]), size, size
    )
    why = select_reasons(row, compute_contributions(load_explainer(load_bundled_model()), row).values, 99)
    assert "s3cr3t" not in str(why.to_pylist())
    assert "9f81" not in str(why.to_pylist())


def test_wrong_model_is_refused() -> None:
    with pytest.raises(ModelMismatch):
        load_explainer(b"nothing")
