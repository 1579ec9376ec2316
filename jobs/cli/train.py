"""Arguments of `apicensus train`; the work is done by jobs/train.py."""

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
        typer.Option(help="Of transactions (is it an API call) or of path segments (is it a variable)."),
    ] = "calls",
    labels: Annotated[
        Labels, typer.Option(help="Truth of the simulator, or the session identifiers of your own traffic.")
    ] = "simulated",
    out: Annotated[
        Path | None, typer.Option(help="Also write the model and its card there.", metavar="DIR")
    ] = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
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
    run = start_run("train", settings, warehouse, as_json, writes=False, inputs=None)
    from jobs.train import train_calls, train_paths

    if classifier == "paths":
        train_paths(run, out)
    else:
        train_calls(run, labels, out)


main = command.as_program(train)
