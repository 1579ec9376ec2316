"""Features and scores by Arrow, for any partitions, kept columns and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from ml.registry.bundled import load_bundled_model
from ml.requests.features import FEATURES
from ml.requests.score import NEEDED
from ml.requests.spark import with_features, with_probability
from pipelines.http.signals import pack
from pipelines.runtime.errors import ModelMismatch
from pipelines.selection.columns import packed_signals
from pipelines.transactions.tables import TRANSACTIONS

NULLABLE = (
    "transaction_id string, host string, path string, query string, signals long, "
    "request_bytes long, response_bytes long"
)


def test_scores_do_not_depend_on_partitions_or_on_what_is_kept(simulated: DataFrame) -> None:
    rows = simulated.withColumn("signals", packed_signals())
    one = with_probability(rows.repartition(1), load_bundled_model(), keep=["transaction_id"])
    seven = with_probability(
        rows.repartition(7), load_bundled_model(), keep=["transaction_id", "host", "time", "path"]
    )
    assertDataFrameEqual(one, seven.select("transaction_id", "probability"))
    kept = seven.join(
        simulated.select("transaction_id", "host", "time", "path"), ["transaction_id", "host", "time", "path"]
    )
    assert kept.count() == simulated.count()


def test_bundled_model_tells_simulated_traffic_apart(simulated: DataFrame) -> None:
    rows = simulated.withColumn("signals", packed_signals())
    found = with_probability(
        rows, load_bundled_model(), keep=["method", "path", "status", "response_content_type"]
    )
    by_type = {
        kind: found.where(f"response_content_type like '{like}' AND status = 200")
        .agg(F.percentile_approx("probability", 0.5), F.count("*"))
        .collect()[0]
        for kind, like in (("pictures", "image/%"), ("data", "application/json%"))
    }
    assert min(n for _, n in by_type.values()) > 50
    assert by_type["pictures"][0] < 0.05  # some APIs draw or store pictures, some JSON is a file
    assert by_type["data"][0] > 0.95


def create_rows(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return spark.createDataFrame(list(rows), NULLABLE)


OBVIOUS = {"host": "x.example", "method": "GET", "status": 200}
JSON = pack(OBVIOUS | {"response_content_type": "application/json", "accept": "application/json"})
PICTURE = pack(OBVIOUS | {"response_content_type": "image/png", "accept": "image/avif"})


def test_an_api_call_is_likely_and_a_picture_is_not(spark: SparkSession) -> None:
    rows = create_rows(
        spark,
        ("api", "api.x.example", "/api/v2/users/17", "page=2", JSON, 200, 900),
        ("picture", "x.example", "/images/logo-8f3c9d1e.png", None, PICTURE, 300, 20_000),
    )
    found = {
        row[0]: row[1]
        for row in with_probability(rows, load_bundled_model(), keep=["transaction_id"]).collect()
    }
    assert found["api"] > 0.9
    assert found["picture"] < 0.1


def test_missing_and_hostile_values_are_scored_like_any_other(spark: SparkSession) -> None:
    rows = create_rows(
        spark,
        ("nulls", None, None, None, None, None, None),
        ("empty", "", "", "", 0, 0, 0),
        ("odd", "\x00\u202e", "/" * 5000 + "\x00%00\U0001f4a9", "&=&=&[{" * 500, JSON, -1, 2**62),
    )
    found = with_probability(rows, load_bundled_model(), keep=["transaction_id"]).collect()
    assert len(found) == 3
    assert all(0 <= row["probability"] <= 1 for row in found)


def test_no_rows_and_empty_partitions_give_no_rows(spark: SparkSession) -> None:
    one = ("a", "h", "/", None, 0, 1, 1)
    assert (
        with_probability(
            create_rows(spark, one).where("false"), load_bundled_model(), keep=["transaction_id"]
        ).count()
        == 0
    )
    assert (
        with_probability(
            create_rows(spark, one).repartition(5), load_bundled_model(), keep=["transaction_id"]
        ).count()
        == 1
    )


def test_result_has_the_kept_columns_in_order_and_a_float(spark: SparkSession) -> None:
    scored = with_probability(
        create_rows(spark, ("a", "h", "/", None, 0, 1, 1)), load_bundled_model(), keep=["path", "host"]
    )
    assert scored.dtypes == [("path", "string"), ("host", "string"), ("probability", "float")]
    assert scored.drop("probability").collect() == [Row(path="/", host="h")]


def test_large_arrow_strings_give_the_same_scores(spark: SparkSession) -> None:
    rows = create_rows(spark, ("a", "api.h.example", "/api/v1/x", "q=1", JSON, 1, 1))
    small = with_probability(rows, load_bundled_model(), keep=["transaction_id"]).collect()
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    try:
        assert with_probability(rows, load_bundled_model(), keep=["transaction_id"]).collect() == small
    finally:
        spark.conf.unset("spark.sql.execution.arrow.useLargeVarTypes")


def test_wrong_model_is_refused_before_any_task_runs(spark: SparkSession) -> None:
    with pytest.raises(ModelMismatch):
        with_probability(
            create_rows(spark, ("a", "h", "/", None, 0, 1, 1)), b"nothing", keep=["transaction_id"]
        )


def test_training_sees_the_features_that_scoring_sees(spark: SparkSession) -> None:
    rows = create_rows(
        spark,
        ("a", "api.h.example", "/api/v1/users/7", "q=1", JSON, 10, 1),
        ("b", "www.h.example", "/index.html", None, PICTURE, None, 7),
    )
    found = with_features(rows, keep=["transaction_id"]).toPandas().set_index("transaction_id")
    assert list(found.columns) == list(FEATURES)
    assert set(map(str, found.dtypes)) == {"float32"}
    assert found.loc["a", "path_word_api"] == 1
    assert found.loc["b", "request_bytes_log"] == -1
    assert found.loc["b", "response_bytes_log"] == pytest.approx(np.log(8))
    assert found.loc["b", "response_image"] == 1


def test_needed_columns_are_columns_of_transactions_but_for_the_signals() -> None:
    assert set(NEEDED) - {"signals"} <= set(TRANSACTIONS.schema.names)
