"""MLflow: its address, its messages, and its privacy.

Credentials are not shown, and no telemetry is sent.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ml.registry import tracking
from ml.registry.store import QUIET_ENVIRONMENT, Store, TrackingError, hide_credentials, resolve_store

SETTINGS = SimpleNamespace(uri="", experiment="census", registered_model="classifier")


def test_unreachable_server_is_named_without_its_credentials() -> None:
    with pytest.raises(TrackingError) as caught:
        tracking.download_model(Store("http://somebody:geheim@127.0.0.1:9", None, "e", "m"))
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
    assert hide_credentials(text) == expected


def test_store_defaults_to_the_warehouse_and_shows_no_credentials() -> None:
    target = resolve_store(SETTINGS, "/data/census")
    assert (target.uri, target.artifacts) == (
        "sqlite:////data/census/mlflow.db",
        "file:///data/census/mlartifacts",
    )
    given = resolve_store(SimpleNamespace(**{**vars(SETTINGS), "uri": "http://u:geheim@h"}), "/data/census")
    assert "geheim" not in repr(given)


def test_remote_warehouse_needs_a_tracking_server() -> None:
    with pytest.raises(TrackingError, match=r"tracking\.uri"):
        resolve_store(SETTINGS, "s3a://bucket/census")


def test_telemetry_is_off(tmp_path: Path) -> None:
    code = "from ml.registry import tracking; from ml.registry.store import Store\n"
    code += "with tracking._mlflow(Store('sqlite:///t.db', None, 'e', 'm')): pass\n"
    code += (
        "import mlflow.telemetry.utils as t; from mlflow.telemetry.client import get_telemetry_client as c\n"
    )
    code += "t._IS_IN_CI_ENV_OR_TESTING = False\nassert t.is_telemetry_disabled() and c() is None\n"
    root = Path(__file__).resolve().parents[2]
    clean = {
        k: v for k, v in os.environ.items() if k not in {"CI", "PYTEST_CURRENT_TEST", *QUIET_ENVIRONMENT}
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean | {"PYTHONPATH": str(root)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
