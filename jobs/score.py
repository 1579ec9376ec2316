"""Writes the probability of being an API call for each transaction of files."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from datetime import UTC, datetime
from secrets import token_bytes

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ingest import find_files
from ml.explanation.reasons import compute_base_value, load_explainer
from ml.explanation.spark import with_reasons
from ml.requests.spark import with_probability
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import write_scores
from pipelines.transactions.spark.staging import stage_batch
from pipelines.workflows.model import load_model
from pipelines.workflows.run import Run, ensure_writable

KEPT = ("transaction_id",)


def explain_scores(valid: DataFrame, model: bytes, folder: str, most: int) -> DataFrame:
    """Returns `transaction_id, probability, reasons`.

    All cores compute them into `folder`, before a single process writes them in order.
    """
    place = f"{folder}/_explained"  # hidden from readers of the folder, and removed with it
    with_reasons(valid, model, KEPT, most).write.mode("overwrite").parquet(place)
    return valid.sparkSession.read.parquet(place)


def score_files(
    run: Run, inputs: list[str], out: Path, format: str, warehouse: str, *, with_explanation: bool
) -> None:
    """Scores the valid transactions of files.

    Args:
        run: the run.
        inputs: files, directories or glob patterns.
        out: the file to write.
        format: the log format, or "auto".
        warehouse: its MLflow registry may hold the model.
        with_explanation: whether reasons are added.
    """
    ensure_writable(str(out.absolute().parent), "--out")
    located = find_files(run, inputs, format)
    spark, folder = run.warehouse.spark, f"{run.warehouse.root}/.{out.name}.staging"
    model = load_model(run.settings, warehouse)
    now, key = datetime.now(UTC), token_bytes(32)
    with (
        stage_batch(spark, located.files, folder, key=key, now=now, settings=run.settings) as batch,
        run.reporter.stage(f"Scoring {len(batch.files):,} files") as outcome,
    ):
        for problem in batch.unreadable:
            run.reporter.note(f"  unreadable, skipped: {problem}")
        valid = batch.rows.where(F.size("violations") == 0).withColumn("signals", packed_signals())
        if with_explanation:
            run.summary["base_log_odds"] = round(compute_base_value(load_explainer(model)), 4)
            scores = explain_scores(valid, model, folder, run.settings.selection.reasons)
        else:
            scores = with_probability(valid, model, keep=KEPT)
        scored = write_scores(scores, out)
        rejected = batch.rows.where(F.size("violations") > 0).count()
        outcome.append(f"{scored:,} transactions, {rejected:,} records rejected")
    run.finish(scored=scored, rejected=rejected, out=str(out))
