"""Estimates of endpoints equal a plain calculation and withstand attackers."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import reduce
from statistics import fmean, pstdev
from typing import Any, NamedTuple

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from pipelines.endpoints.spark.inventory import select_candidates, select_listed
from pipelines.endpoints.tables import COMPARISONS, COUNTS, ENDPOINT_SLICES
from pipelines.runtime.errors import ContractError
from pipelines.runtime.settings import Settings
from pipelines.runtime.tables import Table, Warehouse
from pipelines.selection.columns import NO
from tests.endpoint_rows import merge_slices, slice_rows

FIRST = date(2026, 10, 30)
SCHEMA = (
    "variant string, host string, method string, path string, status int, time timestamp, day date, client string, "
    "has_session boolean, media_family string, probability float, sample_hash bigint, scheme string, preflight tinyint"
)


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """Settings without the host adjustment, which has tests of its own."""
    alone = settings.endpoints.model_copy(update={"host_weight": 0.0})
    return settings.model_copy(update={"endpoints": alone})


class Request(NamedTuple):
    """One transaction; `day` counts from the first."""

    path: str
    status: int
    day: int
    client: str
    probability: float
    media_family: str = "data"


def frame(spark: SparkSession, rows: list[Request]) -> DataFrame:
    full = [
        ("ml", "a.example", "GET", r.path, r.status, datetime(2026, 10, 30) + timedelta(days=r.day),
         FIRST + timedelta(days=r.day), r.client, False, r.media_family, r.probability, number, "https", NO)
        for number, r in enumerate(rows)
    ]  # fmt: skip
    return spark.createDataFrame(full, SCHEMA)


def list_endpoints(rows: DataFrame, settings: Settings) -> dict[str, Row]:
    found = merge_slices(slice_rows(rows, settings), settings.endpoints, settings.selection)
    return {row["path_template"]: row for row in found.collect()}


def draw_requests(seed: int) -> list[Request]:
    """Draws 400 transactions on five paths, three days and nine clients.

    No probability is near the floor.
    """
    dice = random.Random(seed)  # noqa: S311  # a simulation, no secret
    return [
        Request(
            f"/p{dice.randrange(5)}",
            dice.choice([200, 200, 201, 204, 301, 302, 304, 404, 500]),
            dice.randrange(3),
            f"c{min(dice.randrange(9), dice.randrange(9))}",
            dice.uniform(0.1, 1),
            dice.choice(["html", "data", "asset", "untyped", "other"]),
        )
        for _ in range(400)
    ]


def compute_by_definition(rows: list[Request]) -> dict[str, dict[str, Any]]:
    """Computes the estimates by their definition, without mergeable states."""
    out: dict[str, dict[str, Any]] = {}
    for path in {r.path for r in rows}:
        mine = [r for r in rows if r.path == path]
        successful = [r for r in mine if 200 <= r.status < 300 or r.status == 304]
        deciding = successful or [r for r in mine if 300 <= r.status < 400]
        by_client = defaultdict(list)
        for r in deciding:
            by_client[r.client, r.day].append(r.probability)
        means = sorted(map(fmean, by_client.values()))
        out[path] = {
            "probability": fmean(means[1:-1] if len(means) > 2 else means),
            "probability_min": means[0],
            "probability_max": means[-1],
            "probability_deviation": pstdev(means),
            "client_days": len(means),
            "requests": len(mine),
            "successful": sum(200 <= r.status < 300 for r in mine),
            "redirects": sum(r.status in (301, 302) for r in mine),
            "not_modified": sum(r.status == 304 for r in mine),
            "html": sum(200 <= r.status < 400 and r.media_family == "html" for r in mine),
            "clients": len({r.client for r in mine}),
        }
    return out


def test_estimates_are_those_of_the_definition(spark: SparkSession, settings: Settings) -> None:
    rows = draw_requests(1)
    found = select_candidates(slice_rows(frame(spark, rows), settings), settings.endpoints).collect()
    expected = compute_by_definition(rows)
    assert {row["path_template"] for row in found} == set(expected)
    for row in found:
        for name, value in expected[row["path_template"]].items():
            assert abs(row[name] - value) < 5e-5, (row["path_template"], name)


def test_a_day_at_a_time_in_any_order_and_twice_is_one_pass(spark: SparkSession, settings: Settings) -> None:
    """Results are the same to the bit: a day's slices replace those of an earlier run."""
    rows = frame(spark, [row for row in draw_requests(2) if row.day < 2])
    whole = merge_slices(slice_rows(rows.repartition(5), settings), settings.endpoints, settings.selection)
    stored: dict[date, DataFrame] = {}
    for number in (1, 0, 1):
        day = FIRST + timedelta(days=number)
        of_day = slice_rows(rows.where(F.col("day") == F.lit(day)), settings)
        stored[day] = of_day.select(*ENDPOINT_SLICES.schema.names)
    together = merge_slices(
        reduce(DataFrame.unionByName, stored.values()), settings.endpoints, settings.selection
    )
    assert sorted(map(str, together.collect())) == sorted(map(str, whole.select(*together.columns).collect()))


def test_one_client_with_five_thousand_odd_requests_changes_no_decision(
    spark: SparkSession, settings: Settings
) -> None:
    """The client requests a page as a script would and an API as a browser would.

    It also scans paths with response 404.
    """
    people = [
        Request(path, 200, 0, f"c{n}", p) for path, p in (("/page", 0.05), ("/api/x", 0.97)) for n in range(3)
    ]
    honest = frame(spark, people)
    odd = frame(spark, [Request("/page", 200, 0, "bot", 0.99), Request("/api/x", 200, 0, "bot", 0.01)])
    scan = frame(spark, [Request("/none/", 404, 0, "bot", 0.99)]).crossJoin(spark.range(5000))
    scan = scan.withColumn("path", F.concat("path", F.concat(F.lit("x"), F.col("id")))).drop("id")
    attacked = honest.unionByName(odd.crossJoin(spark.range(2500)).drop("id")).unionByName(scan)
    before, after = list_endpoints(honest, settings), list_endpoints(attacked, settings)
    assert set(before) == set(after) == {"/api/x"}
    assert abs(before["/api/x"]["probability"] - after["/api/x"]["probability"]) < 1e-5
    assert after["/api/x"]["requests"] == 2503


def test_redirections_and_errors_say_nothing_beside_answers(spark: SparkSession, settings: Settings) -> None:
    scanners = [Request("/api/x", status, 0, f"s{n}", 0.03) for n in range(9) for status in (302, 404, 500)]
    users = [Request("/api/x", 200, 0, "u1", 0.9), Request("/api/x", 304, 0, "u2", 0.8)]
    moved = [Request("/old", 301, 0, f"c{n}", 0.7) for n in range(2)]
    found = list_endpoints(frame(spark, scanners + users + moved), settings)
    assert abs(found["/api/x"]["probability"] - 0.85) < 1e-6
    assert (found["/api/x"]["client_days"], found["/api/x"]["requests"]) == (2, 29)
    assert abs(found["/old"]["probability"] - 0.7) < 1e-6


def test_a_kept_endpoint_has_all_its_transactions_and_a_hopeless_page_no_slice(
    spark: SparkSession, settings: Settings
) -> None:
    rows = [
        Request("/api/x", 200, 0, "c1", 0.9),
        Request("/api/x", 304, 0, "c1", 0.02, "untyped"),
        Request("/api/x", 404, 0, "c2", 0.01, "html"),
        # a day without success is kept if its errors look like an API
        Request("/api/x", 503, 1, "c2", 0.6),
        *(Request(f"/blog/{word}", 200, 0, "c1", 0.001, "html") for word in ("one", "two", "three")),
    ]
    kept = slice_rows(frame(spark, rows), settings).localCheckpoint()
    assert {(row["path_template"], row["day"]) for row in kept.collect()} == {
        ("/api/x", FIRST),
        ("/api/x", FIRST + timedelta(days=1)),
    }
    [found] = merge_slices(kept, settings.endpoints, settings.selection).collect()
    counts = dict.fromkeys(COUNTS, 0) | {
        "requests": 4, "successful": 1, "not_modified": 1, "client_errors": 1, "server_errors": 1, "data": 1, "untyped": 1,
    }  # fmt: skip
    assert {name: found[name] for name in COUNTS} == counts


def test_thresholds_and_the_gate_are_applied_when_slices_are_read(
    spark: SparkSession, settings: Settings
) -> None:
    rows = [Request("/sure", 200, day, "c1", 0.95) for day in (0, 0, 0, 9)]
    rows += [
        Request("/likely", 200, 9, "c1", 0.6),
        Request("/likely", 200, 9, "c1", 0.6),
        Request("/odd", 200, 9, "c1", 0.1),
    ]
    kept = slice_rows(frame(spark, rows), settings).localCheckpoint()

    def names(least: float, **gate: int) -> set[str]:
        endpoints = settings.endpoints.model_copy(update=gate)
        return {
            row["path_template"] for row in select_listed(select_candidates(kept, endpoints), least).collect()
        }

    assert names(0.05) == {"/sure", "/likely", "/odd"}
    assert names(0.5) == {"/sure", "/likely"}
    assert names(0.8) == {"/sure"}
    assert names(0.5, min_answers=3) == {"/sure"}
    assert names(0.5, min_answers=2, window_days=2) == {"/likely"}
    assert names(0.5, min_answers=4, window_days=10) == {"/sure"}
    assert (
        names(0.5, min_answers=4, window_days=9) == set()
    )  # nine days up to the last do not hold the first of ten


def test_a_table_of_another_version_is_refused_with_the_way_out(
    spark: SparkSession, warehouse: Warehouse
) -> None:
    older = Table("comparisons", StructType([StructField("host", StringType(), False)]))
    older.replace_all(spark.createDataFrame([("a.example",)], "host string"), warehouse)
    rows = spark.createDataFrame([], COMPARISONS.schema)
    with pytest.raises(ContractError, match=r"comparisons: missing columns .*neither.*new --warehouse"):
        COMPARISONS.replace_all(rows, warehouse)
