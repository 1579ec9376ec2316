"""Noisy labels: the report adds up, and leaking features are constant.

Too little training data is reported with the way out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.requests.features import FEATURES
from ml.training.labels import (
    LEAKING_FEATURES,
    REPORT,
    add_simulated_rows,
    check_labels,
    mask_leaking_features,
    prune_labels,
    report_rules,
    tabulate_report,
)
from pipelines.runtime.errors import InputError
from pipelines.runtime.settings import load_settings
from pipelines.workflows.training_data import with_stack
from tests.values.training_rows import frame

COUNTS = pd.DataFrame(
    [
        ("HTML document answered", False, True, False, 7),
        ("HTML document answered", False, False, True, 5),
        ("endpoint carries the identifier", True, True, False, 11),
        ("request without the identifier", None, False, False, 13),
    ],
    columns=["reason", "is_api", "carried", "repeat", "rows"],
)


def test_report_of_the_rules_counts_every_transaction_once() -> None:
    table = tabulate_report(report_rules(COUNTS, kept=18))
    assert list(table) == list(REPORT)
    assert table["rows"].sum() == COUNTS["rows"].sum()
    assert table.groupby("step")["rows"].sum().to_dict() == {"left out": 13, "repeats": 5, "rules": 18}
    assert table.groupby("label")["rows"].sum().to_dict() == {"API": 11, "none": 13, "other": 12}


def test_rows_above_the_limit_are_reported() -> None:
    assert report_rules(COUNTS, kept=10)[-1] == dict(
        zip(REPORT, ("limit", "labels.max_transactions", "any", "any", 8), strict=True)
    )


def test_leaking_features_are_features_and_constant_in_training() -> None:
    assert set(LEAKING_FEATURES) <= set(FEATURES)
    rows = mask_leaking_features(frame())
    assert {name: rows[name].unique().tolist() for name in LEAKING_FEATURES} == {
        name: [x] for name, x in LEAKING_FEATURES.items()
    }
    others = [name for name in FEATURES if name not in LEAKING_FEATURES]
    pd.testing.assert_frame_equal(rows[others], frame()[others])


def test_simulated_rows_are_not_api_calls_have_their_share_and_separate_hosts() -> None:
    labelled, simulated = frame(200), frame(2000, seed=2)
    mixed = add_simulated_rows(labelled, simulated, share=0.25, seed=1)
    pd.testing.assert_frame_equal(mixed.iloc[:200], labelled)
    added = mixed.iloc[200:]
    assert len(added) / len(mixed) == pytest.approx(0.25, abs=0.005)
    assert not added["is_api"].any()
    assert not set(added["host"]) & set(labelled["host"])
    assert len(add_simulated_rows(labelled, simulated.head(10), 0.25, 1)) <= 210


@pytest.mark.parametrize("is_api", [True, False])
def test_one_class_alone_is_refused_with_the_way_out(is_api: bool) -> None:
    with pytest.raises(InputError, match=r"only one class.*selection.sessions"):
        check_labels(frame().assign(is_api=is_api), np.arange(400), 3)


def test_api_calls_on_fewer_distinct_hosts_than_folds_are_refused() -> None:
    rows = frame()
    stacks = np.where(rows["is_api"], 0, np.arange(len(rows)))  # all API calls are of one stack
    with pytest.raises(InputError, match=r"API calls on 1 distinct hosts, at least 3 needed"):
        check_labels(rows, stacks, 3)
    check_labels(rows, np.arange(len(rows)), 3)


def test_pruning_removes_turned_labels_and_says_of_which_reason() -> None:
    rows = frame(1000, noise=0.0).assign(kind="plain")
    turned = rows.index < 20
    rows["is_api"] = rows["is_api"].to_numpy() ^ turned
    rows.loc[turned, "kind"] = "odd"
    answers_json = rows["response_json"].to_numpy()
    kept, report = prune_labels(rows, 0.05 + 0.9 * answers_json, 0.05)
    assert len(kept) == 980
    assert set(kept["kind"]) == {"plain"}
    assert sum(entry["rows"] for entry in report) == 20
    assert {entry["reason"] for entry in report} == {"odd"}
    assert {entry["label"] for entry in report} == {"API", "other"}


def test_rows_of_hosts_of_one_software_get_one_stack() -> None:
    shop = [f"GET /shop/{name}" for name in ("cart", "search", "orders", "products", "account")]
    rows = with_stack(frame(hosts=4), {"h0.example": shop, "h2.example": [*shop, "GET /"]}, load_settings())
    by_host = rows.groupby("host")["stack"].unique().map(list).to_dict()
    assert by_host == {"h0.example": [0], "h1.example": [1], "h2.example": [0], "h3.example": [2]}
