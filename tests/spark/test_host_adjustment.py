"""The host adjustment of endpoints: formula, direction, days in any order."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.endpoints.columns import PRIOR_CLIENT_DAYS, adjust_probability, host_adjustment
from pipelines.endpoints.spark.inventory import select_candidates
from pipelines.endpoints.tables import ENDPOINT_SLICES
from pipelines.runtime.settings import Settings
from pipelines.selection.columns import NO
from tests.endpoint_rows import slice_rows

FIRST = date(2026, 10, 30)
SCHEMA = (
    "variant string, host string, method string, path string, status int, time timestamp, day date, client string, "
    "has_session boolean, media_family string, probability float, sample_hash bigint, scheme string, preflight tinyint"
)


def frame(spark: SparkSession, rows: list[tuple[str, str, float, int]]) -> DataFrame:
    """Creates successful transactions of one host.

    Each row: path, client, probability, day number.
    """
    full = [
        ("ml", "a.example", "GET", path, 200, datetime(2026, 10, 30) + timedelta(days=day),
         FIRST + timedelta(days=day), client, False, "data", p, number, "https", NO)
        for number, (path, client, p, day) in enumerate(rows)
    ]  # fmt: skip
    return spark.createDataFrame(full, SCHEMA)


def collect_probabilities(rows: DataFrame, settings: Settings) -> dict[str, tuple[float, float]]:
    merged = select_candidates(slice_rows(rows, settings), settings.endpoints).collect()
    return {row["path_template"]: (row["probability"], row["host_adjustment"]) for row in merged}


def log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def test_an_odd_answer_on_a_host_of_pages_becomes_unlikely_by_the_formula(
    spark: SparkSession, settings: Settings
) -> None:
    """50 clients get pages; one of them also gets something that looks like an API."""
    rows = [(f"/page{n}", f"c{n}", 0.001, 0) for n in range(50)] + [("/odd", "c0", 0.6, 0)]
    share, weight = settings.endpoints.training_share, settings.endpoints.host_weight
    host = (49 * 0.001 + 0.3005 + PRIOR_CLIENT_DAYS * share) / (50 + PRIOR_CLIENT_DAYS)
    expected = weight * (log_odds(host) - log_odds(share))
    probability, moved = collect_probabilities(frame(spark, rows), settings)["/odd"]
    assert moved == pytest.approx(expected, abs=1e-4)
    assert log_odds(probability) == pytest.approx(log_odds(0.6) + expected, abs=1e-4)
    assert probability < 0.4


def test_pages_of_a_host_of_calls_stay_pages(spark: SparkSession, settings: Settings) -> None:
    rows = [("/v1/x", f"c{n}", 0.99, 0) for n in range(50)] + [("/terms", "c0", 0.3, 0)]
    probability, moved = collect_probabilities(frame(spark, rows), settings)["/terms"]
    assert moved == 0.0
    assert probability == pytest.approx(0.3, abs=1e-6)


def test_a_crawler_of_many_pages_counts_as_one_client(spark: SparkSession, settings: Settings) -> None:
    people = [("/v1/x", f"c{n}", 0.95, 0) for n in range(20)]
    crawled = people + [(f"/page{n}", "bot", 0.001, 0) for n in range(500)]
    assert collect_probabilities(frame(spark, crawled), settings)["/v1/x"][1] == 0.0


def test_a_day_at_a_time_in_any_order_is_one_pass(spark: SparkSession, settings: Settings) -> None:
    rows = frame(spark, [(f"/p{n % 7}", f"c{n % 5}", (n * 37 % 100) / 100, n % 3) for n in range(120)])
    whole = collect_probabilities(rows, settings)
    days = [rows.where(F.col("day") == F.lit(FIRST + timedelta(days=n))) for n in (2, 0, 1)]
    parts = [slice_rows(day, settings).select(*ENDPOINT_SLICES.schema.names) for day in days]
    together = select_candidates(reduce(DataFrame.unionByName, parts), settings.endpoints).collect()
    assert whole == {row["path_template"]: (row["probability"], row["host_adjustment"]) for row in together}


def test_certainty_stays_and_no_host_state_changes_nothing(spark: SparkSession, settings: Settings) -> None:
    rows = spark.createDataFrame([(0.0, -3.0), (1.0, -3.0), (0.5, 0.0)], "p double, a double")
    assert [r[0] for r in rows.select(adjust_probability(F.col("p"), F.col("a"))).collect()] == [
        0.0,
        1.0,
        0.5,
    ]
    empty = spark.createDataFrame([(0, 0)], "host_sum bigint, host_client_days bigint")
    assert empty.select(host_adjustment(settings.endpoints)).first()[0] == pytest.approx(0.0, abs=1e-12)  # type: ignore[index]
