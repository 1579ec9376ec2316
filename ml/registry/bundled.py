"""The model that ships with the package, so that discovery works before any training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata, resources
from typing import Any, Final

from ml.requests.score import HOST_BOUND
from ml.training.train import Trained
from pipelines.runtime.errors import ModelMismatch

MODEL: Final = "api-classifier.cbm"
CARD: Final = "card.json"
CARD_TEXT: Final = "CARD.md"
PATH_MODEL: Final = "path-classifier.cbm"
PATH_CARD: Final = "path-card.json"

LABEL_SOURCES: Final = {
    "simulated": "traffic of the project's own simulator and on nothing else",
    "session": "traffic of this warehouse, labelled by session identifiers and curated",
}


def load_bundled_model() -> bytes:
    """The bundled model's bytes, compared with the checksum on its card.

    Raises:
        ModelMismatch: the file is missing or is not the one that the card describes (a broken installation).
    """
    return _checked(MODEL, CARD)


def load_bundled_path_model() -> bytes:
    """The bytes of the bundled classifier of path segments, compared with the checksum on its card.

    Raises:
        ModelMismatch: as of `bundled`.
    """
    return _checked(PATH_MODEL, PATH_CARD)


def _checked(model: str, its_card: str) -> bytes:
    found = _file(model)
    if checksum(found) != json.loads(_file(its_card))["sha256"]:
        raise ModelMismatch(f"ml/models/{model} is not the model that its card describes: install again.")
    return found


def read_card() -> dict[str, Any]:
    """What is known of the bundled model: features, training, out-of-fold figures, checksum."""
    return dict(json.loads(_file(CARD)))


def describe_model(
    trained: Trained, training: Mapping[str, Any], simulator: Mapping[str, Any], labels: str = "simulated"
) -> dict[str, Any]:
    """A card for `trained`: the same input always gives the same card. `labels`: where the truth came from."""
    from ml.requests.features import FEATURES

    used = trained.importances[trained.importances["importance"] > 0]
    return {
        "model": MODEL,
        "version": _version(),
        "sha256": checksum(trained.model),
        "bytes": len(trained.model),
        "labels": labels,
        "training": dict(training),
        "calibration": {"slope": trained.calibrator.slope, "offset": trained.calibrator.offset},
        "simulator": dict(simulator),
        "out_of_fold": {name: round(value, 6) for name, value in trained.metrics.items()},
        "segments": json.loads(trained.tables["segments"].round(4).to_json(orient="records")),
        "slices": json.loads(trained.slices.round(4).to_json(orient="records")),
        "importances": {
            row["feature"]: round(row["importance"], 3) for row in used.head(30).to_dict("records")
        },
        "features": list(FEATURES),
    }


def render_card(card: Mapping[str, Any]) -> str:
    """The card for people, in Markdown."""
    figures = "\n".join(f"| {name} | {value:.4f} |" for name, value in card["out_of_fold"].items())
    weak, parts = _weak_rows(card), _part_rows(card)
    settings = f"version {card['version']}, " + ", ".join(
        f"{name} {value}" for name, value in {**card["simulator"], **card["training"]}.items()
    )
    return f"""# API classifier

A CatBoost model that gives each HTTP transaction a probability of being an API call, trained by `apicensus train`
on {LABEL_SOURCES.get(card["labels"], card["labels"])}: {settings}.

**Sees** {len(card["features"])} numeric features of host labels, path, query, method, status, media types,
header classes and sizes (`ml/requests/features.py`). **Never sees** Authorization, cookies, session identifiers, client
addresses, times or whole host names.

**Judged** out of fold: whole hosts, and hosts of one stack, are left out, so each figure is about sites that the
judging model had not seen. Where they are simulated, real traffic has habits that no simulator knows.

| figure | value |
|---|---|
{figures}

Where it is weakest (share decided right at 0.5):

| kind | label | rows | right |
|---|---|---|---|
{weak}

By client and by what the log holds (hosts left out, decided at 0.5):

| part | rows | API | ROC AUC | recall | false-positive rate |
|---|---|---|---|---|---|
{parts}

**Calibrated** by Platt scaling on raw scores of hosts left out, baked into the file (slope
{card["calibration"]["slope"]:.4f}, offset {card["calibration"]["offset"]:+.4f}): of transactions with a stated 0.8, about
80 % were API calls, in traffic with as many API calls as that of the training. Where these are rarer, it is right less often.

**Bounded** when it scores: words of the host's name move the log-odds by {HOST_BOUND:g} at most, either way. The figures above
are without the bound.

`{card["model"]}`: {card["bytes"]:,} bytes, SHA-256 `{card["sha256"]}`.
"""


def _weak_rows(card: Mapping[str, Any]) -> str:
    return "\n".join(
        f"| {row['slice']} | {'API' if row['is_api'] else 'other'} | {row['rows']:,} | {row['right']:.3f} |"
        for row in card["slices"][:12]
    )


def _part_rows(card: Mapping[str, Any]) -> str:
    return "\n".join(
        f"| {row['by']}: {row['segment']} | {row['rows']:,} | {row['api_share']:.3f} | {_or_none(row['roc_auc'])} "
        f"| {_or_none(row['recall'])} | {_or_none(row['false_positive_rate'])} |"
        for row in card["segments"]
    )


def _or_none(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


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
        return resources.files(__package__.rpartition(".")[0]).joinpath("models", name).read_bytes()
    except OSError as error:
        raise ModelMismatch(f"ml/models/{name} is missing: install again.") from error
