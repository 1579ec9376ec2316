"""Literal evidence of ten days, five of them before a publication.

Values, calls, schema versions and inventories.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.changes.spark.changes import Evidence, collect_changes, find_changed_schemas
from pipelines.changes.spark.inventories import find_inactive_endpoints
from pipelines.changes.tables import PUBLISHED
from pipelines.endpoints.tables import STATUS_CLASSES
from pipelines.runtime.settings import Settings
from tests.schema_rows import KEY, slices_of, value_rows

MONDAY = date(2026, 6, 1)
PUBLICATION = MONDAY + timedelta(days=4)
PEOPLE = [f"{number:02d}-client" for number in range(12)]
ENDPOINT = "variant string, host string, method string, path_template string"
CALLS = f"{ENDPOINT}, day date, client string, is_success boolean"
Parameter = tuple[str, str, bool, dict[str, Any]]


def day(number: int) -> date:
    """Returns the day with this number, from 0."""
    return MONDAY + timedelta(days=number)


def values(
    location: str,
    name: str,
    days: Iterable[int],
    value: str,
    people: Iterable[str] = PEOPLE,
    json_type: str | None = None,
) -> list[Any]:
    """Returns rows of one value that each person sends once on each of the days."""
    return [
        (*KEY, location, name, day(n), value, json_type, one, 1, 1, False, 1) for n in days for one in people
    ]


def call_rows(
    key: tuple[str, ...], days: Iterable[int], people: Iterable[str] = PEOPLE, success: bool = True
) -> list[Any]:
    """Returns rows of one call of an endpoint by each person on each of the days."""
    return [(*key, day(n), one, success) for n in days for one in people]


def schema(version: int, last: int, parameters: list[Parameter]) -> Any:
    """Returns a row of a schema version of the endpoint `KEY`."""
    parameter_rows = [
        (location, name, required, 1, orjson.dumps(json).decode())
        for location, name, required, json in parameters
    ]
    return (
        *KEY,
        version,
        f"print-{version}",
        100,
        12,
        5,
        MONDAY,
        day(last),
        0,
        0,
        0,
        0,
        0,
        ["/x"],
        [],
        parameter_rows,
    )


def endpoint_slices(spark: SparkSession, calls: list[Any]) -> DataFrame:
    """Returns rows of `endpoint_slices`, counted from calls."""
    return (
        spark.createDataFrame(calls, CALLS)
        .groupBy("variant", "host", "method", "path_template", "day")
        .agg(
            F.count("*").alias("requests"),
            F.count_if("is_success").alias("successful"),
            *(F.lit(0).cast("bigint").alias(name) for name in STATUS_CLASSES if name != "successful"),
            F.hll_sketch_agg("client", F.lit(10)).alias("client_sketch"),
            F.min(F.to_timestamp("day")).alias("first_seen"),
        )
        .localCheckpoint()
    )


def endpoints(spark: SparkSession, *keys: tuple[str, ...]) -> DataFrame:
    """Returns rows of the inventory, one for each key."""
    times = [datetime(2026, 6, 1, 8), datetime(2026, 6, 10, 8)]
    counts = {name: 100 if name == "successful" else 0 for name in STATUS_CLASSES}
    rows = [(*key, 100, *counts.values(), 12, *times) for key in keys]
    columns = ", ".join(f"{name} bigint" for name in ("requests", *counts, "clients"))
    return spark.createDataFrame(rows, f"{ENDPOINT}, {columns}, first_seen timestamp, last_seen timestamp")


def published_rows(spark: SparkSession, *keys: tuple[str, ...], version: int | None = 1) -> DataFrame:
    """Returns rows of `PUBLISHED`, one for each key."""
    rows = endpoints(spark, *keys).withColumns(
        {"publication": F.lit(1), "last_day": F.lit(PUBLICATION), "version": F.lit(version).cast("int")}
    )
    return rows.select(*PUBLISHED.schema.names)


def parameter_slices(spark: SparkSession, seen: list[Any], settings: Settings) -> DataFrame:
    """Returns the slices of parameters that are learned from these values."""
    return slices_of(value_rows(spark, seen), settings.schemas).localCheckpoint()


def changes(evidence: Evidence, settings: Settings) -> DataFrame:
    """Returns rows of `CHANGES` without `publication`."""
    inactive = find_inactive_endpoints(
        evidence.published, evidence.inventory, evidence.endpoint_slices, settings.changes
    )
    changed = find_changed_schemas(evidence).localCheckpoint()
    return collect_changes(evidence, changed, inactive, settings.changes).localCheckpoint()


def with_quick_inactivity(settings: Settings) -> Settings:
    """Reports inactivity after days, whatever the calendar."""
    quick = settings.changes.model_copy(update={"cycles": [], "idle_risk": 0.2})
    return settings.model_copy(update={"changes": quick})
