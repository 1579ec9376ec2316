"""Loads the classifiers that the settings name, and opens the tracking store."""

from __future__ import annotations

from pathlib import Path

from ml.registry import store as tracking_store
from ml.registry import tracking
from ml.registry.bundled import load_bundled_model, load_bundled_path_model
from pipelines.runtime.errors import SettingsError
from pipelines.runtime.settings import Settings


def open_store(settings: Settings, root: str) -> tracking_store.Store:
    """Opens the tracking store, by default inside the warehouse `root`."""
    return tracking_store.resolve_store(settings.tracking, root)


def load_model(settings: Settings, root: str) -> bytes:
    """Loads the classifier of requests that `selection.model` names.

    It is bundled, from the registry, or a file.

    Raises:
        SettingsError: The file cannot be read.
    """
    return _bytes(settings, root, "selection.model", settings.selection.model) or load_bundled_model()


def load_path_model(settings: Settings, root: str) -> bytes:
    """Loads the classifier of path segments that `paths.model` names.

    It is bundled, from the registry, or a file.

    Raises:
        SettingsError: The file cannot be read.
    """
    return _bytes(settings, root, "paths.model", settings.paths.model) or load_bundled_path_model()


def _bytes(settings: Settings, root: str, setting: str, chosen: str) -> bytes:
    """Loads the model that a setting names; empty if it names none."""
    if not chosen:
        return b""
    if chosen.startswith("models:/"):
        return tracking.download_model(open_store(settings, root), chosen)
    try:
        return Path(chosen).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{setting}: cannot read {chosen} ({error.strerror}). "
            "Name a .cbm file or models:/NAME@ALIAS, or leave it empty."
        ) from error
