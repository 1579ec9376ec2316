"""The probability of being an API call for each transaction of files."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: modules are found from the repository's root, not from this folder
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from datetime import UTC, datetime
from secrets import token_bytes
from typing import Annotated

import typer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ingest import files_of
from jobs.model import model_bytes
from ml.explain import base_value, explainer, with_reasons
from ml.score import with_probability
from pipelines import cli
from pipelines.errors import InputError
from pipelines.selection.scores import write_scores
from pipelines.selection.signals import packed_signals
from pipelines.transactions.staging import staged

KEPT = ("transaction_id",)


def check_ending(out: Path) -> None:
    """Refuses a name that says neither NDJSON nor Parquet."""
    if out.suffix not in (".ndjson", ".parquet"):
        raise InputError(
            str(out),
            "expected a name that ends in .ndjson or .parquet",
            "Choose the form by the ending of --out.",
        )


def explained(valid: DataFrame, model: bytes, folder: str, most: int) -> DataFrame:
    """`transaction_id, probability, reasons`, computed by all cores into `folder` before one process writes them in turn."""
    place = f"{folder}/_explained"  # hidden from whoever reads the folder, and removed with it
    with_reasons(valid, model, KEPT, most).write.mode("overwrite").parquet(place)
    return valid.sparkSession.read.parquet(place)


def score(
    inputs: cli.Inputs,
    out: Annotated[Path, typer.Option(help="FILE.ndjson or FILE.parquet.", metavar="FILE")],
    format: cli.Format = "auto",
    explain: Annotated[
        bool, typer.Option("--explain", help="Add the reasons; costs a hundred times more.")
    ] = False,
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
) -> None:
    """Writes transaction_id and probability of every valid transaction of the input; the warehouse is not touched.

    transaction_id is the RayID of Logpush; other formats get one from the file's checksum and the line. The warehouse only
    matters where selection.model names a model of its MLflow registry.

    With --explain, a row also has reasons: the selection.reasons strongest ones, each a subject (group), the feature that stands
    for it with its value, the contribution of the whole group in log-odds (above 0 speaks for an API call), and a text. All
    contributions and base_log_odds, which the summary states, add up to log(p / (1 - p)).

    \b
    Examples:
      apicensus score access.ndjson.gz --out scores.ndjson
      apicensus score captures/ --out scores.parquet --json
      apicensus score one.har --explain --out why.ndjson && jq -c '[.probability, .reasons[].text]' why.ndjson
    """
    run = cli.start("score", settings, str(out.absolute().parent), as_json, writes=False)
    check_ending(out)
    cli.writable(str(out.absolute().parent), "--out")
    found = files_of(run, inputs, format)
    spark, folder = run.warehouse.spark, f"{run.warehouse.root}/.{out.name}.staging"
    model = model_bytes(run.settings, warehouse)
    now, key = datetime.now(UTC), token_bytes(32)
    with (
        staged(spark, found.files, folder, key=key, now=now, settings=run.settings) as batch,
        run.reporter.stage(f"Scoring {len(batch.files):,} files") as outcome,
    ):
        for problem in batch.unreadable:
            run.reporter.note(f"  unreadable, left out: {problem}")
        valid = batch.rows.where(F.size("violations") == 0).withColumn("signals", packed_signals())
        if explain:
            run.summary["base_log_odds"] = round(base_value(explainer(model)), 4)
            scores = explained(valid, model, folder, run.settings.selection.reasons)
        else:
            scores = with_probability(valid, model, keep=KEPT)
        scored = write_scores(scores, out)
        rejected = batch.rows.where(F.size("violations") > 0).count()
        outcome.append(f"{scored:,} transactions, {rejected:,} records rejected")
    run.finish(scored=scored, rejected=rejected, out=str(out))


main = cli.command(score)

if __name__ == "__main__":
    sys.exit(main())
