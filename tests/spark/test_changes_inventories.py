"""Comparison of old and new inventories on Spark, and publication.

Endpoints are new, removed or inactive.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pyspark.sql import SparkSession

from pipelines.changes.spark.changes import Evidence
from pipelines.changes.tables import CHANGES, build_publication, build_publication_as_of
from pipelines.runtime.settings import Settings
from pipelines.schemas.tables import SCHEMAS_SCHEMA
from tests.change_rows import (
    MONDAY,
    PEOPLE,
    call_rows,
    changes,
    day,
    endpoint_slices,
    endpoints,
    parameter_slices,
    published_rows,
    schema,
    with_quick_inactivity,
)
from tests.schema_rows import KEY

OLD, LOST, SILENT = (
    ("ml", "a.example", method, path)
    for method, path in (("GET", "/a"), ("GET", "/lost"), ("GET", "/silent"))
)
METHOD, PATH = ("ml", "a.example", "PUT", "/a"), ("ml", "a.example", "GET", "/new")
HOST, RARE = ("ml", "new.example", "GET", "/"), ("ml", "a.example", "GET", "/rare")


def test_endpoints_come_and_go(spark: SparkSession, settings: Settings) -> None:
    calls = [
        *call_rows(OLD, range(10)),
        *call_rows(SILENT, range(5)),
        *call_rows(SILENT, [6], PEOPLE[:2], success=False),
        *call_rows(METHOD, [7, 8, 9]),
        *call_rows(PATH, [8, 9]),
        *call_rows(HOST, [9]),
        *call_rows(RARE, [8], PEOPLE[:2]),
    ]
    evidence = Evidence(
        published_rows(spark, OLD, LOST, SILENT, version=None),
        endpoints(spark, OLD, SILENT, METHOD, PATH, HOST, RARE),
        spark.createDataFrame([], SCHEMAS_SCHEMA),
        endpoint_slices(spark, calls),
        parameter_slices(spark, [], settings),
    )
    rows = changes(evidence, with_quick_inactivity(settings))
    assert {(field.name, field.dataType) for field in rows.schema} == {
        (field.name, field.dataType) for field in CHANGES.schema if field.name != "publication"
    }
    found = {(row["method"], row["host"], row["path_template"]): row for row in rows.collect()}
    summary = {key[1:]: (row["kind"], row["is_breaking"], row["is_significant"]) for key, row in
            ((("", *place), row) for place, row in found.items())}  # fmt: skip
    assert summary == {
        ("PUT", "a.example", "/a"): ("method-new", False, True),
        ("GET", "a.example", "/new"): ("endpoint-new", False, True),
        ("GET", "new.example", "/"): ("endpoint-new", False, True),
        ("GET", "a.example", "/rare"): ("endpoint-new", False, False),  # two clients
        ("GET", "a.example", "/lost"): ("endpoint-removed", True, False),
        ("GET", "a.example", "/silent"): ("endpoint-gone", True, True),
    }
    silent, method = found["GET", "a.example", "/silent"], found["PUT", "a.example", "/a"]
    assert (silent["first_day"], silent["requests"], silent["clients"]) == (day(5), 2, 2)
    assert (method["first_day"], method["first_seen"]) == (day(7), datetime(2026, 6, 8))
    assert (method["requests"], method["clients"], method["share_of_clients"]) == (36, 12, 1)
    assert len({row["id"] for row in found.values()}) == len(found)


def test_what_is_published_has_the_newest_version_and_a_look_back_that_of_its_day(
    spark: SparkSession,
) -> None:
    stored = spark.createDataFrame([schema(1, 4, []), schema(2, 9, [])], SCHEMAS_SCHEMA)
    found, seen = endpoints(spark, KEY, OLD), endpoint_slices(spark, call_rows(KEY, range(10)))
    now = {row["path_template"]: row for row in build_publication(found, stored, seen, 3).collect()}
    assert (now[KEY[3]]["version"], now[KEY[3]]["publication"], now[KEY[3]]["last_day"]) == (2, 3, day(9))
    assert now["/a"]["version"] is None
    then = {row["path_template"]: row for row in build_publication_as_of(day(5), found, stored).collect()}
    assert (then[KEY[3]]["version"], then[KEY[3]]["last_day"]) == (1, day(5))
    assert build_publication_as_of(MONDAY - timedelta(days=1), found, stored).collect() == []
