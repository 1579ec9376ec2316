"""Which classifier a step uses, and where MLflow keeps its runs: shared by the steps that need them."""

from __future__ import annotations

from pathlib import Path

from ml import store as tracking_store
from ml import tracking
from ml.bundled import bundled
from pipelines.errors import SettingsError
from pipelines.settings import Settings


def store(settings: Settings, root: str) -> tracking_store.Store:
    """The tracking store of the settings, by default inside the warehouse `root`."""
    return tracking_store.store(settings.tracking, root)


def model_bytes(settings: Settings, root: str) -> bytes:
    """The classifier that `selection.model` names: bundled, from the registry, or a file.

    Raises:
        SettingsError: the file cannot be read.
    """
    chosen = settings.selection.model
    if not chosen:
        return bundled()
    if chosen.startswith("models:/"):
        return tracking.model_bytes(store(settings, root), chosen)
    try:
        return Path(chosen).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"selection.model: cannot read {chosen} ({error.strerror}). "
            "Name a .cbm file or models:/NAME@ALIAS, or leave it empty."
        ) from error
