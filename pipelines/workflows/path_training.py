"""Trains the classifier of path segments and logs the run to MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.paths.features import FEATURES
from ml.paths.training import TrainedPaths, train_paths
from ml.registry import tracking
from ml.registry.bundled import PATH_CARD, PATH_MODEL, checksum
from pipelines.paths.rules import OPERATOR
from pipelines.paths.spark.training import WEIGHT, label_by_operators, label_children, label_paths
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.files import write_atomically
from pipelines.simulator.paths.path_calls import Paths
from pipelines.simulator.paths.path_traffic import simulate_api_paths, simulate_site_paths
from pipelines.workflows.inventory import read_transactions
from pipelines.workflows.model import open_store
from pipelines.workflows.run import Run

ROWS = pa.schema(
    [
        ("host", pa.string()), ("path", pa.string()), ("truth", pa.list_(pa.bool_())), ("clients", pa.int64()),
        ("first_day", pa.date32()), ("last_day", pa.date32()), ("calls", pa.list_(pa.int64())),
    ]
)  # fmt: skip


def build_path_training_frame(run: Run) -> pd.DataFrame:
    """Builds the training data: labelled children of path-tree nodes, weighted.

    They come from simulated APIs, simulated sites, and nodes that operators decided on.
    """
    options, spark = run.settings.path_training, run.warehouse.spark
    parts: list[tuple[DataFrame, float]] = []
    simulated = (
        (simulate_api_paths(options.apis, options.seed), 1.0),
        (simulate_site_paths(options.sites, options.seed), options.site_weight),
    )
    for hosts, weight in simulated:
        rows = pa.Table.from_pylist([*_rows(hosts)], ROWS)
        paths = label_paths(spark.createDataFrame(rows), run.settings.paths).localCheckpoint()
        parts.append((label_children(paths), weight))
    rules = PATH_RULES.read(run.warehouse).where(F.col("origin") == OPERATOR)
    if not rules.isEmpty():
        parts.append(
            (
                label_by_operators(read_transactions(run), rules, run.settings.paths),
                options.decision_weight,
            )
        )
    # sorted before any sum of floats, however Spark shuffled: the same rows give the same bytes of the model
    collected = [part.toPandas() for part, _ in parts]
    frames = [frame.sort_values([*frame.columns], ignore_index=True) for frame in collected]
    for frame, (_, weight) in zip(frames, parts, strict=True):
        frame[WEIGHT] *= weight / max(frame[WEIGHT].sum(), 1e-9)
    return pd.concat(frames, ignore_index=True)


def _rows(hosts: Iterator[tuple[str, Paths]]) -> Iterator[dict[str, object]]:
    for host, paths in hosts:
        for segments, seen in paths.items():
            yield {"host": host, "path": "/" + "/".join(segments), "truth": list(seen.truth), **seen.row()}


def train_path_model(run: Run) -> TrainedPaths:
    """Trains the model and logs the run; deterministic from `path_training.seed`."""
    with run.reporter.stage("Simulating paths, computing features") as outcome:
        frame = build_path_training_frame(run)
        outcome.append(f"{len(frame):,} segments of {frame['host'].nunique():,} hosts")
    with run.reporter.stage("Training with whole hosts left out") as outcome:
        trained = train_paths(frame, run.settings.path_training)
        outcome.append(f"ROC AUC {trained.metrics['roc_auc']:.4f} on hosts left out")
    with run.reporter.stage("Logging to MLflow"):
        tables = {"importances": trained.importances, "slices": trained.slices}
        parameters = run.settings.path_training.model_dump()
        tracking.log_path_training(
            open_store(run.settings, run.root), trained.model, trained.metrics, parameters, tables
        )
    return trained


def write_path_model(run: Run, trained: TrainedPaths, out: Path) -> None:
    """Writes the model and its card.

    With the default settings they equal those in `ml/models`.
    """
    card = {
        "model": PATH_MODEL,
        "sha256": checksum(trained.model),
        "bytes": len(trained.model),
        "features": list(FEATURES),
        "training": run.settings.path_training.model_dump(),
        "figures": {name: round(value, 5) for name, value in trained.metrics.items()},
        "importances": dict(
            zip(trained.importances["feature"], trained.importances["importance"].round(2), strict=True)
        ),
    }
    write_atomically(out / PATH_MODEL, trained.model)
    write_atomically(
        out / PATH_CARD,
        orjson.dumps(
            card, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
        ),
    )
