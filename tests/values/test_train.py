"""Training: held-out rows stay out, runs are reproducible, bad data is reported."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ml.registry.bundled import checksum, describe_model, load_bundled_model, read_card, render_card
from ml.requests.evidence import EVIDENCE
from ml.requests.features import FEATURES, TRENDS
from ml.requests.score import load_classifier, predict_probabilities
from ml.training.split import split_folds
from ml.training.train import train, weigh_hosts
from pipelines.runtime.errors import InputError, ModelMismatch
from tests.values.training_rows import OPTIONS, frame


def test_same_frame_and_settings_give_the_same_bytes() -> None:
    rows = frame()
    first, second = train(rows, OPTIONS), train(rows.copy(), OPTIONS)
    assert first.model == second.model
    assert first.metrics == second.metrics
    pd.testing.assert_frame_equal(first.out_of_fold, second.out_of_fold)


def test_another_seed_gives_another_model() -> None:
    rows = frame()
    other = SimpleNamespace(**{**vars(OPTIONS), "seed": 4})
    assert train(rows, OPTIONS).model != train(rows, other).model


def test_no_host_is_in_both_halves_of_a_fold_and_each_row_is_scored_once() -> None:
    rows = frame()
    labels, hosts = rows["is_api"].to_numpy(), rows["host"].to_numpy()
    scored = np.zeros(len(rows), int)
    for learn, check in split_folds(labels, hosts, count=OPTIONS.folds, seed=OPTIONS.seed):
        assert not set(hosts[learn]) & set(hosts[check])
        scored[check] += 1
    assert (scored == 1).all()


def test_rule_of_the_data_is_found_and_its_mistakes_are_not_learned() -> None:
    trained = train(frame(noise=0.1), OPTIONS)
    assert trained.importances["feature"][0] == "response_json"
    assert 0.85 < trained.metrics["roc_auc"] < 0.97  # nine tenths can be predicted, no more
    right = trained.slices.set_index(["slice", "is_api"])["right"]
    assert right["plain", True] > 0.99
    assert right["odd", True] == 0.0


def test_memory_of_hosts_does_not_help_out_of_fold() -> None:
    rows = frame(noise=0.5)  # labels are coin tosses
    rows["is_api"] = rows["host"].isin(["h1.example", "h2.example", "h3.example", "h4.example"])
    rows["path_length"] = rows["host"].str[1:].str.split(".").str[0].astype(np.float32)  # identifies the host
    assert train(rows, OPTIONS).metrics["roc_auc"] < 0.95


def test_more_evidence_of_a_trend_never_lowers_the_probability_whatever_the_data_say() -> None:
    rows = frame(noise=0.3)
    for name, trend in TRENDS.items():  # data with the opposite trend
        label = rows[name] == (0 if trend > 0 else 1)
        model = load_classifier(train(rows.assign(is_api=label), OPTIONS).model)
        low = np.asfortranarray(frame(seed=9)[list(FEATURES)].to_numpy(np.float32))
        high = low.copy(order="F")
        low[:, FEATURES.index(name)], high[:, FEATURES.index(name)] = 0, 1
        change = predict_probabilities(model, high) - predict_probabilities(model, low)
        assert (change * trend >= -1e-6).all(), name


def test_busy_hosts_weigh_more_in_all_but_less_a_row() -> None:
    hosts = np.array(["busy"] * 100 + ["quiet"] * 4)
    weights = weigh_hosts(hosts)
    assert weights.mean() == pytest.approx(1.0)
    assert weights[0] * 5 == pytest.approx(weights[-1])
    assert weights[:100].sum() == pytest.approx(5 * weights[100:].sum())


@pytest.mark.parametrize("is_api", [True, False])
def test_one_class_alone_is_refused_with_the_way_out(is_api: bool) -> None:
    with pytest.raises(InputError, match=r"only one class of label.*at least 3 hosts"):
        train(frame().assign(is_api=is_api), OPTIONS)


def test_fewer_hosts_than_folds_are_refused() -> None:
    with pytest.raises(InputError, match="fewer hosts than folds"):
        train(frame(hosts=2), OPTIONS)


def test_bytes_that_are_not_a_model_are_refused() -> None:
    with pytest.raises(ModelMismatch, match="not a CatBoost model"):
        load_classifier(b"not a model")


def test_model_of_other_features_is_refused_with_the_first_difference() -> None:
    from catboost import CatBoostClassifier

    names = [*FEATURES[:5], "another", *FEATURES[6:]]
    model = CatBoostClassifier(iterations=1, verbose=False, allow_writing_files=False, thread_count=1)
    model.fit(
        pd.DataFrame(np.eye(len(names)), columns=names), [0, 1] * (len(names) // 2) + [0] * (len(names) % 2)
    )
    with pytest.raises(ModelMismatch, match=f"expected '{FEATURES[5]}', found 'another'"):
        load_classifier(model._serialize_model())


def test_bundled_model_fits_this_version_and_its_card() -> None:
    assert tuple(read_card()["features"]) == FEATURES
    assert checksum(load_bundled_model()) == read_card()["sha256"]
    load_classifier(load_bundled_model())
    assert len(load_bundled_model()) < 400_000  # it is broadcast to every executor
    assert read_card()["out_of_fold"]["roc_auc"] > 0.98


def test_bundled_models_card_reports_every_kind_of_log_and_its_probabilities_are_shares() -> None:
    card = read_card()
    logs = {row["segment"]: row for row in card["segments"] if row["by"] == "log"}
    assert set(logs) == set(card["calibration"]["by_evidence"]) == set(EVIDENCE)
    for name, row in logs.items():
        assert row["rows"] > 10_000, name
        assert row["calibration_error"] < 0.01, name  # stated and observed, on hosts left out
        assert row["recall"] > 0.94, name
        assert row["false_positive_rate"] < 0.04, name


def test_card_says_where_the_model_is_weak() -> None:
    trained = train(frame(), OPTIONS)
    made = describe_model(trained, {"trees": 12}, {"hosts": 3})
    assert json.loads(json.dumps(made)) == made
    text = render_card(made)
    assert made["sha256"] in text
    assert "| odd | API |" in text
    assert "trees 12" in text
    assert "| client: browser |" in text
    assert f"slope\n{trained.calibration.general.slope:.4f}" in text
    assert all(
        f"| {name} | 1.0000 | +0.0000 |" in text for name in EVIDENCE
    )  # too few rows for lines of their own
    assert "own simulator and on nothing else" in text
    assert "session identifiers and curated" in render_card(describe_model(trained, {}, {}, "session"))
