"""Command line of `apicensus train`; jobs/train.py does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from jobs.cli import command
from pipelines.selection.variant import Labels
from pipelines.workflows.run import start_run


def train(
    classifier: Annotated[
        Literal["calls", "paths"],
        typer.Option(
            help="Classifier of transactions (API call or not) or of path segments (variable or not)."
        ),
    ] = "calls",
    labels: Annotated[
        Labels,
        typer.Option(help="Labels: truth of the simulator, or session identifiers in your own traffic."),
    ] = "simulated",
    out: Annotated[
        Path | None, typer.Option(help="Also write the model and its card to this folder.", metavar="DIR")
    ] = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Trains a classifier and registers it in MLflow.

    By default it is trained on simulated traffic, which reproduces the bundled model.

    With --labels session it is trained on the warehouse's traffic: transactions that carry the session identifier of their
    host (selection.sessions) are API calls, except those that rules and confident learning remove; non-API traffic of the
    simulator is added. The summary and the MLflow run list what was removed and why (settings: labels).

    The MLflow run holds parameters, out-of-fold metrics with whole hosts left out, slices, feature importances and the model.
    The alias champion moves to the new model only if it passes every gate (settings: gates), among them that it is not worse
    than the champion.

    With --classifier paths, the classifier of path segments is trained, on simulated APIs and on the operators' decisions in
    the warehouse, if there are any (settings: path_training).

    \b
    Examples:
      apicensus train
      apicensus train --classifier paths --out mine
      apicensus train --out mine --warehouse /data/census
      apicensus train --labels session --settings sessions.yaml --warehouse /data/census
    """
    run = start_run("train", settings, warehouse, as_json, writes=False, inputs=None)
    from jobs.train import train_calls, train_paths

    if classifier == "paths":
        train_paths(run, out)
    else:
        train_calls(run, labels, out)


main = command.as_program(train)
