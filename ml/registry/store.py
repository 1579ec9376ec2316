"""Location of MLflow's runs and models, shown without credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pipelines.runtime.errors import CensusError

QUIET_ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # the printed address would contain the credentials
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # by default it takes minutes to report an unreachable server
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
NOISY_LOGGERS: Final = ("mlflow", "alembic", "urllib3", "git")
"""Environment of MLflow, so that nothing is sent or printed, and the loggers that are too verbose."""


class TrackingError(CensusError):
    """The MLflow tracking server or registry cannot be used."""


class TrackingOptions(Protocol):
    """The settings that tracking uses."""

    @property
    def uri(self) -> str: ...  # noqa: D102  # described by the settings file
    @property
    def experiment(self) -> str: ...  # noqa: D102
    @property
    def registered_model(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Store:
    """Location of runs and models.

    `artifacts` is None if the server decides. `uri` may contain credentials.
    """

    uri: str
    artifacts: str | None
    experiment: str
    registered_model: str

    def __repr__(self) -> str:
        return f"Store({hide_credentials(self.uri)!r}, {self.experiment!r}, {self.registered_model!r})"


def resolve_store(options: TrackingOptions, warehouse: str) -> Store:
    """Returns the configured store, or SQLite and a folder inside the warehouse.

    Raises:
        TrackingError: nothing is configured and the warehouse is not a local folder.
    """
    if options.uri:
        return Store(options.uri, None, options.experiment, options.registered_model)
    if re.match(r"[a-z0-9+]+://", warehouse) and not warehouse.startswith("file://"):
        raise TrackingError(
            "tracking.uri is empty and the warehouse is not a local folder: set it to an MLflow server."
        )
    root = Path(warehouse.removeprefix("file://")).absolute()
    artifacts = (root / "mlartifacts").as_uri()
    return Store(f"sqlite:///{root}/mlflow.db", artifacts, options.experiment, options.registered_model)


def hide_credentials(text: str) -> str:
    """Replaces user names and passwords of URLs in a text."""
    return re.sub(r"(\w+://)[^/\s]*@", r"\1***@", text)
