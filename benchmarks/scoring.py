"""The cost of features and score of a transaction, relative to the floor.

Floor = Parquet scan of the same columns + CatBoost's prediction of the same rows from a ready matrix, in the same run.
CPU seconds of this process and its children (JVM, Python workers) are counted, so that other programs on the machine
matter less. The first round of each plan warms up and is not counted; of the others the best is taken.

usage: python -m benchmarks scoring [--transactions 400000] [--repeat 4] [--rounds 5] [--json]
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.figures import Figure, argument_parser, ratio, report
from benchmarks.machine import cpu_seconds, describe_machine
from ml.registry.bundled import load_bundled_model
from ml.requests.features import FEATURES
from ml.requests.score import NEEDED, load_classifier, predict_probabilities
from ml.requests.spark import with_features, with_probability
from pipelines.http.signals import SIGNALS
from pipelines.runtime.settings import Settings, load_settings
from pipelines.runtime.spark import get_session
from pipelines.selection.columns import packed_signals
from pipelines.simulator.output.writers import simulate
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.spark.staging import stage_batch

BUDGET = 4.0
ROWS_OF_MATRIX = 100_000


def columns_read() -> list[str]:
    """Returns the columns of the transactions table that features and signals read."""
    of_signals = {signal.column for signal in SIGNALS} | {
        test.column for signal in SIGNALS for _, test in signal.tests
    }
    return sorted((of_signals | set(NEEDED)) - {"signals", ""})


def store_traffic(
    spark: SparkSession, settings: Settings, folder: Path, transactions: int, repeat: int
) -> DataFrame:
    """Writes simulated transactions as Parquet, `repeat` times over, and reads them."""
    options = settings.simulator
    end = date.fromisoformat(options.end_date)
    simulate(
        folder / "in",
        hosts=120,
        transactions=transactions,
        seed=options.seed,
        days=2,
        end_date=end,
        format="logpush",
    )
    inputs = find_inputs([str(folder / "in")], "logpush")
    now = datetime.now(UTC)
    with stage_batch(
        spark, inputs.files, str(folder / "stage"), key=b"k", now=now, settings=settings
    ) as batch:
        whole = batch.rows.where(F.size("violations") == 0).select("transaction_id", *columns_read())
        copies = whole.crossJoin(spark.range(repeat).toDF("copy")).drop("copy")
        copies.repartition(8).write.parquet(str(folder / "rows"))
    return spark.read.parquet(str(folder / "rows"))


def best_cost(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Returns (CPU seconds, wall seconds) of the best of `rounds` runs.

    One run before them warms up.
    """
    costs = []
    for _ in range(rounds + 1):
        cpu, wall = cpu_seconds(), time.perf_counter()
        work()
        costs.append((cpu_seconds() - cpu, time.perf_counter() - wall))
    return min(costs[1:])


def compute_all(df: DataFrame) -> Callable[[], None]:
    """Computes every row and column and stores none."""
    return lambda: df.write.format("noop").mode("overwrite").save()


def raw_prediction(rows: DataFrame) -> tuple[Callable[[], object], int]:
    """Runs CatBoost alone on a column-major matrix of real rows.

    In batches of 10,000, as Spark passes them.
    """
    frame = with_features(rows.limit(ROWS_OF_MATRIX), keep=[]).toPandas()
    matrix = np.asfortranarray(frame[list(FEATURES)].to_numpy(np.float32))
    batches = [np.asfortranarray(matrix[start : start + 10_000]) for start in range(0, len(matrix), 10_000)]
    model = load_classifier(load_bundled_model())
    return (lambda: [predict_probabilities(model, batch) for batch in batches]), len(matrix)


def main() -> None:
    """Prints the table and whether the budget holds."""
    parser = argument_parser(__doc__)
    parser.add_argument("--transactions", type=int, default=400_000)
    parser.add_argument("--repeat", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(describe_machine())
    settings = load_settings()
    spark = get_session("benchmark", settings.spark)
    with TemporaryDirectory() as folder:
        rows = store_traffic(spark, settings, Path(folder), options.transactions, options.repeat)
        count = rows.count()
        packed = rows.select("*", packed_signals().alias("signals"))
        predict, predicted = raw_prediction(packed)
        cases: dict[str, tuple[Callable[[], object], int]] = {
            "Parquet scan of the columns": (compute_all(rows.select(*columns_read())), count),
            "CatBoost on a ready matrix": (predict, predicted),
            "scan + packed signals": (compute_all(packed.select(*NEEDED)), count),
            "scan + features + score": (
                compute_all(with_probability(packed, load_bundled_model(), keep=["transaction_id"])),
                count,
            ),
        }
        costs = {name: (*best_cost(work, options.rounds), size) for name, (work, size) in cases.items()}
    each = {name: cpu / size * 1e6 for name, (cpu, _, size) in costs.items()}
    floor = each["Parquet scan of the columns"] + each["CatBoost on a ready matrix"]
    title = f"features and score of {count:,} transactions ÷ scan and raw prediction, CPU"
    figures = [Figure(title, ratio(each["scan + features + score"], floor), f"≤ {BUDGET:.0f}")]
    figures += [
        Figure(f"{name}, a transaction", f"{each[name]:.2f} µs CPU, {wall / size * 1e6:.2f} µs wall")
        for name, (_, wall, size) in costs.items()
    ]
    report(figures, options.json)


if __name__ == "__main__":
    main()
