"""The model that ships with the package, so that discovery works before any training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata, resources
from typing import Any, Final

from ml.train import Trained
from pipelines.errors import ModelMismatch

MODEL: Final = "api-classifier.cbm"
CARD: Final = "card.json"
CARD_TEXT: Final = "CARD.md"


def bundled() -> bytes:
    """The bundled model's bytes, compared with the checksum on its card.

    Raises:
        ModelMismatch: the file is missing or is not the one that the card describes (a broken installation).
    """
    found = _file(MODEL)
    if checksum(found) != card()["sha256"]:
        raise ModelMismatch(f"ml/models/{MODEL} is not the model that its card describes: install again.")
    return found


def card() -> dict[str, Any]:
    """What is known of the bundled model: features, training, out-of-fold figures, checksum."""
    return dict(json.loads(_file(CARD)))


def described(trained: Trained, training: Mapping[str, Any], simulator: Mapping[str, Any]) -> dict[str, Any]:
    """A card for `trained`: the same input always gives the same card."""
    from ml.features import FEATURES

    used = trained.importances[trained.importances["importance"] > 0]
    return {
        "model": MODEL,
        "version": _version(),
        "sha256": checksum(trained.model),
        "bytes": len(trained.model),
        "training": dict(training),
        "simulator": dict(simulator),
        "out_of_fold": {name: round(value, 6) for name, value in trained.metrics.items()},
        "slices": json.loads(trained.slices.round(4).to_json(orient="records")),
        "importances": {
            row["feature"]: round(row["importance"], 3) for row in used.head(30).to_dict("records")
        },
        "features": list(FEATURES),
    }


def card_text(card: Mapping[str, Any]) -> str:
    """The card for people, in Markdown."""
    figures = "\n".join(f"| {name} | {value:.4f} |" for name, value in card["out_of_fold"].items())
    weak = "\n".join(
        f"| {row['slice']} | {'API' if row['is_api'] else 'other'} | {row['rows']:,} | {row['right']:.3f} |"
        for row in card["slices"][:12]
    )
    settings = f"version {card['version']}, " + ", ".join(
        f"{name} {value}" for name, value in {**card["simulator"], **card["training"]}.items()
    )
    return f"""# Bundled classifier

A CatBoost model that gives each HTTP transaction a probability of being an API call, trained by
`apicensus train --out ml/models` on traffic of the project's own simulator and on nothing else:
{settings}.

**Sees** {len(card["features"])} numeric features of host labels, path, query, method, status, media types,
header classes and sizes (`ml/features.py`). **Never sees** Authorization, cookies, session identifiers, client
addresses, times or whole host names.

**Judged** out of fold: whole hosts are left out, so each figure is about sites that the judging model had not
seen. They are simulated sites: real traffic has habits that no simulator knows.

| figure | value |
|---|---|
{figures}

Where it is weakest (share decided right at 0.5):

| kind | label | rows | right |
|---|---|---|---|
{weak}

Classes are balanced in training, so a probability is not a base rate: where API calls are rare, choose the
threshold by what a mistake costs (`selection.threshold`).

`{card["model"]}`: {card["bytes"]:,} bytes, SHA-256 `{card["sha256"]}`.
"""


def _version() -> str:
    """Version of the package, hence of features and simulator; "unknown" where it runs uninstalled from an archive."""
    try:
        return metadata.version("apicensus")
    except metadata.PackageNotFoundError:
        return "unknown"


def checksum(model: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(model).hexdigest()


def _file(name: str) -> bytes:
    try:
        return resources.files("ml").joinpath("models", name).read_bytes()
    except OSError as error:
        raise ModelMismatch(f"ml/models/{name} is missing: install again.") from error
