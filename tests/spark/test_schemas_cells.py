"""Cells are learned again if their traffic, outlier clients or maps change."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from pipelines.schemas.statistics.spark.maps import MAPS_SCHEMA
from pipelines.workflows.days import (
    find_cell_clients,
    select_stale_cells,
    select_wanted_cells,
    with_cell_clients,
)

DAYS = [date(2026, 6, 1), date(2026, 6, 2)]
SLICES = "variant string, host string, method string, path_template string, day date, inputs string, content bigint"
ORDERS, USERS = (("ml", "a.example", "GET", path) for path in ("/orders", "/users/{userId}"))
ASKED = "host string, method string, path_shape string, day date, client string"


def slices(spark: SparkSession, *changed: tuple[Any, ...]) -> DataFrame:
    """Creates slices of both endpoints on both days.

    `changed` has the endpoints and days with other content.
    """
    rows = [(*key, day, "in", 1 + ((key, day) in changed)) for key in (ORDERS, USERS) for day in DAYS]
    return spark.createDataFrame(rows, SLICES)


def collect_cells(frame: DataFrame) -> set[tuple[str, date]]:
    return {(row["path_template"], row["day"]) for row in frame.collect()}


def test_cells_of_other_traffic_or_settings_are_stale(spark: SparkSession) -> None:
    endpoints = slices(spark).select("variant", "host", "method", "path_template").distinct()
    learned = select_wanted_cells(slices(spark), endpoints, "s")
    assert select_stale_cells(select_wanted_cells(slices(spark), endpoints, "s"), learned).count() == 0
    now = select_wanted_cells(slices(spark, (USERS, DAYS[1])), endpoints, "s")
    assert collect_cells(select_stale_cells(now, learned)) == {(USERS[3], DAYS[1])}
    assert select_stale_cells(select_wanted_cells(slices(spark), endpoints, "other"), learned).count() == 4
    assert collect_cells(
        select_wanted_cells(slices(spark), endpoints.where("path_template = '/orders'"), "s")
    ) == {("/orders", day) for day in DAYS}


def test_cells_are_stale_where_a_client_set_apart_asked_or_a_map_was_found(spark: SparkSession) -> None:
    endpoints = slices(spark).select("variant", "host", "method", "path_template").distinct()
    wanted = select_wanted_cells(slices(spark), endpoints, "s")
    shapes = [("a.example", "/orders", "/orders"), ("a.example", "/users/7", "/users/{userId}")]
    templates = spark.createDataFrame(shapes, "host string, path_shape string, path_template string")
    asked = [
        ("a.example", "GET", "/users/7", DAYS[0], "evil"),
        ("a.example", "POST", "/orders", DAYS[0], "evil"),
    ]
    askers = find_cell_clients(spark.createDataFrame(asked, ASKED), templates)
    no_maps = spark.createDataFrame([], MAPS_SCHEMA)
    before = with_cell_clients(wanted, askers.limit(0), no_maps)
    assert select_stale_cells(with_cell_clients(wanted, askers.limit(0), no_maps), before).count() == 0
    assert collect_cells(select_stale_cells(with_cell_clients(wanted, askers, no_maps), before)) == {
        (USERS[3], DAYS[0])
    }
    maps = spark.createDataFrame([(*ORDERS, [("/items", ["total"])])], MAPS_SCHEMA)
    assert collect_cells(select_stale_cells(with_cell_clients(wanted, askers.limit(0), maps), before)) == {
        ("/orders", day) for day in DAYS
    }
