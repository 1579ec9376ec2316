"""Reasons of endpoints: sampled transactions, means, and days in any order."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from ml.explanation.spark import with_reasons as with_transaction_reasons
from ml.registry.bundled import load_bundled_model
from pipelines.endpoints.spark.client_days import SAMPLED, client_samples, day_samples
from pipelines.endpoints.spark.explanations import (
    CELL,
    HOST_REASON,
    select_samples,
    select_transactions,
    sum_reasons,
    with_reasons,
)
from pipelines.endpoints.standing import format_reasons
from pipelines.endpoints.tables import ENDPOINT_REASONS
from pipelines.runtime.settings import Settings
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import KEPT, sample_hash, select_requests
from tests.endpoint_rows import merge_slices, slice_rows

FIRST = date(2026, 10, 30)
KEY = ("a.example", "GET", "/x")
REASONED = (
    "host string, method string, path_template string, day date, content bigint, "
    "reasons array<struct<text string, contribution float>>"
)


def explained_rows(spark: SparkSession, *rows: tuple[int, dict[str, float]]) -> DataFrame:
    """Creates explained transactions of one endpoint.

    Each row: day number, and contribution by text.
    """
    full = [(*KEY, FIRST + timedelta(days=day), 7, list(found.items())) for day, found in rows]
    return spark.createDataFrame(full, REASONED)


def endpoints(spark: SparkSession, adjustment: float) -> DataFrame:
    rows = [("ml", *KEY, adjustment), ("session", *KEY, 0.0), ("ml", "a.example", "GET", "/y", adjustment)]
    schema = "variant string, host string, method string, path_template string, host_adjustment double"
    return spark.createDataFrame(rows, schema)


def collect_reasons(
    spark: SparkSession, found: DataFrame, most: int = 9, adjustment: float = 0.0
) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    rows = with_reasons(endpoints(spark, adjustment), found, most).collect()
    return {
        (r["variant"], r["path_template"]): [(e["text"], round(e["contribution"], 6)) for e in r["reasons"]]
        for r in rows
    }


def test_reasons_are_means_over_all_explained_transactions_strongest_first(spark: SparkSession) -> None:
    rows = explained_rows(
        spark,
        (0, {"for: JSON": 2.0, "against: HTML": -0.5}),
        (0, {"for: JSON": 1.0}),
        (1, {"for: JSON": 3.0, "against: HTML": -2.5, "for: a version": 0.5}),
        (1, {"for: JSON": 0.0}),
    )
    found = collect_reasons(spark, sum_reasons(rows))
    assert found["ml", "/x"] == [("for: JSON", 1.5), ("against: HTML", -0.75), ("for: a version", 0.125)]
    assert found["session", "/x"] == found["ml", "/y"] == []
    assert [text for text, _ in collect_reasons(spark, sum_reasons(rows), most=1)["ml", "/x"]] == [
        "for: JSON"
    ]


def test_what_the_host_takes_off_is_a_reason_too(spark: SparkSession) -> None:
    rows = sum_reasons(explained_rows(spark, (0, {"for: JSON": 2.0, "against: HTML": -0.5})))
    found = collect_reasons(spark, rows, adjustment=-1.25)
    assert found["ml", "/x"] == [("for: JSON", 2.0), (HOST_REASON, -1.25), ("against: HTML", -0.5)]
    assert found["session", "/x"] == found["ml", "/y"] == []


def test_days_merge_in_any_order_and_partitions_do_not_matter(spark: SparkSession) -> None:
    rows = explained_rows(
        spark, *((day, {f"t{n % 3}": 0.1 * n - 0.7, "u": 1 / (n + 3)}) for day in (0, 1) for n in range(7))
    )
    whole = sum_reasons(rows.repartition(1))
    parts = [
        sum_reasons(rows.repartition(5).where(F.col("day") == F.lit(FIRST + timedelta(days=n))))
        for n in (1, 0)
    ]
    assert collect_reasons(spark, whole) == collect_reasons(spark, reduce(DataFrame.unionByName, parts))
    assert set(whole.columns) == set(ENDPOINT_REASONS.schema.names)


def test_a_sample_is_one_telling_answer_of_each_of_a_few_clients(spark: SparkSession) -> None:
    rows = [("bot", 200, n) for n in range(50)] + [
        ("c1", 200, 70),
        ("c1", 304, 60),
        ("c2", 200, 90),
        ("c3", 200, 80),
    ]
    rows += [("c4", 404, 51), ("c5", 302, 52)]
    seen = spark.createDataFrame(rows, "client string, status int, sample_hash bigint")
    for parts in (1, 6):
        by_client = seen.repartition(parts).groupBy("client").agg(*client_samples())
        [row] = by_client.agg(day_samples().alias("hashes")).collect()
        assert sorted(row["hashes"]) == [0, 60, 80]
    moved = seen.where("status IN (302, 404)").groupBy("client").agg(*client_samples())
    assert moved.agg(day_samples().alias("hashes")).collect() == [Row(hashes=[52])]
    none = seen.where("status = 404").groupBy("client").agg(*client_samples())
    assert none.agg(day_samples().alias("hashes")).collect() == [Row(hashes=[])]


def test_every_listed_endpoint_says_why(simulated: DataFrame, settings: Settings) -> None:
    """From simulated traffic and the bundled model to the reasons of each endpoint."""
    from ml.requests.spark import with_probability

    def scored(rows: DataFrame) -> DataFrame:
        return with_probability(rows.withColumn("signals", packed_signals()), load_bundled_model(), keep=KEPT)

    chosen = select_requests(simulated, variants=("ml",), settings=settings.selection, scored={"ml": scored})
    kept = slice_rows(chosen, settings).withColumn("inputs", F.lit("")).localCheckpoint()
    listed = merge_slices(kept, settings.endpoints, settings.selection).localCheckpoint()
    rows = select_transactions(
        simulated.withColumn("sample_hash", sample_hash()), select_samples(kept, listed)
    )
    why = sum_reasons(
        with_transaction_reasons(
            rows.withColumn("signals", packed_signals()),
            load_bundled_model(),
            [*CELL],
            99,
        )
    ).localCheckpoint()
    assert why.agg(F.max("explained")).first()[0] == SAMPLED  # type: ignore[index]
    found = with_reasons(listed, why, 5).collect()
    assert len(found) > 50
    scored_rows = [row for row in found if row["client_days"] > 0]
    assert all(len(row["reasons"]) == 5 for row in scored_rows)
    assert all(row["reasons"][0]["text"].startswith(("for: ", "against: ")) for row in scored_rows)
    sure = [row for row in scored_rows if row["probability"] > 0.99]
    assert all(any(each["contribution"] > 0 for each in row["reasons"]) for row in sure)


@pytest.mark.parametrize(("number", "text"), [(2.1, "+2.10"), (-0.314, "-0.31"), (0.0, "+0.00")])
def test_a_reason_is_said_with_its_weight(number: float, text: str) -> None:
    assert format_reasons([{"text": "for: responds with JSON", "contribution": number}]) == [
        f"for: responds with JSON ({text})"
    ]
