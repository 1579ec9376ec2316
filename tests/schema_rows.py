"""Rows as `parameter_values` gives them, and the endpoint they belong to."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from pipelines.schemas.recognisers import kind_of

DAYS = [date(2026, 6, 1), date(2026, 6, 2)]
KEY = ("ml", "a.example", "GET", "/users/{id}")
VALUES = (
    "variant string, host string, method string, path_template string, location string, name string, "
    "day date, value string, kind string, client string, n bigint, requests bigint, is_late boolean, hours int"
)
Rows = list[tuple[Any, ...]]


def row(
    name: str, value: str, client: str = "c", day: date = DAYS[0], n: int = 1, requests: int | None = None
) -> Any:
    location = {"": "request", "id": "path"}.get(name, "query")
    return (*KEY, location, name, day, value, None, client, n, n if requests is None else requests, False, 1)


LITERAL = [
    row("", "", "alice", n=30),
    row("", "", "bob", DAYS[1], n=10),
    row("id", "1", "alice", n=30),
    row("id", "9007199254740993", "bob", DAYS[1], n=10),
    row("when", "1718000000", "alice", n=20),
    row("when", "1718009999", "bob", DAYS[1], n=4),
    row("when", "2026-06-01T00:00:00Z", "bob", DAYS[1], n=4),
    row("price", "-1.5", "bob", DAYS[1], n=25, requests=20),
    row("price", "", "bob", DAYS[1]),
    row("sort", "name", "alice", n=3),
    row("sort", "Größe-2", "bob", DAYS[1], n=2),
    row("sort", "a,b", "bob", DAYS[1]),
    row("sort", "' OR 1=1", "carol", n=1),
    row("sort", "long " * 20, "carol", n=2),
]


def late(found: Any) -> Any:
    """The same row, sent at eight in the evening."""
    return (*found[:-2], True, 1 << 20)


def value_rows(spark: SparkSession, rows: Rows) -> DataFrame:
    """The rows as learning takes them: with the kind of each value in place of its JSON type."""
    read = [(*one[:8], kind_of(one[7], one[8]), *one[9:]) for one in rows]
    return spark.createDataFrame(read, VALUES)
