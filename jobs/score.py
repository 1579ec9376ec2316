"""The probability of being an API call for each transaction of files."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (
    None,
    "",
):  # run as a script: modules are found from the repository's root, not from this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from datetime import UTC, datetime
from secrets import token_bytes
from typing import Annotated

import typer
from pyspark.sql import functions as F

from jobs.model import model_bytes
from ml.score import with_probability
from pipelines import cli
from pipelines.errors import InputError
from pipelines.selection.scores import write_scores
from pipelines.selection.signals import packed_signals
from pipelines.transactions.inputs import find_inputs
from pipelines.transactions.staging import file_problems, raise_problem, staged

KEPT = ("transaction_id",)


def score(
    inputs: cli.Inputs,
    out: Annotated[Path, typer.Option(help="FILE.ndjson or FILE.parquet.", metavar="FILE")],
    format: cli.Format = "auto",
    settings: cli.SettingsFile = None,
    warehouse: cli.WarehouseRoot = "warehouse",
    as_json: cli.AsJson = False,
) -> None:
    """Writes transaction_id and probability of every valid transaction of the input; the warehouse is not touched.

    transaction_id is the RayID of Logpush; other formats get one from the file's checksum and the line. The warehouse only
    matters where selection.model names a model of its MLflow registry.

    \b
    Examples:
      apicensus score access.ndjson.gz --out scores.ndjson
      apicensus score captures/ --out scores.parquet --json
    """
    run = cli.start("score", settings, str(out.absolute().parent), as_json)
    if out.suffix not in (".ndjson", ".parquet"):
        raise InputError(
            str(out),
            "expected a name that ends in .ndjson or .parquet",
            "Choose the form by the ending of --out.",
        )
    found = find_inputs(inputs, format, run.settings.ingest.unreadable_files)
    spark, folder = run.warehouse.spark, f"{run.warehouse.root}/.{out.name}.staging"
    model = model_bytes(run.settings, warehouse)
    with staged(
        spark, found.files, folder, key=token_bytes(32), now=datetime.now(UTC), settings=run.settings
    ) as rows:
        problems = file_problems(rows)
        if problems and run.settings.ingest.unreadable_files == "error":
            raise_problem(problems, {entry.uri: str(entry.path or entry.uri) for entry in found.files})
        with run.reporter.stage(f"Scoring {len(found.files):,} files") as outcome:
            valid = rows.where(F.size("violations") == 0).withColumn("signals", packed_signals())
            scored = write_scores(with_probability(valid, model, keep=KEPT), out)
            rejected = rows.where(F.size("violations") > 0).count()
            outcome.append(f"{scored:,} transactions, {rejected:,} records rejected")
    run.finish(scored=scored, rejected=rejected, out=str(out))


main = cli.command(score)

if __name__ == "__main__":
    sys.exit(main())
