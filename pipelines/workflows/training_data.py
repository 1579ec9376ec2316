"""Training data of the classifier of requests: simulated or labelled by session.

Hosts that answer to the same methods and shapes of paths probably run the same software (a stack).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_bytes

import pandas as pd
from pyspark import StorageLevel
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from ml.requests.score import NEEDED
from ml.requests.spark import with_features
from ml.training import labels
from ml.training.poorer_logs import add_poorer_copies
from ml.training.stacks import group_by_stack
from ml.training.train import train as fit
from pipelines.http.status import NOT_MODIFIED, SUCCESSFUL
from pipelines.paths.spark.templates import with_shape
from pipelines.runtime.errors import InputError
from pipelines.runtime.settings import Settings
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import count_labels, select_training_rows, with_repeats, with_session_label
from pipelines.simulator.output.writers import simulate
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.spark.staging import stage_batch
from pipelines.transactions.tables import TRANSACTIONS
from pipelines.workflows.run import Run


def find_host_shapes(shaped: DataFrame, max_shapes: int) -> DataFrame:
    """Finds the `max_shapes` most requested shapes per host.

    Only requests with a 2xx or 304 count: scanners request the same paths, which do not exist, from every host.

    Args:
        shaped: `host, method, path_shape, status, ...`.
        max_shapes: Number of shapes per host.

    Returns:
        `host`, `shapes` (such as "GET /wp-content/{}", sorted).
    """
    successful = shaped.where(F.col("status").between(*SUCCESSFUL) | (F.col("status") == NOT_MODIFIED))
    token = F.concat_ws(" ", "method", "path_shape").alias("token")
    counted = successful.groupBy("host", token).count()
    busiest = Window.partitionBy("host").orderBy(F.desc("count"), "token")
    kept = counted.withColumn("rank", F.row_number().over(busiest)).where(F.col("rank") <= max_shapes)
    return kept.groupBy("host").agg(F.sort_array(F.collect_set("token")).alias("shapes"))


KEPT = ("transaction_id", "host", "kind", "is_api")
LABELLED = tuple(dict.fromkeys((*KEPT, *NEEDED, "method", "path_shape", "status", "carried", "reason")))
"""Columns of a labelled transaction that are kept."""
STACK = "stack"

Shapes = Mapping[str, Collection[str]]


def build_simulated_frame(run: Run, folder: Path) -> pd.DataFrame:
    """Builds training data from simulated transactions.

    Returns:
        Features as in scoring, `is_api`, `host`, `kind`, `stack`. The settings limit the number of rows; a share of them
        follows once more, as poorer logs have them.
    """
    frame, shapes = build_simulated_rows(run, folder)
    training = run.settings.training
    return add_poorer_copies(with_stack(frame, shapes, run.settings), training.poorer_copies, training.seed)


def build_simulated_rows(run: Run, folder: Path) -> tuple[pd.DataFrame, Shapes]:
    """Builds labelled simulated rows, and the shapes of paths of each host."""
    settings, simulator = run.settings, run.settings.simulator
    simulate(
        folder / "traffic",
        hosts=settings.training.hosts,
        transactions=settings.training.transactions,
        seed=settings.training.seed,
        days=simulator.days,
        end_date=date.fromisoformat(simulator.end_date),
        format="logpush",
    )
    files = find_inputs([str(folder / "traffic")], "logpush").files
    now, spark = datetime.now(UTC), run.warehouse.spark
    with stage_batch(
        spark, files, str(folder / "staging"), key=token_bytes(32), now=now, settings=settings
    ) as batch:
        rows = batch.rows
        frame = label_simulated(rows, folder / "traffic" / "truth.csv.gz").toPandas()
        shapes = collect_shapes(with_shape(rows.where(F.size("violations") == 0), settings.paths), settings)
    return frame.sort_values("transaction_id", ignore_index=True), shapes


def label_simulated(rows: DataFrame, truth: Path) -> DataFrame:
    """Labels checked rows by the simulator's truth; attacks are left out.

    Returns:
        transaction_id, host, kind, is_api and the features.
    """
    labels_by_id = (
        rows.sparkSession.read.csv(str(truth), header=True)
        .where("attack = '0'")
        .select(F.col("RayID").alias("transaction_id"), (F.col("is_api") == "1").alias("is_api"), "kind")
    )
    valid = rows.where(F.size("violations") == 0).join(F.broadcast(labels_by_id), "transaction_id")
    return with_features(valid.withColumn("signals", packed_signals()), KEPT)


def collect_shapes(shaped: DataFrame, settings: Settings) -> dict[str, list[str]]:
    """Collects the most requested shapes by host, at most `stacks.max_shapes` each."""
    rows = find_host_shapes(shaped, settings.stacks.max_shapes).collect()
    return {row["host"]: row["shapes"] for row in rows}


def with_stack(frame: pd.DataFrame, shapes: Shapes, settings: Settings) -> pd.DataFrame:
    """Adds `stack`, the number of the group of hosts that run the same software.

    Hosts without shapes are groups of their own.
    """
    shapes_of_host = {host: shapes.get(host, ()) for host in frame["host"].unique()}
    return frame.assign(**{STACK: frame["host"].map(group_by_stack(shapes_of_host, settings.stacks))})


def build_session_frame(run: Run, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Builds curated training data, labelled by session identifiers.

    Returns:
        Rows for training, and a report of what was removed and why.

    Raises:
        InputError: No identifier is configured, there are no transactions, or too little is left to learn from.
    """
    settings, reporter = run.settings, run.reporter
    with reporter.stage("Labelling transactions by session identifier") as outcome:
        rows, report, shapes = build_session_rows(run)
        labels.check_labels(
            rows, with_stack(rows, shapes, settings)[STACK].to_numpy(), settings.training.folds
        )
        outcome.append(f"{len(rows):,} rows, {int(rows['is_api'].sum()):,} of them API calls")
    with reporter.stage("Simulating transactions that are not API calls") as outcome:
        simulated, others = build_simulated_rows(run, folder)
        frame = labels.add_simulated_rows(
            rows, simulated, settings.labels.simulated_share, settings.training.seed
        )
        outcome.append(f"{len(frame) - len(rows):,} added")
    shapes = {**shapes, **{labels.name_simulated_host(host): tokens for host, tokens in others.items()}}
    frame = with_stack(labels.mask_leaking_features(frame), shapes, settings)
    with reporter.stage("Looking for wrong labels with whole hosts left out") as outcome:
        probabilities = fit(frame, settings.training).out_of_fold["probability"].to_numpy()
        own = len(rows)  # the rest is simulated: its labels are known
        kept, removed = labels.prune_labels(
            frame[:own], probabilities[:own], settings.labels.max_pruned_share
        )
        frame = pd.concat([kept, frame[own:]], ignore_index=True)
        outcome.append(f"{sum(entry['rows'] for entry in removed):,} rows removed")
    return frame, labels.tabulate_report([*report, *removed])


def build_session_rows(run: Run) -> tuple[pd.DataFrame, labels.Report, Shapes]:
    """Labels rows of the warehouse by session identifiers alone.

    Returns:
        The rows, the report on them, and the shapes of paths of their hosts.

    Raises:
        InputError: No identifier is configured, or there are no transactions.
    """
    settings = run.settings
    sessions = settings.selection.sessions
    if not sessions:
        way_out = "Name the header or cookie of your hosts there (README, Settings), or train with --labels simulated."
        raise InputError("selection.sessions", "no session identifier is configured", way_out)
    transactions = TRANSACTIONS.read(run.warehouse)
    if transactions.isEmpty():
        way_out = "Ingest traffic first (apicensus ingest INPUT…), or train with --labels simulated."
        raise InputError(run.root, "the warehouse has no transactions", way_out)
    with_labels = with_session_label(
        transactions, sessions=sessions, paths=settings.paths, settings=settings.labels
    )
    narrow = (
        with_labels.withColumn("signals", packed_signals())
        .withColumn("kind", F.col("reason"))
        .select(*LABELLED)
    )
    kept = with_repeats(narrow, settings.labels).persist(StorageLevel.DISK_ONLY)  # read three times
    try:
        counts = count_labels(kept).toPandas()
        frame = with_features(select_training_rows(kept, settings.labels), KEPT).toPandas()
        names = run.warehouse.spark.createDataFrame(
            [(host,) for host in frame["host"].unique()], "host string"
        )
        shapes = collect_shapes(kept.join(F.broadcast(names), "host", "left_semi"), settings)
    finally:
        kept.unpersist()
    frame = frame.sort_values(["transaction_id", "host"], kind="stable", ignore_index=True)
    return frame, labels.report_rules(counts, len(frame)), shapes
