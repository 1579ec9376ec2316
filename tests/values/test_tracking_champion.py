"""The life of a model in MLflow, in SQLite and on a real server.

It is logged, evaluated, promoted and read back.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.figures import draw_differences, draw_histogram
from ml.registry import tracking
from ml.registry.promotion import CHAMPION_FAVOURED, NEW_TO_BOTH, OUT_OF_FOLD
from ml.registry.store import Store, TrackingError, resolve_store
from ml.requests.features import FEATURES
from ml.requests.score import load_classifier, predict_probabilities
from ml.training.train import Trained, train
from tests.mlflow_server import mlflow_server  # noqa: F401  # fixture
from tests.values.training_rows import OPTIONS, frame

SETTINGS = SimpleNamespace(uri="", experiment="census", registered_model="classifier")
COUNTS = SimpleNamespace(labels=["0", "1", "2-5"], ml=[1, 2, 3], session=[3, 2, 1])
TABLE = pd.DataFrame({"rule": ["few sessions"], "removed": [3]})
TEXTS = (
    "CARD.md",
    "gates.json",
    "tables/confusion.json",
    "tables/hosts.json",
    "comparison/learned_from.json",
)
ARTEFACTS = {
    *("CARD.md", "gates.json", "comparison/out_of_fold.parquet", "comparison/learned_from.json"),
    *(f"figures/{name}.png" for name in ("calibration", "curves", "importances", "shap")),
    *(
        f"tables/{name}.json"
        for name in (
            "calibration",
            "confusion",
            "curation",
            "hosts",
            "importances",
            "segments",
            "shap",
            "slices",
        )
    ),
}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return resolve_store(SETTINGS, str(tmp_path_factory.mktemp("warehouse")))


def limits(**changed: float) -> SimpleNamespace:
    """Returns settings of the gates that the small models pass.

    `changed` replaces some of them.
    """
    known = {
        "min_roc_auc": 0.8,
        "max_calibration_error": 0.2,
        "max_model_bytes": 1_000_000,
        "min_kind_right": 0.0,
        "min_kind_rows": 1,
        "significance": 0.05,
        "resamples": 100,
    }
    return SimpleNamespace(**known | changed)


def check_model_lifecycle(target: Store) -> None:
    """Trains, logs and promotes models.

    A worse one does not take the alias, a better one does, and bytes are read back unchanged.
    """
    good_rows, other_rows = frame(noise=0.05), frame(noise=0.05, seed=2)
    # the second model is trained without signal
    good, bad = (
        train(good_rows, OPTIONS),
        train(other_rows.assign(response_json=0.0), OPTIONS),
    )
    first = tracking.log_training(target, good, {"trees": 12})
    refused = tracking.promote(target, first, good, good_rows, limits(min_roc_auc=0.999))
    assert not refused.promoted
    assert "gates.min_roc_auc" in refused.reason
    with pytest.raises(TrackingError, match="champion"):
        tracking.download_model(target)
    taken = tracking.promote(target, first, good, good_rows, limits())
    assert taken.promoted
    assert "no champion" in taken.results[-1].note
    second = tracking.log_training(target, bad, {"trees": 12})
    assert second.version != first.version
    kept = tracking.promote(target, second, bad, other_rows, limits(min_roc_auc=0.0))
    assert not kept.promoted
    assert "not worse than the champion" in kept.reason
    assert CHAMPION_FAVOURED in kept.reason  # the host names are the same
    new_hosts = other_rows.assign(host="new-" + other_rows["host"])
    assert NEW_TO_BOTH in tracking.promote(target, second, bad, new_hosts, limits(min_roc_auc=0.0)).reason
    again = tracking.log_training(
        target, good, {"trees": 12, "seed": 3}, tables={"curation": TABLE}, card="# Card"
    )
    same = tracking.promote(target, again, good, good_rows, limits())
    assert same.promoted
    assert OUT_OF_FOLD in same.results[-1].note
    assert same.results[-1].found == 0.0  # compared with an identical model
    features = np.asfortranarray(good_rows[list(FEATURES)].to_numpy(np.float32))
    back = predict_probabilities(load_classifier(tracking.download_model(target)), features)
    np.testing.assert_array_equal(back, predict_probabilities(load_classifier(good.model), features))
    check_logged_model(target, again, good)


def check_logged_model(target: Store, logged: tracking.LoggedRun, trained: Trained) -> None:
    """Reads the model back as a client that knows only MLflow.

    Run, tables, figures, alias and descriptions.
    """
    import mlflow

    client = mlflow.MlflowClient(target.uri, target.uri)
    run = client.get_run(logged.run_id)
    assert run.info.run_name == "train 12 hosts, seed 3"
    assert run.data.tags["gates"] == "passed"
    assert run.data.tags["mlflow.source.name"] == "apicensus train"
    assert run.data.params["data.rows"] == "400"
    assert run.data.metrics["oof/roc_auc"] == pytest.approx(trained.metrics["roc_auc"])
    assert run.data.metrics["calibration/calibration_error_uncalibrated"] > 0
    assert {"hosts/host_mean_recall", "hosts/host_worst_decile_roc_auc", "model/bytes"} <= set(
        run.data.metrics
    )
    assert run.inputs is not None
    assert run.inputs.dataset_inputs[0].dataset.digest == run.data.tags["data"]
    names = {
        item.path
        for folder in (None, "figures", "tables", "comparison")
        for item in client.list_artifacts(run.info.run_id, folder)
    }
    assert names >= ARTEFACTS
    worst = mlflow.load_table("tables/confusion.json", run_ids=[run.info.run_id])
    assert worst["kind"].iloc[0] == "odd"
    assert re.fullmatch(r"response_json=[01] \([+-]\d\.\d\d\)", worst["because_1"].iloc[0])
    version = client.get_model_version_by_alias(target.registered_model, "champion")
    assert (str(version.version), version.tags["gates"]) == (logged.version, "passed")
    assert "**Gates**" in str(version.description)
    assert "champion" in str(client.get_registered_model(target.registered_model).description)
    texts = [
        str(version.description),
        *(mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{name}") for name in TEXTS),
    ]
    assert "# Card" in texts
    assert ".example" not in "".join(texts)  # no host name appears


def test_model_goes_its_way_through_the_store_in_the_warehouse(
    local: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    check_model_lifecycle(local)
    assert capfd.readouterr() == ("", "")  # standard output belongs to the summary
    root = Path(local.uri.removeprefix("sqlite:///")).parent
    assert sorted(file.name for file in root.iterdir()) == ["mlartifacts", "mlflow.db"]
    assert {"model.cb", "MLmodel"} <= {file.name for file in root.rglob("*") if file.is_file()}


def test_model_goes_its_way_through_a_server(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    secret = server.replace("://", "://somebody:geheim@")
    check_model_lifecycle(Store(secret, None, "census", "classifier"))
    out, err = capfd.readouterr()
    assert "geheim" not in out + err
    figures = {"histogram": draw_histogram(COUNTS)}
    run = tracking.log_comparison(Store(secret, None, "census", "x"), {"hosts": 1}, figures, {})
    assert run


def test_comparison_is_a_run_with_figures_and_a_histogram(local: Store) -> None:
    metrics = {"compare/hosts": 6, "compare/agreement": 0.75}
    figures = {
        "histogram": draw_histogram(COUNTS),
        "differences": draw_differences({"unchanged": 1, "fewer": 3}),
    }
    tables = {"reasons": pd.DataFrame({"reason": ["a page"], "endpoints": [3]})}
    run = tracking.log_comparison(local, metrics, figures, tables)
    from mlflow import MlflowClient

    logged = MlflowClient(local.uri).get_run(run)
    assert logged.data.metrics == metrics
    assert logged.data.tags["step"] == "compare"
    assert {item.path for item in MlflowClient(local.uri).list_artifacts(run)} == {
        "differences.png",
        "histogram.png",
        "reasons.json",
    }


def test_missing_model_says_what_to_do(local: Store) -> None:
    with pytest.raises(TrackingError, match=r"no-such-model.*train first"):
        tracking.download_model(local, "models:/no-such-model@champion")
