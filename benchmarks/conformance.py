"""Accuracy and speed of checking requests against documents.

False alarms, attacks found, requests per second and core.

Reads Logpush-style NDJSON (as ingest does), a truth (RayID, is_api, attack), and documents learned from other traffic. CPU
seconds of this process and its children are counted while staged transactions are checked; the best of several rounds is taken.

usage: python -m benchmarks conformance CHECK.ndjson.gz --truth truth.csv.gz --schemas DIR [--rounds 3]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.scoring import best_cost, compute_all
from pipelines.conformance.documents import load_documents
from pipelines.conformance.operations import build_routes
from pipelines.conformance.spark import check_requests
from pipelines.runtime.settings import load_settings
from pipelines.runtime.spark import get_session
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.spark.staging import stage_batch


def print_outcomes(checked: DataFrame, truth: str) -> None:
    """Prints the number of transactions by kind and outcome."""
    truth_rows = checked.sparkSession.read.csv(truth, header=True).withColumnRenamed(
        "RayID", "transaction_id"
    )
    succeeded = F.col("status").between(200, 299)
    kind = (
        F.when(F.col("attack") == "1", "attacks answered with 2xx")
        .when((F.col("is_api") == "1") & succeeded, "valid API calls")
        .when(F.col("is_api") == "1", "API calls that were refused")
        .otherwise("all else")
    )
    with_kind = checked.join(truth_rows.drop("host", "method"), "transaction_id").withColumn("kind", kind)
    for row in with_kind.groupBy("kind", "outcome").count().orderBy("kind", "outcome").collect():
        print(f"{row['kind']}: {row['count']:,} {row['outcome']}")


def main() -> None:
    """Prints the counts and the rate."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("check")
    parser.add_argument("--truth", required=True)
    parser.add_argument("--schemas", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = load_settings()
    routes = build_routes(load_documents(options.schemas)[0], Counter())
    spark = get_session("benchmark", settings.spark)
    files = find_inputs([options.check], "logpush").files
    with (
        tempfile.TemporaryDirectory() as folder,
        stage_batch(
            spark, files, f"{folder}/rows", key=b"k", now=datetime.now(UTC), settings=settings
        ) as batch,
    ):
        valid = batch.rows.where(F.size("violations") == 0).localCheckpoint()
        checked = check_requests(valid, routes, settings.conformance)
        print_outcomes(checked, options.truth)
        spent, _ = best_cost(compute_all(checked), options.rounds)
        requests = valid.count()
    print(f"{requests:,} requests: {requests / spent:,.0f} a CPU second")


if __name__ == "__main__":
    main()
