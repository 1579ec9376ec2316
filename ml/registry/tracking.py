"""Runs, models and the champion in MLflow: the only module that imports it.

Nothing is sent to any server but the configured tracking server, and credentials of its address are never shown.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ml.registry import record
from ml.registry.bundled import PATH_MODEL
from ml.registry.promotion import (
    LEARNED_FROM,
    PREDICTIONS,
    GateOptions,
    PromotionDecision,
    digest_rows_and_folds,
    evaluate_gates,
    fingerprint_hosts,
    predict_with_champion,
)
from ml.registry.store import NOISY_LOGGERS, QUIET_ENVIRONMENT, Store, TrackingError, hide_credentials
from ml.requests.features import FEATURES
from ml.training.train import Trained
from pipelines.runtime.errors import ModelMismatch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHAMPION: Final = "champion"


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A training run in MLflow and the version of the registered model that it made."""

    run_id: str
    version: str


def log_training(
    store: Store,
    trained: Trained,
    parameters: Mapping[str, Any],
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    card: str = "",
) -> LoggedRun:
    """Logs a run with everything about the model, and registers a version.

    Args:
        store: Location of runs and models.
        trained: The model with its out-of-fold figures.
        parameters: Settings of the training.
        tables: Additional tables, logged as `tables/NAME.json`; they must not contain raw values of traffic.
        card: The model card in Markdown, logged as `CARD.md`.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    run_name, data_digest = record.name_run(trained, parameters), digest_rows_and_folds(trained.out_of_fold)
    with (
        _mlflow(store) as mlflow,
        mlflow.start_run(run_name=run_name, tags={**_tags("train"), "data": data_digest}) as run,
    ):
        mlflow.set_tag("mlflow.note.content", record.describe_run(trained))
        mlflow.log_params({**parameters, **record.count_training_data(trained)})
        mlflow.log_input(_dataset(data_digest), context="training")
        model, version = _log_model(store, trained)
        mlflow.log_metrics(record.collect_metrics(trained), model_id=model)
        for name, figure in record.draw_figures(trained).items():
            mlflow.log_figure(figure, f"figures/{name}")
        for name, table in record.collect_tables(trained, tables).items():
            mlflow.log_table(table, f"tables/{name}")
        mlflow.log_text(card or record.describe_run(trained), "CARD.md")
        mlflow.log_dict({"marks": fingerprint_hosts(trained.out_of_fold)}, LEARNED_FROM)
        with TemporaryDirectory() as folder:
            file = Path(folder) / Path(PREDICTIONS).name
            record.select_predictions(trained).to_parquet(file, index=False)
            mlflow.log_artifact(str(file), str(Path(PREDICTIONS).parent))
        return LoggedRun(run.info.run_id, version)


def promote(
    store: Store,
    logged: LoggedRun,
    trained: Trained,
    frame: pd.DataFrame,
    options: GateOptions,
    seed: int = 0,
) -> PromotionDecision:
    """Moves the alias `champion` to the new version if it passes every gate.

    The results of the gates (`ml.registry.promotion`) are logged in the run.

    A champion that no longer fits the features is replaced.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    with _mlflow(store) as mlflow:
        client = mlflow.MlflowClient()
        version = _champion(mlflow, store)
        champion = (
            None
            if version is None
            else predict_with_champion(mlflow, version.run_id, lambda: download_model(store), trained, frame)
        )
        decision = evaluate_gates(trained, champion, options, seed)
        text, status = record.describe_run(trained, decision), "passed" if decision.promoted else "failed"
        mlflow.log_table(decision.table(), "gates.json", run_id=logged.run_id)
        client.set_tag(logged.run_id, "mlflow.note.content", text)
        client.set_tag(logged.run_id, "gates", status)
        client.update_registered_model(store.registered_model, record.MODEL_DESCRIPTION)
        client.update_model_version(store.registered_model, logged.version, text)
        client.set_model_version_tag(store.registered_model, logged.version, "gates", status)
        if decision.promoted:
            client.set_registered_model_alias(store.registered_model, CHAMPION, logged.version)
    return decision


def download_model(store: Store, address: str | None = None) -> bytes:
    """Downloads the CatBoost file of `models:/NAME@ALIAS`.

    The default is the champion of the store's registered model.

    Raises:
        TrackingError: the registry cannot be reached or has no such model.
    """
    address = address or f"models:/{store.registered_model}@{CHAMPION}"
    with _mlflow(store) as mlflow, TemporaryDirectory() as folder:
        local = Path(mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=folder))
        flavours = mlflow.models.Model.load(str(local)).flavors
        if "catboost" not in flavours:
            raise ModelMismatch(f"{address}: expected a CatBoost model, found {', '.join(sorted(flavours))}.")
        return local.joinpath(flavours["catboost"]["data"]).read_bytes()


def log_comparison(
    store: Store,
    metrics: Mapping[str, float],
    figures: Mapping[str, Figure],
    tables: Mapping[str, pd.DataFrame],
    step: str = "compare",
) -> str:
    """Logs a run of a comparison; returns its id.

    Figures are logged as NAME.png, tables as NAME.json. By default it is the comparison of variants.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    with _mlflow(store) as mlflow, mlflow.start_run(run_name=step, tags=_tags(step)) as run:
        mlflow.log_metrics({name: float(value) for name, value in metrics.items()})
        for name, table in tables.items():
            mlflow.log_table(table, f"{name}.json")
        for name, figure in figures.items():
            mlflow.log_figure(figure, f"{name}.png")
        return str(run.info.run_id)


def log_path_training(
    store: Store,
    model: bytes,
    metrics: Mapping[str, float],
    parameters: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
) -> str:
    """Logs a training run of the classifier of path segments; returns its id.

    The model is an artefact of the run.

    Raises:
        TrackingError: MLflow cannot be reached or refuses.
    """
    with _mlflow(store) as mlflow, mlflow.start_run(run_name="train paths", tags=_tags("train")) as run:
        mlflow.log_params(dict(parameters))
        mlflow.log_metrics({f"oof/{name}": float(value) for name, value in metrics.items()})
        for name, table in tables.items():
            mlflow.log_table(table.round(5), f"tables/{name}.json")
        with TemporaryDirectory() as folder:
            file = Path(folder) / PATH_MODEL
            file.write_bytes(model)
            mlflow.log_artifact(str(file), "model")
        return str(run.info.run_id)


def _tags(step: str) -> dict[str, str]:
    """Returns tags with the step, also as the run's source.

    By default the source would be the path of a script on this machine.
    """
    return {"step": step, "mlflow.source.name": f"apicensus {step}", "mlflow.source.type": "JOB"}


def _dataset(data_digest: str) -> Any:
    """Returns the dataset's name and digest for the run's page.

    Rows and their origin are not logged.
    """
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    kind: Any = MetaDataset  # typed as abstract, although it is not
    return kind(CodeDatasetSource(tags={}), name="transactions", digest=data_digest)


def _log_model(store: Store, trained: Trained) -> tuple[str, str]:
    """Logs and registers the model; returns its id and its version."""
    import mlflow.catboost as flavour
    from catboost import CatBoostClassifier
    from catboost import __version__ as catboost_version
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    info = flavour.log_model(
        CatBoostClassifier().load_model(blob=trained.model),
        name="classifier",
        signature=ModelSignature(
            inputs=Schema([ColSpec("float", name) for name in FEATURES]), outputs=Schema([ColSpec("double")])
        ),
        # otherwise MLflow starts a process to infer them
        pip_requirements=[f"catboost=={catboost_version}"],
        registered_model_name=store.registered_model,
    )
    return str(info.model_id), str(info.registered_model_version)


def _champion(mlflow: Any, store: Store) -> Any | None:
    """Returns the champion's model version; None if the alias is not set."""
    try:
        return mlflow.MlflowClient().get_model_version_by_alias(store.registered_model, CHAMPION)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


@contextmanager
def _mlflow(store: Store) -> Iterator[Any]:
    """Yields MLflow, configured for the store, silent, its errors without credentials."""
    for name, value in QUIET_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    local = store.uri.startswith("sqlite:///")
    if local:
        Path(store.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")  # of MLflow's dependencies: a user cannot fix them
        import mlflow
        import mlflow.catboost

        for name in NOISY_LOGGERS:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            mlflow.set_tracking_uri(store.uri)
            mlflow.set_registry_uri(store.uri)
            if mlflow.get_experiment_by_name(store.experiment) is None:
                kind = {
                    "mlflow.experimentKind": "custom_model_development"
                }  # otherwise the UI opens in the mode for chat models
                mlflow.create_experiment(store.experiment, artifact_location=store.artifacts, tags=kind)
            mlflow.set_experiment(store.experiment)
            yield mlflow
        except mlflow.exceptions.MlflowException as error:
            message = hide_credentials(str(error)).splitlines()[0].rstrip(".")
            way_out = "Check tracking.uri and selection.model, or train first."
            raise TrackingError(f"MLflow at {hide_credentials(store.uri)}: {message}. {way_out}") from None
