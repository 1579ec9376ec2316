"""Values learned per second and core, from transactions to inferred schemas.

As `learn` does it, and its first parts alone.

Transactions are made in Spark: four endpoints, six query parameters each (numbers, an enum, words, identifiers, a time),
many clients. CPU seconds of this process and its children are counted; the first round warms up, of the others the best is
taken.

usage: python -m benchmarks learning [--transactions 400000] [--rounds 3] [--json]
"""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.figures import Figure, argument_parser, report
from benchmarks.machine import describe_machine
from benchmarks.scoring import best_cost, compute_all
from pipelines.endpoints.spark.client_days import is_guess
from pipelines.runtime.settings import Settings, load_settings
from pipelines.runtime.spark import get_session
from pipelines.schemas.extraction.spark import extract_batches, mark_excluded_clients
from pipelines.schemas.learning.spark import build_slices, compute_slice_states, infer_schemas
from pipelines.schemas.statistics.spark.maps import MAPS_SCHEMA, find_maps
from pipelines.schemas.validation.spark import find_outlier_clients, parameter_senders

BUDGET = 250_000
PARAMETERS = 7
"""Values of a transaction: one in the path, six in the query."""
HEADERS = ["accept", "accept-encoding", "host", "user-agent", "x-request-id"]
"""Header fields of a transaction: general ones, which are read and give no parameter."""


def transactions(spark: SparkSession, count: int) -> DataFrame:
    """Returns rows of transactions as `extract_batches` reads them."""
    number = F.col("id")
    sort = F.element_at(
        F.array(*map(F.lit, ("name", "price", "newest"))), (F.pmod(number, 3) + 1).cast("int")
    )
    query = F.concat(
        F.lit("page="), F.pmod(F.xxhash64("id"), 40).cast("string"),
        F.lit("&limit="), (F.pmod(number, 4) * 25 + 25).cast("string"),
        F.lit("&sort="), sort, F.lit("&q=blue+shoes+"), F.pmod(number, 997).cast("string"),
        F.lit("&cursor="), F.substring(F.md5(number.cast("string")), 1, 12),
        F.lit("&since="), (number + 1_718_000_000).cast("string"),
    )  # fmt: skip
    kind = F.pmod(number, 4).cast("string")
    return spark.range(count).select(
        F.lit("ml").alias("variant"), F.lit("shop.example").alias("host"), F.lit("GET").alias("method"),
        F.concat(F.lit("/c"), kind, F.lit("/{itemId}")).alias("path_template"), F.to_date(F.lit("2026-06-01")).alias("day"),
        F.timestamp_seconds(F.lit(1_780_272_000) + F.pmod(number, 86_400)).alias("time"),
        F.lit(200).alias("status"), F.concat(F.lit("/c"), kind, F.lit("/"), number.cast("string")).alias("path"),
        query.alias("query"), F.md5(F.pmod(F.xxhash64("id"), 5000).cast("string")).alias("client"),
        F.lit(None).cast("string").alias("request_content_type"), F.lit(None).cast("string").alias("request_body"),
        F.lit(HEADERS).alias("request_header_names"), F.array().cast("array<string>").alias("cookie_names"),
    )  # fmt: skip


def main() -> None:
    """Prints values per second and core next to the budget."""
    parser = argument_parser(__doc__)
    parser.add_argument("--transactions", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(describe_machine())
    settings = load_settings()
    spark = get_session("benchmark", settings.spark)
    rows = transactions(spark, options.transactions).localCheckpoint()
    counts = {
        "read": compute_all(extract_batches(rows)),
        "read and counted": lambda: learn(rows, settings, whole=False),
        "whole step": lambda: learn(rows, settings),
    }
    number = options.transactions * PARAMETERS
    figures = []
    for name, work in counts.items():
        spent, _ = best_cost(work, options.rounds)
        target = f"≥ {BUDGET:,}" if name == "whole step" else ""
        figures.append(Figure(f"values a CPU second of {number:,}, {name}", f"{number / spent:,.0f}", target))
    report(figures, options.json)


def learn(rows: DataFrame, settings: Settings, *, whole: bool = True) -> None:
    """Learns as the job does, from requests to slices.

    If `whole`, outlier clients are left out and schemas are inferred as well.
    """
    batches = extract_batches(rows).localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)
    if not whole:
        maps = rows.sparkSession.createDataFrame([], MAPS_SCHEMA)
        compute_all(build_slices(compute_slice_states(batches, maps, settings.schemas).localCheckpoint()))()
        return
    sent = parameter_senders(batches, settings.outlier_clients).localCheckpoint()
    maps = find_maps(sent, settings.schemas).localCheckpoint()
    answers = (
        rows.groupBy("client")
        .agg(F.count("*").alias("n"), F.count_if(is_guess()).alias("errors"))
        .localCheckpoint()
    )
    apart = find_outlier_clients(sent, maps, answers, settings.outlier_clients).localCheckpoint()
    states = compute_slice_states(
        mark_excluded_clients(batches, apart), maps, settings.schemas
    ).localCheckpoint()
    compute_all(infer_schemas(build_slices(states).localCheckpoint(), settings.schemas))()


if __name__ == "__main__":
    main()
