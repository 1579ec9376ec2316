"""Makes the bundled model again, by the way of `train`: simulate, ingest, pack signals, features, train.

usage: python -m benchmarks.bundle [--out ml/models]
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ml.bundled import CARD, MODEL, card_text, checksum, described
from ml.score import with_features
from ml.train import train
from pipelines import settings as settings_module
from pipelines.selection.signals import packed_signals
from pipelines.settings import Settings
from pipelines.simulator.writers import simulate
from pipelines.spark import session
from pipelines.transactions.inputs import find_inputs
from pipelines.transactions.staging import staged


def labelled(rows: DataFrame, truth: Path) -> DataFrame:
    """Judged rows and the truth -> transaction_id, host, kind, is_api, the features; attacks are left out."""
    labels = rows.sparkSession.createDataFrame(
        pd.read_csv(truth, usecols=["RayID", "is_api", "kind", "attack"], dtype={"kind": str})
    )
    named = labels.where("attack = 0").select(
        F.col("RayID").alias("transaction_id"), F.col("is_api").cast("boolean"), "kind"
    )
    valid = rows.where(F.size("violations") == 0).join(F.broadcast(named), "transaction_id")
    return with_features(
        valid.withColumn("signals", packed_signals()), ["transaction_id", "host", "kind", "is_api"]
    )


def simulated_frame(spark: SparkSession, settings: Settings, folder: Path) -> pd.DataFrame:
    """Simulates into `folder`; the training frame in the order of transaction ids, so that runs repeat."""
    options, simulator = settings.training, settings.simulator
    simulate(
        folder / "traffic",
        hosts=options.hosts,
        transactions=options.transactions,
        seed=options.seed,
        days=simulator.days,
        end_date=date.fromisoformat(simulator.end_date),
        format="logpush",
    )
    found = find_inputs([str(folder / "traffic")], "logpush")
    now = datetime.now(UTC)
    with staged(
        spark, found.files, str(folder / "staging"), key=b"training", now=now, settings=settings
    ) as rows:
        frame = labelled(rows, folder / "traffic" / "truth.csv.gz").toPandas()
    return frame.sort_values("transaction_id", ignore_index=True)


def main() -> None:
    """Writes the model, `card.json` and `CARD.md`, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("ml/models"))
    out = parser.parse_args().out
    settings = settings_module.load()
    spark = session("bundle", settings.spark)
    spark.conf.set("spark.sql.execution.arrow.pyspark.enabled", "true")
    with TemporaryDirectory() as folder:
        trained = train(simulated_frame(spark, settings, Path(folder)), settings.training)
        truth = checksum(Path(folder, "traffic", "truth.csv.gz").read_bytes())
    card = described(
        trained,
        settings.training.model_dump(),
        {"days": settings.simulator.days, "end_date": settings.simulator.end_date, "truth_sha256": truth},
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / MODEL).write_bytes(trained.model)
    (out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (out / "CARD.md").write_text(card_text(card), encoding="utf-8")
    print(json.dumps(card["out_of_fold"], indent=1))


if __name__ == "__main__":
    main()
