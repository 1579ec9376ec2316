"""The models that ship with the package, so that no training is needed first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata, resources
from typing import Any, Final

from ml.requests.bounds import HOST_BOUND, PATH_BOUND
from ml.requests.evidence import EVIDENCE
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
    """Returns the bundled model's bytes, checked against the checksum on its card.

    Raises:
        ModelMismatch: the file is missing or does not match the card (a broken installation).
    """
    return _checked(MODEL, CARD)


def load_bundled_path_model() -> bytes:
    """Returns the bytes of the bundled classifier of path segments.

    They are checked against the checksum on its card.

    Raises:
        ModelMismatch: as in `load_bundled_model`.
    """
    return _checked(PATH_MODEL, PATH_CARD)


def _checked(model: str, its_card: str) -> bytes:
    content = _file(model)
    if checksum(content) != json.loads(_file(its_card))["sha256"]:
        raise ModelMismatch(f"ml/models/{model} does not match its card: reinstall the package.")
    return content


def read_card() -> dict[str, Any]:
    """Reads the card of the bundled model.

    It has features, settings of the training, out-of-fold metrics and the checksum.
    """
    return dict(json.loads(_file(CARD)))


def describe_model(
    trained: Trained, training: Mapping[str, Any], simulator: Mapping[str, Any], labels: str = "simulated"
) -> dict[str, Any]:
    """Returns the model card as data; deterministic.

    Args:
        trained: The model with its metrics.
        training: Settings of the training.
        simulator: Settings of the simulator.
        labels: Source of the labels, a key of `LABEL_SOURCES`.
    """
    from ml.requests.features import FEATURES

    used = trained.importances[trained.importances["importance"] > 0]
    return {
        "model": MODEL,
        "version": _version(),
        "sha256": checksum(trained.model),
        "bytes": len(trained.model),
        "labels": labels,
        "training": dict(training),
        "calibration": {
            **asdict(trained.calibration.general),
            "by_evidence": {
                name: asdict(line)
                for name, line in zip(EVIDENCE, trained.calibration.by_evidence, strict=True)
            },
        },
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
    """Renders the card as Markdown."""
    figures = "\n".join(f"| {name} | {value:.4f} |" for name, value in card["out_of_fold"].items())
    weak, parts, settings = _weak_rows(card), _part_rows(card), {**card["simulator"], **card["training"]}
    listed = ", ".join(f"{name} {value}" for name, value in settings.items())
    return f"""# API classifier

A CatBoost model that gives each HTTP transaction a probability of being an API call, trained by `apicensus train`
on {LABEL_SOURCES.get(card["labels"], card["labels"])}: version {card["version"]}, {listed}.

**Sees** {len(card["features"])} numeric features of host labels, path, query, method, status, media types,
header classes and sizes (`ml/requests/features.py`). **Never sees** Authorization, cookies, session identifiers, client
addresses, times or whole host names.

**Evaluated** out of fold: whole hosts, and all hosts of one stack, are held out, so each metric is of sites that the
model had not been trained on. They are simulated if the labels are: real traffic has properties that no simulator knows. A share
of the rows (`poorer_copies`) is there twice, the second time as a poorer log has it.

| metric | value |
|---|---|
{figures}

Where it is weakest (share of correct decisions at 0.5):

| kind | label | rows | correct |
|---|---|---|---|
{weak}

By client and by what the log has (held-out hosts, decisions at 0.5):

| part | rows | API | ROC AUC | recall | false-positive rate | calibration error |
|---|---|---|---|---|---|---|
{parts}

**Calibrated** by Platt scaling on raw scores of held-out hosts, included in the file (slope
{card["calibration"]["slope"]:.4f}, offset {card["calibration"]["offset"]:+.4f}), and then by what the log of a row has:

| log has | slope | offset |
|---|---|---|
{_evidence_rows(card)}

Of transactions with a predicted 0.8, about 80 % were API calls, if the traffic has as large a share of API calls as the training
data. If they are rarer, fewer are.

**Bounded** when it scores: words of the host's name change the log-odds by at most {HOST_BOUND:g} in either direction, words of
the path by at most {PATH_BOUND:g} where the media type of the response is known. The metrics above are without these bounds.

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
        f"| {_or_none(row['recall'])} | {_or_none(row['false_positive_rate'])} | {row['calibration_error']:.4f} |"
        for row in card["segments"]
    )


def _evidence_rows(card: Mapping[str, Any]) -> str:
    lines = card["calibration"]["by_evidence"].items()
    return "\n".join(f"| {name} | {line['slope']:.4f} | {line['offset']:+.4f} |" for name, line in lines)


def _or_none(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _version() -> str:
    """Returns the version of the package, and so of features and simulator.

    It is "unknown" if the package runs from an archive without being installed.
    """
    try:
        return metadata.version("apicensus")
    except metadata.PackageNotFoundError:
        return "unknown"


def checksum(model: bytes) -> str:
    """Returns the SHA-256 digest in hexadecimal."""
    return hashlib.sha256(model).hexdigest()


def _file(name: str) -> bytes:
    try:
        return resources.files(__package__.rpartition(".")[0]).joinpath("models", name).read_bytes()
    except OSError as error:
        raise ModelMismatch(f"ml/models/{name} is missing: reinstall the package.") from error
