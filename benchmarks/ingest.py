"""The cost that masking adds to ingest.

Parsing, typing, validating and masking ordinary lines is compared with the same steps without any masking.

Simulated Logpush lines are read, validated and written nowhere, once as ingest does and once with masking switched off, in one
run. CPU seconds of this process and its children (JVM, Python workers) are counted; the best of several rounds is taken.

usage: python -m benchmarks ingest [FILE...] [--transactions 100000] [--rounds 4] [--json]
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.figures import Figure, argument_parser, ratio, report
from benchmarks.machine import cpu_seconds, describe_machine
from benchmarks.scoring import compute_all
from benchmarks.traffic import simulate_traffic
from pipelines.runtime.settings import Settings, load_settings
from pipelines.runtime.spark import get_session
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.sources.registry import read
from pipelines.transactions.spark import masking, rows

BUDGET = 1.1
HOSTS = 60


def validated_rows(spark: SparkSession, files: list[str], settings: Settings) -> DataFrame:
    """Returns the validated rows of `files`; lazy."""
    records = read(spark, find_inputs(files, "logpush").files, settings.ingest)
    named = records.withColumn("host", F.coalesce("host", F.lit("logs.example")))
    now = datetime.now(UTC)
    return rows.validate_rows(
        named,
        key=b"k",
        now=now,
        ingest=settings.ingest,
        privacy_settings=settings.privacy,
        paths=settings.paths,
    )


def bound_without_masking(
    validated: DataFrame, *, body_max_bytes: int, original: Column, raw_characters: int
) -> DataFrame:
    """Replaces `masking.mask_texts`: bounds bodies and raw records, masks nothing."""
    body = F.col("request_body")
    kept = F.when((F.length(body) > 0) & (F.octet_length(body) <= body_max_bytes), body)
    raw = F.when(F.size("violations") > 0, F.substring(original, 1, raw_characters))
    return validated.withColumns({"request_body": kept, "raw": raw})


def best_costs(cases: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Returns the CPU seconds of the best round of each case.

    Rounds take turns, as the load of a machine changes during a measurement.
    """
    best: dict[str, float] = {}
    for number in range(rounds + 1):
        for name, work in cases.items():
            start = cpu_seconds()
            work()
            if number:  # the first round warms up
                best[name] = min(best.get(name, float("inf")), cpu_seconds() - start)
    return best


def main() -> None:
    """Prints the costs and whether the budget holds."""
    parser = argument_parser(__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    print(describe_machine())
    settings = load_settings()
    spark = get_session("benchmark", settings.spark)
    with TemporaryDirectory() as folder:
        files = options.files or simulate_traffic(Path(folder), options.transactions, hosts=HOSTS)
        masked = validated_rows(spark, files, settings)
        with patch.object(masking, "mask_texts", bound_without_masking):
            plain = validated_rows(spark, files, settings)
        cases: dict[str, Callable[[], None]] = {
            "without masking": compute_all(plain),
            "with masking": compute_all(masked),
        }
        count = masked.count()
        costs = best_costs(cases, options.rounds)
    results = [
        Figure(
            f"ingest of {count:,} lines with masking ÷ without, CPU",
            ratio(costs["with masking"], costs["without masking"]),
            f"≤ {BUDGET}",
        )
    ]
    results += [Figure(f"a line, {name}", f"{cpu / count * 1e6:.1f} µs CPU") for name, cpu in costs.items()]
    report(results, options.json)


if __name__ == "__main__":
    main()
