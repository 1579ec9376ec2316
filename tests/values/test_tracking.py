"""MLflow: runs, versions and the champion, in SQLite and on a real server; credentials stay unseen."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ml import tracking
from ml.compare import histogram_figure
from ml.features import FEATURES
from ml.score import load, probabilities
from ml.store import Store, TrackingError, shown, store
from ml.train import train
from tests.values.training_rows import OPTIONS, frame

SETTINGS = SimpleNamespace(uri="", experiment="census", registered_model="classifier")
COUNTS = SimpleNamespace(labels=["0", "1", "2-5"], ml=[1, 2, 3], session=[3, 2, 1])


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store(SETTINGS, str(tmp_path_factory.mktemp("warehouse")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    environment = os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        yield _healthy(f"http://127.0.0.1:{port}", process, folder / "log")
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:  # noqa: S310  # loopback
                if answer.status == 200:
                    return address
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"mlflow server did not start: {log.read_text()[-2000:]}")


def check_the_way_of_a_model(target: Store) -> None:
    """Train, log, promote; a worse one does not take the alias; a better one does; bytes come back."""
    good_rows, bad_rows = frame(noise=0.05), frame(noise=0.4, seed=2)
    good, bad = train(good_rows, OPTIONS), train(bad_rows, OPTIONS)
    first = tracking.log_training(target, good, {"trees": 12})
    assert not tracking.promote(target, first, good, good_rows, min_roc_auc=0.999).promoted
    with pytest.raises(TrackingError, match="champion"):
        tracking.model_bytes(target)
    taken = tracking.promote(target, first, good, good_rows, min_roc_auc=0.8)
    assert taken.promoted
    assert taken.champion_roc_auc is None
    second = tracking.log_training(target, bad, {"trees": 12})
    assert second.version != first.version
    kept = tracking.promote(target, second, bad, bad_rows, min_roc_auc=0.1)
    assert not kept.promoted
    assert "worse than the champion" in kept.reason
    again = tracking.log_training(target, good, {"trees": 12})
    assert tracking.promote(target, again, good, good_rows, min_roc_auc=0.8).champion_roc_auc == taken.roc_auc
    features = np.asfortranarray(good_rows[list(FEATURES)].to_numpy(np.float32))
    back = probabilities(load(tracking.model_bytes(target)), features)
    np.testing.assert_array_equal(back, probabilities(load(good.model), features))


def test_model_goes_its_way_through_the_store_in_the_warehouse(
    local: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    check_the_way_of_a_model(local)
    assert capfd.readouterr() == ("", "")  # standard output belongs to the summary
    root = Path(local.uri.removeprefix("sqlite:///")).parent
    assert sorted(file.name for file in root.iterdir()) == ["mlartifacts", "mlflow.db"]
    names = {file.name for file in root.rglob("*") if file.is_file()}
    assert {
        "slices.json",
        "importances.json",
        "calibration.png",
        "importances.png",
        "model.cb",
        "MLmodel",
    } <= names


def test_model_goes_its_way_through_a_server(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    secret = server.replace("://", "://somebody:geheim@")
    check_the_way_of_a_model(Store(secret, None, "census", "classifier"))
    out, err = capfd.readouterr()
    assert "geheim" not in out + err
    run = tracking.log_comparison(Store(secret, None, "census", "x"), {"hosts": 1}, histogram_figure(COUNTS))
    assert run


def test_comparison_is_a_run_with_figures_and_a_histogram(local: Store) -> None:
    metrics = {"hosts": 6, "agreement": 0.75}
    run = tracking.log_comparison(local, metrics, histogram_figure(COUNTS))
    from mlflow import MlflowClient

    found = MlflowClient(local.uri).get_run(run)
    assert found.data.metrics == metrics
    assert found.data.tags["step"] == "compare"
    assert {item.path for item in MlflowClient(local.uri).list_artifacts(run)} == {
        "figures.json",
        "histogram.png",
    }


def test_missing_model_says_what_to_do(local: Store) -> None:
    with pytest.raises(TrackingError, match=r"no-such-model.*train first"):
        tracking.model_bytes(local, "models:/no-such-model@champion")


def test_unreachable_server_is_named_without_its_credentials() -> None:
    with pytest.raises(TrackingError) as caught:
        tracking.model_bytes(Store("http://somebody:geheim@127.0.0.1:9", None, "e", "m"))
    assert "http://***@127.0.0.1:9" in str(caught.value)
    assert "geheim" not in str(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:p@db/x failed", "postgresql://***@db/x failed"),
        ("http://token@h and https://a:b@c", "http://***@h and https://***@c"),
        ("http://u:p@ss@host/", "http://***@host/"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("mail a@b.example", "mail a@b.example"),
    ],
)
def test_addresses_are_shown_without_credentials(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_store_defaults_to_the_warehouse_and_shows_no_credentials() -> None:
    found = store(SETTINGS, "/data/census")
    assert (found.uri, found.artifacts) == (
        "sqlite:////data/census/mlflow.db",
        "file:///data/census/mlartifacts",
    )
    given = store(SimpleNamespace(**{**vars(SETTINGS), "uri": "http://u:geheim@h"}), "/data/census")
    assert "geheim" not in repr(given)


def test_remote_warehouse_needs_a_tracking_server() -> None:
    with pytest.raises(TrackingError, match=r"tracking\.uri"):
        store(SETTINGS, "s3a://bucket/census")


def test_telemetry_is_off(tmp_path: Path) -> None:
    code = "from ml import tracking; from ml.store import Store\n"
    code += "with tracking._mlflow(Store('sqlite:///t.db', None, 'e', 'm')): pass\n"
    code += (
        "import mlflow.telemetry.utils as t; from mlflow.telemetry.client import get_telemetry_client as c\n"
    )
    code += "t._IS_IN_CI_ENV_OR_TESTING = False\nassert t.is_telemetry_disabled() and c() is None\n"
    root = Path(__file__).resolve().parents[2]
    clean = {k: v for k, v in os.environ.items() if k not in {"CI", "PYTEST_CURRENT_TEST", *tracking.QUIET}}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean | {"PYTHONPATH": str(root)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
