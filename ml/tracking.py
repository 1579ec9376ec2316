"""Runs, models and the champion in MLflow: the only module that imports it.

Nothing is sent to anybody but the configured tracking server, and no credential of its address is ever shown.
"""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ml.features import FEATURES
from ml.figures import calibration_figure, importance_figure
from ml.score import load, probabilities
from ml.store import Store, TrackingError, shown
from ml.train import HOST, LABEL, Trained
from pipelines.errors import ModelMismatch

CHAMPION: Final = "champion"
QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # the printed address would hold the credentials
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # by default minutes pass before it says that nobody is there
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
NOISY: Final = ("mlflow", "alembic", "urllib3", "git")


@dataclass(frozen=True, slots=True)
class Logged:
    """A training run in MLflow and the version of the registered model that it made."""

    run_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the champion alias moved, and why; `champion_roc_auc` is None where there was none to beat."""

    promoted: bool
    reason: str
    roc_auc: float
    champion_roc_auc: float | None


def log_training(store: Store, trained: Trained, parameters: Mapping[str, Any]) -> Logged:
    """One run: parameters, out-of-fold metrics, slices, importances, figures, and a registered version.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    with _mlflow(store) as mlflow, mlflow.start_run(run_name="train", tags={"step": "train"}) as run:
        mlflow.log_params(dict(parameters))
        mlflow.log_metrics(trained.metrics)
        mlflow.set_tag("data", digest(trained.out_of_fold))
        mlflow.log_table(trained.slices, "slices.json")
        mlflow.log_table(trained.importances, "importances.json")
        judged, top = trained.out_of_fold, trained.importances.head(30)
        figure = calibration_figure(judged[LABEL].to_numpy(np.bool_), judged["probability"].to_numpy())
        mlflow.log_figure(figure, "calibration.png")
        mlflow.log_figure(importance_figure([*top["feature"]], [*top["importance"]]), "importances.png")
        version = _log_model(store, trained.model)
        return Logged(run.info.run_id, version)


def promote(
    store: Store, logged: Logged, trained: Trained, frame: pd.DataFrame, min_roc_auc: float
) -> Verdict:
    """Moves the alias `champion` to the new version if it passes the gate and is not worse than the champion.

    The champion is judged on the same rows: by its own out-of-fold figure where it was trained on the same
    data, else by its probabilities for them. One that no longer fits the features loses.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    found = trained.metrics["roc_auc"]
    if found < min_roc_auc:
        return Verdict(False, f"ROC AUC {found:.4f} is below training.min_roc_auc {min_roc_auc}", found, None)
    with _mlflow(store) as mlflow:
        client = mlflow.MlflowClient()
        holder = _champion(mlflow, store)
        best = None if holder is None else _roc_auc(mlflow, store, holder, trained, frame)
        if best is not None and found < best:
            return Verdict(False, f"ROC AUC {found:.4f} is worse than the champion's {best:.4f}", found, best)
        client.set_registered_model_alias(store.registered_model, CHAMPION, logged.version)
    against = "there was no champion that fits" if best is None else f"the champion has {best:.4f}"
    return Verdict(True, f"ROC AUC {found:.4f}; {against}", found, best)


def model_bytes(store: Store, address: str | None = None) -> bytes:
    """The CatBoost file of `models:/NAME@ALIAS` (default: the champion of the store's registered model).

    Raises:
        TrackingError: the registry cannot be reached or holds no such model.
    """
    address = address or f"models:/{store.registered_model}@{CHAMPION}"
    with _mlflow(store) as mlflow, TemporaryDirectory() as folder:
        local = Path(mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=folder))
        flavours = mlflow.models.Model.load(str(local)).flavors
        if "catboost" not in flavours:
            raise ModelMismatch(f"{address}: expected a CatBoost model, found {', '.join(sorted(flavours))}.")
        return local.joinpath(flavours["catboost"]["data"]).read_bytes()


def log_comparison(store: Store, metrics: Mapping[str, float], figure: Figure) -> str:
    """A run of the comparison of variants; returns its id.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    with _mlflow(store) as mlflow, mlflow.start_run(run_name="compare", tags={"step": "compare"}) as run:
        mlflow.log_metrics({name: float(value) for name, value in metrics.items()})
        mlflow.log_table({"metric": list(metrics), "value": [*map(float, metrics.values())]}, "figures.json")
        mlflow.log_figure(figure, "histogram.png")
        return str(run.info.run_id)


def digest(out_of_fold: pd.DataFrame) -> str:
    """Identifies rows and folds: equal digests mean that out-of-fold figures can be compared directly."""
    rows = pd.util.hash_pandas_object(out_of_fold[[HOST, "kind", LABEL, "fold"]], index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()[:16]


def _log_model(store: Store, model: bytes) -> str:
    import mlflow.catboost as flavour
    from catboost import CatBoostClassifier
    from catboost import __version__ as catboost_version
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    signature = ModelSignature(
        inputs=Schema([ColSpec("float", name) for name in FEATURES]), outputs=Schema([ColSpec("double")])
    )
    info = flavour.log_model(
        CatBoostClassifier().load_model(blob=model),
        name="classifier",
        signature=signature,
        pip_requirements=[
            f"catboost=={catboost_version}"
        ],  # given, else MLflow starts a process to infer them
        registered_model_name=store.registered_model,
    )
    return str(info.registered_model_version)


def _champion(mlflow: Any, store: Store) -> Any | None:
    """The champion's model version, None where the alias points nowhere."""
    try:
        return mlflow.MlflowClient().get_model_version_by_alias(store.registered_model, CHAMPION)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _roc_auc(mlflow: Any, store: Store, holder: Any, trained: Trained, frame: pd.DataFrame) -> float | None:
    """The champion's figure on these rows; None where it cannot judge them."""
    run = mlflow.MlflowClient().get_run(holder.run_id)
    if run.data.tags.get("data") == digest(trained.out_of_fold):
        return float(run.data.metrics["roc_auc"])
    try:
        champion = load(model_bytes(store))
    except ModelMismatch:
        return None
    from sklearn.metrics import roc_auc_score

    features = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32))
    return float(roc_auc_score(frame[LABEL].to_numpy(np.bool_), probabilities(champion, features)))


@contextmanager
def _mlflow(store: Store) -> Iterator[Any]:
    """MLflow, pointed at the store, silent, its errors without credentials."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    local = store.uri.startswith("sqlite:///")
    if local:
        Path(store.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")  # of libraries below MLflow: nothing a user could mend
        import mlflow
        import mlflow.catboost

        for name in NOISY:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            mlflow.set_tracking_uri(store.uri)
            mlflow.set_registry_uri(store.uri)
            if mlflow.get_experiment_by_name(store.experiment) is None:
                mlflow.create_experiment(store.experiment, artifact_location=store.artifacts)
            mlflow.set_experiment(store.experiment)
            yield mlflow
        except mlflow.exceptions.MlflowException as error:
            said = shown(str(error)).splitlines()[0].rstrip(".")
            way_out = "Check tracking.uri and selection.model, or train first."
            raise TrackingError(f"MLflow at {shown(store.uri)}: {said}. {way_out}") from None
