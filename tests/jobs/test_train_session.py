"""`train --labels session`: training, its report, and refusals."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml.requests.features import FEATURES
from ml.requests.score import load_classifier
from ml.training.labels import LEAKING_FEATURES

SMALL = """
training: {hosts: 40, transactions: 2600, folds: 3, trees: 40, depth: 4, learning_rate: 0.12}
labels: {min_sessions: 2, min_session_share: 0.5, max_rows_per_endpoint: 20}
"""


NOWHERE = "selection: {sessions: {'*.nowhere.example': {location: cookie, name: sid}}}\n"


@pytest.fixture
def traffic(apicensus: Callable[..., Any], tmp_path: Path) -> Path:
    """Simulated traffic of other hosts than the training's.

    Next to it are settings with its session identifiers.
    """
    folder = tmp_path / "traffic"
    made = apicensus("simulate", "--out", folder, "--hosts", 60, "--transactions", 5000, "--seed", 101)
    assert made.code == 0, made.err
    (tmp_path / "settings.yaml").write_text((folder / "settings.yaml").read_text() + SMALL)
    return folder


def test_session_labels_train_a_model_and_the_report_accounts_for_every_transaction(
    apicensus: Callable[..., Any], traffic: Path, tmp_path: Path
) -> None:
    options = ("--settings", tmp_path / "settings.yaml", "--warehouse", tmp_path / "warehouse", "--json")
    ingested = apicensus("ingest", *sorted(traffic.glob("*.ndjson.gz")), *options)
    assert ingested.code == 0, ingested.err
    done = apicensus("train", "--labels", "session", *options, "--out", tmp_path / "model")
    assert done.code == 0, done.err
    assert done.summary["labels"] == "session"
    assert done.summary["roc_auc"] > 0.9
    report = done.summary["curation"]
    by_rule = [row for row in report if row["step"] != "confident learning"]
    assert sum(row["rows"] for row in by_rule) == ingested.summary["valid"]
    assert {"rules", "left out", "repeats"} <= {row["step"] for row in by_rule}
    used = done.summary["n_api"] + done.summary["n_other"]
    kept = sum(row["rows"] for row in report if row["step"] == "rules")
    pruned = sum(row["rows"] for row in report if row["step"] == "confident learning")
    assert used * (1 - 0.33) == pytest.approx(kept - pruned, rel=0.07)  # the rest is simulated
    model = load_classifier((tmp_path / "model" / "api-classifier.cbm").read_bytes())
    used_by_model = dict(zip(FEATURES, model.get_feature_importance(), strict=True))
    assert max(used_by_model.values()) > 0
    assert {name: used_by_model[name] for name in LEAKING_FEATURES} == dict.fromkeys(LEAKING_FEATURES, 0.0)
    texts = json.dumps(report) + done.err + (tmp_path / "model" / "CARD.md").read_text()
    with gzip.open(traffic / "truth.csv.gz", "rt") as file:
        hosts = {row["host"] for row in csv.DictReader(file)}
    assert [host for host in hosts if host in texts] == []
    nowhere = tmp_path / "nowhere.yaml"
    nowhere.write_text(SMALL + NOWHERE)
    uncovered = apicensus("train", "--labels", "session", "--settings", nowhere, *options[2:])
    assert uncovered.code == 2, uncovered.err
    assert "session labels: only one class of label was found (0 API calls" in uncovered.err
    assert "--labels simulated" in uncovered.err


def test_without_identifiers_or_transactions_there_is_nothing_to_learn_from(
    apicensus: Callable[..., Any], tmp_path: Path
) -> None:
    file, root = tmp_path / "settings.yaml", ("--warehouse", tmp_path / "warehouse")
    file.write_text(SMALL)
    nobody = apicensus("train", "--labels", "session", "--settings", file, *root)
    assert (nobody.code, "selection.sessions: no session identifier" in nobody.err) == (2, True), nobody.err
    file.write_text(SMALL + NOWHERE)
    empty = apicensus("train", "--labels", "session", "--settings", file, *root)
    assert (empty.code, "no transactions" in empty.err, "apicensus ingest" in empty.err) == (2, True, True)
