"""The classifier: simulated traffic → features → model → MLflow run, registered version, champion."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import orjson
import pandas as pd
import typer

from jobs.model import store
from jobs.path_training import train_path_model, write_path_model
from jobs.training_data import session_frame, simulated_frame
from ml import tracking
from ml.bundled import CARD, CARD_TEXT, MODEL, card_text, described
from ml.train import Trained
from ml.train import train as fit
from pipelines import cli
from pipelines.whole_file import write_whole

Labels = Literal["simulated", "session"]


def training_frame(
    run: cli.Run, labels: Labels, folder: Path
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Labelled rows (features, `is_api`, `host`, `kind`, `stack`), and tables about them for MLflow."""
    if labels == "session":
        frame, curation = session_frame(run, folder)
        for row in curation.itertuples():
            run.reporter.note(
                f"  {row.rows:,} {row.step}: {row.reason} → {row.label} (identifier: {row.carried_identifier})"
            )
        run.summary["curation"] = curation.to_dict("records")
        return frame, {"curation": curation}
    title = f"Simulating {run.settings.training.transactions:,} transactions, computing features"
    with run.reporter.stage(title):
        return simulated_frame(run, folder), {}


def train_model(run: cli.Run, labels: Labels = "simulated") -> Trained:
    """Labels transactions, computes the features and trains; deterministic from `training.seed`."""
    with TemporaryDirectory(prefix="apicensus-train-") as folder:
        frame, tables = training_frame(run, labels, Path(folder))
    with run.reporter.stage("Training with whole hosts left out") as outcome:
        trained = fit(frame, run.settings.training)
        outcome.append(f"ROC AUC {trained.metrics['roc_auc']:.4f} on hosts left out")
    with run.reporter.stage("Logging to MLflow") as outcome:
        where = store(run.settings, run.root)
        card = card_text(card_of(run, trained, labels))
        parameters = run.settings.training.model_dump() | {"labels": labels}
        if labels == "session":
            parameters |= {f"labels.{name}": value for name, value in run.settings.labels}
        logged = tracking.log_training(where, trained, parameters, tables=tables, card=card)
        verdict = tracking.promote(
            where, logged, trained, frame, run.settings.gates, run.settings.training.seed
        )
        outcome.append(f"version {logged.version}; champion {'moved' if verdict.promoted else 'stays'}")
    for gate in verdict.outcomes:
        run.reporter.note(f"  {'✓' if gate.passed else '✗'} {gate.gate}: {gate.note}")
    run.summary |= {"version": logged.version, "champion_moved": verdict.promoted, "reason": verdict.reason}
    run.summary["gates"] = {each.gate: each.passed for each in verdict.outcomes}
    return trained


def card_of(run: cli.Run, trained: Trained, labels: Labels) -> dict[str, Any]:
    """The model's card as data: settings, figures, features, checksum."""
    simulator = run.settings.simulator.model_dump(include={"days", "end_date"})
    return described(trained, run.settings.training.model_dump(), simulator, labels)


def write_model(run: cli.Run, trained: Trained, labels: Labels, out: Path) -> None:
    """Writes the model and its card as data and as text: with the default settings, what ships as `ml/models`."""
    card = card_of(run, trained, labels)
    write_whole(out / MODEL, trained.model)
    write_whole(out / CARD, orjson.dumps(card, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    write_whole(out / CARD_TEXT, card_text(card))


def train(
    classifier: Annotated[
        Literal["calls", "paths"],
        typer.Option(help="Of transactions (is it an API call) or of path segments (is it a variable)."),
    ] = "calls",
    labels: Annotated[
        Labels, typer.Option(help="Truth of the simulator, or the session identifiers of your own traffic.")
    ] = "simulated",
    out: Annotated[
        Path | None, typer.Option(help="Also write the model and its card there.", metavar="DIR")
    ] = None,
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
) -> None:
    """Trains the classifier and registers it in MLflow; by default on simulated traffic, which reproduces the bundled model.

    With --labels session it learns from the warehouse: transactions that carry the identifier of their host
    (selection.sessions) are API calls but for what rules and confident learning remove; non-API traffic of the simulator is
    added. What was removed and why is in the summary and the run (settings: labels).

    The run holds parameters, out-of-fold figures with whole hosts left out, slices, importances and the model. The alias
    champion moves only if every gate holds (settings `gates`; not worse than the champion).

    With --classifier paths it learns which segments of paths are variables, from simulated APIs and, where the warehouse has
    them, from operators' decisions (settings: path_training).

    \b
    Examples:
      apicensus train
      apicensus train --classifier paths --out mine
      apicensus train --out mine --warehouse /data/census
      apicensus train --labels session --settings sessions.yaml --warehouse /data/census
    """
    run = cli.start("train", settings, warehouse, as_json, writes=False)
    if classifier == "paths":
        paths = train_path_model(run)
        if out is not None:
            write_path_model(run, paths, Path(cli.writable(str(out), "--out")))
        run.finish(
            classifier=classifier, **{name: round(value, 5) for name, value in paths.metrics.items()}, out=out
        )
        return
    trained = train_model(run, labels)
    if out is not None:
        write_model(run, trained, labels, Path(cli.writable(str(out), "--out")))
    run.finish(labels=labels, **{name: round(value, 5) for name, value in trained.metrics.items()}, out=out)


main = cli.command(train)

if __name__ == "__main__":
    sys.exit(main())
