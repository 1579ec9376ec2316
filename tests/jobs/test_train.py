"""`train` end to end on a small simulation: the same bytes twice, a registered version, the champion behind a gate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml.bundled import card
from pipelines import settings as settings_module

SMALL = """
training: {{hosts: 30, transactions: 3500, folds: 3, trees: 30, depth: 4}}
gates: {{min_roc_auc: {gate}, max_calibration_error: 0.2, min_kind_right: 0.0}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Callable[[float], Path]:
    def written(gate: float) -> Path:
        file = tmp_path / f"small-{gate}.yaml"
        file.write_text(SMALL.format(gate=gate))
        return file

    return written


def test_training_repeats_byte_for_byte_and_the_first_model_becomes_champion(
    apicensus: Callable[..., Any], small: Callable[[float], Path], tmp_path: Path
) -> None:
    root = tmp_path / "warehouse"
    first = apicensus(
        "train", "--settings", small(0.8), "--warehouse", root, "--out", tmp_path / "one", "--json"
    )
    assert first.code == 0, first.err
    assert first.summary["roc_auc"] > 0.8
    assert (first.summary["version"], first.summary["champion_moved"]) == ("1", True)
    again = apicensus(
        "train", "--settings", small(1.0), "--warehouse", root, "--out", tmp_path / "two", "--json"
    )
    assert again.code == 0, again.err
    assert (again.summary["version"], again.summary["champion_moved"]) == ("2", False)
    assert "gates.min_roc_auc" in again.summary["reason"]
    assert list(again.summary["gates"].values()).count(False) == 1
    models = [(tmp_path / name / "api-classifier.cbm").read_bytes() for name in ("one", "two")]
    assert models[0] == models[1]
    chosen = tmp_path / "champion.yaml"
    chosen.write_text("selection: {model: 'models:/apicensus-classifier@champion'}")
    traffic = tmp_path / "traffic"
    assert apicensus("simulate", "--out", traffic, "--hosts", 2, "--transactions", 100).code == 0
    scores = tmp_path / "scores.ndjson"
    scored = apicensus(
        "score", traffic, "--format", "logpush", "--out", scores, "--settings", chosen, "--warehouse", root
    )
    assert scored.code == 0, scored.err
    assert all(0 <= json.loads(line)["probability"] <= 1 for line in scores.read_text().splitlines())


def test_the_bundled_models_card_names_the_default_settings() -> None:
    settings, known = settings_module.load(), card()
    assert settings.training.model_dump().items() <= known["training"].items()
    assert known["simulator"] == settings.simulator.model_dump(include={"days", "end_date"})
