"""The folder `conf/`, and YAML files as nested mappings, not yet checked."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from pipelines.runtime.bounded_yaml import HAND_WRITTEN_BOUNDS, find_exceeded_bound
from pipelines.runtime.errors import SettingsError


def conf_folder() -> Traversable:
    """Returns `conf/` of the wheel, checkout or archive that has this module.

    In the wheel it is package data of `pipelines`.
    """
    package = resources.files(__package__.rpartition(".")[0])
    inside = package / "conf"
    if inside.is_dir():
        return inside
    return Path(str(package)).parent / "conf" if isinstance(package, Path) else package.parent / "conf"  # type: ignore[attr-defined]


def parse_sections(text: str, name: str) -> dict[str, Any]:
    """Parses the sections of a YAML text; errors call it `name`.

    Raises:
        SettingsError: the text is not YAML or not a mapping.
    """
    problem = find_exceeded_bound(text, HAND_WRITTEN_BOUNDS)
    if problem is not None:
        raise SettingsError(f"{name}: {problem}. Is it the right file? See conf/default.yaml for the format.")
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        detail = " ".join(str(error).split())
        raise SettingsError(f"{name}: not YAML: {detail}. See conf/default.yaml for the format.") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError(
            f"{name}: expected sections (key: value), found {type(tree).__name__}. See conf/default.yaml."
        )
    return tree


def override(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Overrides `base` with `over`, section by section; lists and values are replaced."""
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        out[key] = override(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return out
