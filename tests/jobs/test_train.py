"""`train` on a small simulation: reproducible, registered, and gated.

The champion moves only if the gates pass.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from ml.paths.features import FEATURES
from ml.registry.bundled import load_bundled_path_model, read_card
from pipelines.runtime.settings import load_settings

SMALL = """
training: {{hosts: 30, transactions: 3500, folds: 3, trees: 30, depth: 4}}
gates: {{min_roc_auc: {gate}, max_calibration_error: 0.2, min_kind_right: 0.0}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Callable[[float], Path]:
    def write(gate: float) -> Path:
        file = tmp_path / f"small-{gate}.yaml"
        file.write_text(SMALL.format(gate=gate))
        return file

    return write


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
    settings, card = load_settings(), read_card()
    assert settings.training.model_dump().items() <= card["training"].items()
    assert card["simulator"] == settings.simulator.model_dump(include={"days", "end_date"})


PATHS = "path_training: {apis: 12, sites: 12, folds: 2, trees: 15, depth: 4}"


def test_the_classifier_of_path_segments_repeats_byte_for_byte_and_discovery_uses_it(
    apicensus: Callable[..., Any], tmp_path: Path
) -> None:
    file, root = tmp_path / "small.yaml", tmp_path / "warehouse"
    file.write_text(PATHS)
    done = [
        apicensus(
            "train", "--classifier", "paths", "--settings", file, "--warehouse", root, "--out", _create(tmp_path / name), "--json"
        )
        for name in ("one", "two")
    ]  # fmt: skip
    assert [each.code for each in done] == [0, 0], done[0].err
    assert done[0].summary["roc_auc"] > 0.9
    models = [tmp_path / name / "path-classifier.cbm" for name in ("one", "two")]
    assert models[0].read_bytes() == models[1].read_bytes()
    card = json.loads((tmp_path / "one" / "path-card.json").read_text())
    assert card["figures"]["roc_auc"] == done[0].summary["roc_auc"]
    assert card["sha256"] == hashlib.sha256(models[0].read_bytes()).hexdigest()
    file.write_text(f"paths: {{model: {models[0]}}}")
    traffic = tmp_path / "traffic"
    assert apicensus("simulate", "--out", traffic, "--hosts", 2, "--transactions", 200).code == 0
    found = apicensus(
        "discover", traffic, "--format", "logpush", "--settings", file, "--warehouse", root, "--json"
    )
    assert found.code == 0, found.err
    assert found.summary["path_rules"] > 0


def _create(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_the_card_of_the_classifier_of_path_segments_names_the_default_settings() -> None:
    card = json.loads(resources.files("ml").joinpath("models", "path-card.json").read_text())
    assert card["training"] == load_settings().path_training.model_dump()
    assert card["features"] == list(FEATURES)
    assert card["sha256"] == hashlib.sha256(load_bundled_path_model()).hexdigest()
