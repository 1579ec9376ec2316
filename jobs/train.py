"""Trains a classifier and registers it in MLflow."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections.abc import Mapping
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pandas as pd

from ml.registry import tracking
from ml.registry.bundled import CARD, CARD_TEXT, MODEL, describe_model, render_card
from ml.training.train import Trained
from ml.training.train import train as fit
from pipelines.runtime.files import write_atomically
from pipelines.selection.variant import Labels
from pipelines.workflows.model import open_store
from pipelines.workflows.path_training import train_path_model, write_path_model
from pipelines.workflows.run import Run, ensure_writable
from pipelines.workflows.training_data import build_session_frame, build_simulated_frame


def training_frame(run: Run, labels: Labels, folder: Path) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Returns labelled rows, and tables about them for MLflow.

    The rows have the features, `is_api`, `host`, `kind` and `stack`.
    """
    if labels == "session":
        frame, curation = build_session_frame(run, folder)
        for row in curation.itertuples():
            run.reporter.note(
                f"  {row.rows:,} {row.step}: {row.reason} → {row.label} (identifier: {row.carried_identifier})"
            )
        run.summary["curation"] = curation.to_dict("records")
        return frame, {"curation": curation}
    title = f"Simulating {run.settings.training.transactions:,} transactions, computing features"
    with run.reporter.stage(title):
        return build_simulated_frame(run, folder), {}


def train_model(run: Run, labels: Labels = "simulated") -> Trained:
    """Labels transactions, computes the features and trains.

    The result is deterministic for a given `training.seed`.
    """
    with TemporaryDirectory(prefix="apicensus-train-") as folder:
        frame, tables = training_frame(run, labels, Path(folder))
    with run.reporter.stage("Training with whole hosts left out") as outcome:
        trained = fit(frame, run.settings.training)
        outcome.append(f"ROC AUC {trained.metrics['roc_auc']:.4f} on hosts left out")
    with run.reporter.stage("Logging to MLflow") as outcome:
        where = open_store(run.settings, run.root)
        card = render_card(build_card(run, trained, labels))
        parameters = run.settings.training.model_dump() | {"labels": labels}
        if labels == "session":
            parameters |= {f"labels.{name}": value for name, value in run.settings.labels}
        logged = tracking.log_training(where, trained, parameters, tables=tables, card=card)
        decision = tracking.promote(
            where, logged, trained, frame, run.settings.gates, run.settings.training.seed
        )
        outcome.append(f"version {logged.version}; champion {'moved' if decision.promoted else 'stays'}")
    for gate in decision.results:
        run.reporter.note(f"  {'✓' if gate.passed else '✗'} {gate.gate}: {gate.note}")
    run.summary |= {"version": logged.version, "champion_moved": decision.promoted, "reason": decision.reason}
    run.summary["gates"] = {each.gate: each.passed for each in decision.results}
    return trained


def build_card(run: Run, trained: Trained, labels: Labels) -> dict[str, Any]:
    """Builds the model's card as data: settings, metrics, features, checksum."""
    simulator = run.settings.simulator.model_dump(include={"days", "end_date"})
    return describe_model(trained, run.settings.training.model_dump(), simulator, labels)


def write_model(run: Run, trained: Trained, labels: Labels, out: Path) -> None:
    """Writes the model, and its card as JSON and as text.

    With the default settings, these are the files in `ml/models`.
    """
    card = build_card(run, trained, labels)
    write_atomically(out / MODEL, trained.model)
    write_atomically(out / CARD, orjson.dumps(card, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    write_atomically(out / CARD_TEXT, render_card(card))


def train_calls(run: Run, labels: Labels, out: Path | None) -> None:
    """Trains the classifier of transactions; also writes it to `out`, if given."""
    trained = train_model(run, labels)
    if out is not None:
        write_model(run, trained, labels, Path(ensure_writable(str(out), "--out")))
    run.finish(labels=labels, **_rounded(trained.metrics), out=out)


def train_paths(run: Run, out: Path | None) -> None:
    """Trains the classifier of path segments; also writes it to `out`, if given."""
    trained = train_path_model(run)
    if out is not None:
        write_path_model(run, trained, Path(ensure_writable(str(out), "--out")))
    run.finish(classifier="paths", **_rounded(trained.metrics), out=out)


def _rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in metrics.items()}
