"""The classifier: simulated traffic → features → model → MLflow run, registered version, champion."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (
    None,
    "",
):  # run as a script: modules are found from the repository's root, not from this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from datetime import UTC, date, datetime
from secrets import token_bytes
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import orjson
import pandas as pd
import typer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.model import store
from ml import tracking
from ml.bundled import CARD, CARD_TEXT, MODEL, card_text, described
from ml.score import with_features
from ml.train import Trained
from ml.train import train as fit
from pipelines import cli
from pipelines.selection.signals import packed_signals
from pipelines.simulator.writers import simulate
from pipelines.transactions.inputs import find_inputs
from pipelines.transactions.staging import staged

KEPT = ("transaction_id", "host", "kind", "is_api")


def simulated_frame(run: cli.Run, folder: Path) -> pd.DataFrame:
    """Simulated transactions as scoring sees them: the features, `is_api`, `host`, `kind`. Bounded by `training.transactions`."""
    chosen, simulator = run.settings.training, run.settings.simulator
    simulate(
        folder / "traffic",
        hosts=chosen.hosts,
        transactions=chosen.transactions,
        seed=chosen.seed,
        days=simulator.days,
        end_date=date.fromisoformat(simulator.end_date),
        format="logpush",
    )
    files = find_inputs([str(folder / "traffic")], "logpush").files
    now, spark = datetime.now(UTC), run.warehouse.spark
    with staged(
        spark, files, str(folder / "staging"), key=token_bytes(32), now=now, settings=run.settings
    ) as rows:
        frame = labelled(rows, folder / "traffic" / "truth.csv.gz").toPandas()
    return frame.sort_values("transaction_id", ignore_index=True)


def labelled(rows: DataFrame, truth: Path) -> DataFrame:
    """Judged rows and the simulator's truth → transaction_id, host, kind, is_api and the features; attacks are left out."""
    labels = rows.sparkSession.read.csv(str(truth), header=True).where("attack = '0'")
    named = labels.select(
        F.col("RayID").alias("transaction_id"), (F.col("is_api") == "1").alias("is_api"), "kind"
    )
    valid = rows.where(F.size("violations") == 0).join(F.broadcast(named), "transaction_id")
    return with_features(valid.withColumn("signals", packed_signals()), KEPT)


def train_model(run: cli.Run) -> Trained:
    """Simulates, computes the features and trains; deterministic from `training.seed`."""
    with TemporaryDirectory(prefix="apicensus-train-") as folder:
        with run.reporter.stage(
            f"Simulating {run.settings.training.transactions:,} transactions, computing features"
        ):
            frame = simulated_frame(run, Path(folder))
        with run.reporter.stage("Training with whole hosts left out") as outcome:
            trained = fit(frame, run.settings.training)
            outcome.append(f"ROC AUC {trained.metrics['roc_auc']:.4f} on hosts left out")
    with run.reporter.stage("Logging to MLflow") as outcome:
        where = store(run.settings, run.root)
        logged = tracking.log_training(where, trained, run.settings.training.model_dump())
        verdict = tracking.promote(where, logged, trained, frame, run.settings.training.min_roc_auc)
        outcome.append(
            f"version {logged.version}; champion {'moved' if verdict.promoted else 'stays'}: {verdict.reason}"
        )
    run.summary |= {"version": logged.version, "champion_moved": verdict.promoted, "reason": verdict.reason}
    return trained


def write_model(run: cli.Run, trained: Trained, out: Path) -> None:
    """Writes the model and its card as data and as text: with the default settings, what ships as `ml/models`."""
    simulator = run.settings.simulator.model_dump(include={"days", "end_date"})
    card = described(trained, run.settings.training.model_dump(), simulator)
    (out / MODEL).write_bytes(trained.model)
    (out / CARD).write_bytes(orjson.dumps(card, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    (out / CARD_TEXT).write_text(card_text(card), encoding="utf-8")


def train(
    labels: Annotated[Literal["simulated"], typer.Option(help="Where the truth comes from.")] = "simulated",
    out: Annotated[
        Path | None, typer.Option(help="Also write the model and its card there.", metavar="DIR")
    ] = None,
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
) -> None:
    """Trains the classifier on simulated traffic and registers it in MLflow; reproduces the bundled model.

    The run holds parameters, out-of-fold figures with whole hosts left out, slices, importances and the model. The alias
    champion moves only through the gate (training.min_roc_auc, not worse than the champion).

    \b
    Examples:
      apicensus train
      apicensus train --out mine --warehouse /data/census
    """
    run = cli.start("train", settings, warehouse, as_json)
    trained = train_model(run)
    if out is not None:
        write_model(run, trained, Path(cli.writable(str(out))))
    run.finish(labels=labels, **{name: round(value, 5) for name, value in trained.metrics.items()}, out=out)


main = cli.command(train)

if __name__ == "__main__":
    sys.exit(main())
