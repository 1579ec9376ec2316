"""Figures by client, log and host, and mistakes with their reasons.

Counted by hand, without raw values.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.error_analysis import (
    ExplainedRows,
    describe_mistakes,
    explain_rows,
    find_worst_rows,
    sample_rows,
    summarise_shap,
)
from ml.evaluation.figures import draw_calibration, draw_curves, draw_shap_values
from ml.evaluation.measures import (
    classify_clients,
    classify_logs,
    measure_hosts,
    measure_segments,
    summarise_hosts,
)
from ml.explanation.reasons import load_explainer
from ml.requests.evidence import EVIDENCE
from ml.requests.features import FEATURES
from ml.requests.score import load_classifier, predict_log_odds
from ml.training.train import train
from tests.values.training_rows import OPTIONS, frame

LABELS = np.array([True, True, False, False, True, False])
FOUND = np.array([0.9, 0.2, 0.1, 0.7, 0.8, 0.3])


def features(**columns: list[float]) -> pd.DataFrame:
    """Returns a frame of features with some columns set, the others zero."""
    size = len(next(iter(columns.values())))
    return pd.DataFrame({name: np.zeros(size, np.float32) for name in FEATURES}).assign(**columns)


def test_class_of_client_is_read_from_the_features() -> None:
    rows = features(agent_browser=[1, 0, 0, 0], agent_bot=[0, 1, 0, 0], agent_app=[0, 0, 1, 0])
    assert classify_clients(rows).tolist() == ["browser", "bot", "app", "none"]


def test_log_is_as_rich_as_the_best_that_a_row_holds() -> None:
    rows = features(
        headers_logged=[1, 0, 0, 0, 0],
        response_untyped=[1, 0, 1, 1, 1],
        accept_none=[1, 0, 0, 1, 1],
        fetch_dest_none=[1, 0, 1, 1, 1],
        agent_none=[0, 0, 0, 0, 1],
    )
    assert tuple(classify_logs(rows)) == EVIDENCE


def test_figures_of_a_segment_are_those_of_its_rows() -> None:
    of_row = np.array(["a", "a", "a", "a", "b", "c"], object)
    figures = measure_segments({"client": of_row}, LABELS, FOUND).set_index("segment")
    names = ["rows", "api_share", "recall", "false_positive_rate", "precision", "roc_auc"]
    assert [figures.loc["a", name] for name in names] == [4, 0.5, 0.5, 0.5, 0.5, 0.75]
    assert figures.loc["b", "recall"] == 1.0
    assert pd.isna(figures.loc["b", "roc_auc"])  # no other transactions to rank against
    assert pd.isna(figures.loc["c", "recall"])
    assert figures.loc["c", "false_positive_rate"] == 0.0


def test_each_host_counts_once_and_the_worst_tenth_is_the_worst() -> None:
    hosts = np.repeat([f"h{n}" for n in range(20)], 4)
    labels = np.tile([True, True, False, False], 20)
    probabilities = np.where(labels, 0.9, 0.1)
    probabilities[:4] = [0.1, 0.1, 0.9, 0.9]  # all wrong
    probabilities[4:8] = [0.9, 0.1, 0.5, 0.05]  # half of the calls missed, one of two others taken
    table = measure_hosts(hosts, labels, probabilities)
    assert table["roc_auc"].tolist()[:3] == [0.0, 0.75, 1.0]
    assert not {"host", "h0"} & {*table.columns, *map(str, table.to_numpy().ravel())}
    figures = summarise_hosts(table)
    assert figures["host_mean_recall"] == pytest.approx((0 + 0.5 + 18) / 20)
    assert figures["host_worst_decile_recall"] == pytest.approx(0.25)
    assert figures["host_worst_decile_roc_auc"] == pytest.approx(0.375)
    assert figures["host_worst_decile_false_positive_rate"] == pytest.approx(0.75)


def test_busy_hosts_do_not_drown_the_mean_over_hosts() -> None:
    hosts = np.array(["busy"] * 98 + ["quiet"] * 2)
    labels = np.arange(100) % 2 == 0
    probabilities = np.where(labels, 0.9, 0.1)
    probabilities[98:] = [0.1, 0.9]
    assert summarise_hosts(measure_hosts(hosts, labels, probabilities))["host_mean_roc_auc"] == 0.5


def test_worst_rows_are_wrong_ones_of_each_kind_without_twins() -> None:
    kinds = ["rest", "rest", "page", "page", "rest", "page"]
    probabilities = np.array([0.2, 0.2, 0.9, 0.8, 0.4, 0.7])
    labels = np.array([True, True, False, False, True, False])
    assert find_worst_rows(kinds, labels, probabilities).tolist() == [2, 0, 3, 4]
    assert find_worst_rows(kinds, labels, labels.astype(float)).tolist() == []


def test_reasons_speak_for_the_mistake_strongest_first() -> None:
    values = np.zeros((2, len(FEATURES)))
    values[:, 3], values[:, 5], values[:, 7] = 0.5, -2.0, 1.25
    explained = ExplainedRows(np.array([0, 1]), values, np.full((2, len(FEATURES)), 1.5, np.float32))
    reasons = describe_mistakes(explained, ["page", "rest"], np.array([False, True]), np.array([0.8, 0.1]))
    assert reasons["because_1"].tolist() == [f"{FEATURES[7]}=1.5 (+1.25)", f"{FEATURES[5]}=1.5 (-2.00)"]
    assert reasons["because_2"].tolist() == [f"{FEATURES[3]}=1.5 (+0.50)", ""]
    assert reasons["probability"].tolist() == [0.8, 0.1]


def test_each_row_is_explained_by_the_model_that_had_not_seen_it() -> None:
    rows = frame()
    matrix = np.asfortranarray(rows[list(FEATURES)].to_numpy(np.float32))
    models = [train(frame(seed=seed), OPTIONS).model for seed in (1, 2)]
    explainers = [load_explainer(model) for model in models]
    fold = np.arange(len(rows), dtype=np.int32) % 2
    explained = explain_rows(explainers, [1.0, 3.0], matrix, fold, np.array([4, 7, 9]))
    for place, row in enumerate((4, 7, 9)):
        own, slope = row % 2, (1.0, 3.0)[row % 2]
        one = np.asfortranarray(matrix[[row, row + 2]])
        both = explain_rows([explainers[own]], [slope], one, np.zeros(2, np.int32), np.array([0, 1])).values
        np.testing.assert_allclose(explained.values[place], both[0])
        change = predict_log_odds(load_classifier(models[own]), one) * slope
        assert both[0].sum() - both[1].sum() == pytest.approx(change[0] - change[1])


def test_sample_is_bounded_and_repeats() -> None:
    assert sample_rows(10, seed=1).tolist() == list(range(10))
    assert len(set(sample_rows(10_000, seed=1, size=100))) == 100
    np.testing.assert_array_equal(
        sample_rows(10_000, seed=1, size=100), sample_rows(10_000, seed=1, size=100)
    )


def test_evaluation_finds_what_made_the_data() -> None:
    trained = train(frame(noise=0.1), OPTIONS)
    assert trained.tables["shap"]["feature"][0] == "response_json"
    first = trained.tables["shap"].iloc[0]
    assert first["mean_when_low"] < 0 < first["mean_when_high"]
    assert trained.tables["confusion"]["kind"][0] == "odd"
    assert trained.tables["segments"].groupby("by")["rows"].sum().tolist() == [400, 400]
    assert trained.tables["hosts"]["rows"].sum() == 400
    assert summarise_shap(trained.explained).equals(trained.tables["shap"])


def test_figures_show_what_they_are_given() -> None:
    left, right = draw_curves(LABELS, FOUND).axes
    assert left.get_xscale() == "log"
    assert np.max(np.asarray(left.lines[0].get_ydata())) == 1.0
    assert np.min(np.asarray(right.lines[0].get_xdata())) == 0.0
    labels = [line.get_label() for line in draw_calibration(LABELS, FOUND, FOUND / 2).axes[0].lines]
    assert labels[1:] == ["before calibration", "calibrated"]
    trained = train(frame(), OPTIONS)
    axes = draw_shap_values(trained.explained, FEATURES, top=5).axes[0]
    assert axes.get_yticklabels()[0].get_text() == "response_json"
    assert len(axes.collections) == 5
