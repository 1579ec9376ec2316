"""Reasons of transactions by Arrow, and the file that has them.

Each transaction has one row, whatever the partitions, with the probability of `score`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from ml.explanation.spark import REASON, with_reasons
from ml.registry.bundled import load_bundled_model
from ml.requests.spark import with_probability
from pipelines.runtime.errors import ModelMismatch
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import REASONS, write_scores


def test_reasons_do_not_depend_on_partitions_and_keep_the_probability(simulated: DataFrame) -> None:
    rows = (
        simulated.withColumn("signals", packed_signals())
        .where("pmod(xxhash64(transaction_id), 10) = 0")
        .cache()
    )
    one, five = (
        with_reasons(rows.repartition(parts), load_bundled_model(), ["transaction_id", "host"], 3)
        .orderBy("transaction_id")
        .collect()
        for parts in (1, 5)
    )
    scored = (
        with_probability(rows, load_bundled_model(), ["transaction_id"]).orderBy("transaction_id").collect()
    )
    assert len(one) == rows.count() > 100
    assert [row["transaction_id"] for row in one] == [row["transaction_id"] for row in scored]
    for left, right, score in zip(one, five, scored, strict=True):
        assert left["probability"] == pytest.approx(score["probability"], abs=1e-6)
        assert [reason["text"] for reason in left["reasons"]] == [
            reason["text"] for reason in right["reasons"]
        ]
        assert len(left["reasons"]) == 3
    rows.unpersist()


def test_wrong_model_is_refused_before_any_task_runs(simulated: DataFrame) -> None:
    rows = simulated.withColumn("signals", packed_signals())
    with pytest.raises(ModelMismatch):
        with_reasons(rows, b"nothing", ["transaction_id"], 3)


def test_file_of_scores_has_reasons_where_there_are_any(spark: SparkSession, tmp_path: Path) -> None:
    why = [("etag", "etag", 1.0, -0.25, "against: response has an ETag")]
    schema = "transaction_id string, probability float, reasons " + f"array<{REASON.simpleString()}>"
    explained = spark.createDataFrame([("a", 0.25, why), ("b", 0.5, [])], schema).coalesce(1)
    assert write_scores(explained, tmp_path / "x.ndjson") == 2
    first, second = map(json.loads, (tmp_path / "x.ndjson").read_text().splitlines())
    assert first["reasons"] == [dict(zip(REASON.names, why[0], strict=True))]
    assert second == {"transaction_id": "b", "probability": 0.5, "reasons": []}
    assert write_scores(explained.drop("reasons"), tmp_path / "x.parquet") == 2
    assert pq.read_table(tmp_path / "x.parquet").column_names == ["transaction_id", "probability"]


def test_columns_of_a_reason_are_those_of_the_file() -> None:
    assert [field.name for field in REASONS.type.value_type] == REASON.names
