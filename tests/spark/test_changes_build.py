"""Changes on Spark: since when, by whom and how surely, from literal evidence; old and new inventories side by side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.changes.build import Evidence, changed_schemas, changes_of
from pipelines.changes.published import as_of, publication
from pipelines.changes.table import CHANGES, PUBLISHED
from pipelines.schemas.build import slices
from pipelines.schemas.table import SCHEMAS_SCHEMA
from pipelines.sections import ChangeSettings
from pipelines.settings import Settings
from tests.schema_rows import KEY, VALUES

MONDAY = date(2026, 6, 1)
PUBLICATION = MONDAY + timedelta(days=4)
PEOPLE = [f"{number:02d}-client" for number in range(12)]
ENDPOINT = "variant string, host string, method string, path_template string"
CALLS = f"{ENDPOINT}, day date, client string, is_success boolean"
Parameter = tuple[str, str, bool, dict[str, Any]]


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def values(
    location: str,
    name: str,
    days: Iterable[int],
    value: str,
    people: Iterable[str] = PEOPLE,
    json_type: str | None = None,
) -> list[Any]:
    """One value that each of the people sends once on each of the days."""
    return [
        (*KEY, location, name, day(n), value, json_type, one, 1, 1, False, 1) for n in days for one in people
    ]


def called(
    key: tuple[str, ...], days: Iterable[int], people: Iterable[str] = PEOPLE, success: bool = True
) -> list[Any]:
    return [(*key, day(n), one, success) for n in days for one in people]


def schema(version: int, last: int, parameters: list[Parameter]) -> Any:
    found = [
        (location, name, required, 1, orjson.dumps(json).decode())
        for location, name, required, json in parameters
    ]
    return (*KEY, version, f"print-{version}", 100, 12, 5, MONDAY, day(last), 0, 0, 0, False, found)


def endpoint_slices(spark: SparkSession, calls: list[Any]) -> DataFrame:
    return (
        spark.createDataFrame(calls, CALLS)
        .groupBy("variant", "host", "method", "path_template", "day")
        .agg(
            F.count("*").alias("requests"),
            F.count_if("is_success").alias("successes"),
            F.hll_sketch_agg("client", F.lit(10)).alias("client_sketch"),
            F.min(F.to_timestamp("day")).alias("first_seen"),
        )
    )


def endpoints(spark: SparkSession, *keys: tuple[str, ...]) -> DataFrame:
    times = [datetime(2026, 6, 1, 8), datetime(2026, 6, 10, 8)]
    rows = [(*key, 100, 100, 12, *times) for key in keys]
    return spark.createDataFrame(
        rows,
        f"{ENDPOINT}, requests bigint, successes bigint, clients bigint, first_seen timestamp, last_seen timestamp",
    )


def published(spark: SparkSession, *keys: tuple[str, ...], version: int | None = 1) -> DataFrame:
    found = endpoints(spark, *keys).withColumns(
        {"publication": F.lit(1), "last_day": F.lit(PUBLICATION), "version": F.lit(version).cast("int")}
    )
    return found.select(*PUBLISHED.schema.names)


@pytest.fixture
def changes(settings: Settings) -> ChangeSettings:
    return settings.changes


def of_schemas(
    spark: SparkSession, settings: Settings, seen: list[Any], old: list[Parameter], new: list[Parameter]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Changes of one endpoint by name and keyword, from the values that were seen."""
    requests = values("request", "", range(10), "")
    evidence = Evidence(
        published(spark, KEY),
        endpoints(spark, KEY),
        spark.createDataFrame([schema(1, 4, old), schema(2, 9, new)], SCHEMAS_SCHEMA),
        endpoint_slices(spark, called(KEY, range(10))),
        slices(spark.createDataFrame(requests + seen, VALUES), settings.schemas),
    )
    rows = changes_of(evidence, changed_schemas(evidence), settings.changes).collect()
    return {(row["name"], row["keyword"]): row.asDict() for row in rows}


INT = {"type": "integer", "format": "int32"}


def test_each_widening_is_dated_and_counted_by_the_values_that_show_it(
    spark: SparkSession, settings: Settings
) -> None:
    words = {"type": "string", "maxLength": 8, "pattern": "^[a-z]*$"}
    old: list[Parameter] = [
        ("query", "page", False, {**INT, "minimum": 0, "maximum": 100}),
        ("query", "sort", False, {"type": "string", "enum": ["asc"]}),
        ("query", "ref", False, INT),
        ("query", "word", False, words),
        (
            "query",
            "ids",
            False,
            {"type": "array", "items": {**INT, "maximum": 9}, "x-census": {"rule": "comma-list"}},
        ),
    ]
    new: list[Parameter] = [
        ("query", "page", False, {**INT, "minimum": -10, "maximum": 1000}),
        ("query", "sort", False, {"type": "string", "enum": ["asc", "desc"]}),
        ("query", "ref", False, {"type": "string"}),
        ("query", "word", False, {**words, "maxLength": 64, "pattern": "^[a-zA-Z]*$"}),
        (
            "query",
            "ids",
            False,
            {"type": "array", "items": {**INT, "maximum": 99}, "x-census": {"rule": "comma-list"}},
        ),
        ("query", "fresh", False, INT),
    ]
    seen = [
        *values("query", "page", range(10), "7"),
        *values("query", "page", [6, 7], "500", PEOPLE[:5]),
        *values("query", "page", [8], "-3", PEOPLE[:1]),
        *values("query", "sort", range(10), "asc"),
        *values("query", "sort", [9], "desc", PEOPLE[:4]),
        *values("query", "ref", range(10), "5"),
        *values("query", "ref", [7, 8, 9], "abc"),
        *values("query", "word", range(10), "abc"),
        *values("query", "word", [9], "ABCDEFGHIJ", PEOPLE[:6]),
        *values("item", "ids", range(10), "3"),
        *values("item", "ids", [8, 9], "44"),
        *values("query", "fresh", [5, 9], "1"),
    ]
    found = of_schemas(spark, settings, seen, old, new)
    summary = {
        place: (row["kind"], row["first_day"].day - 1, row["requests"], row["clients"], row["is_significant"])
        for place, row in found.items()
    }
    assert summary == {
        ("page", "maximum"): (
            "widened",
            6,
            10,
            5,
            True,
        ),  # 4 of 10 days: 0.4^5 = 0.01 of exposure ... see below
        ("page", "minimum"): ("widened", 8, 1, 1, False),  # one client proves nothing
        ("sort", "enum"): ("widened", 9, 4, 4, True),
        ("ref", "type"): ("widened", 7, 36, 12, True),
        ("word", "maxLength"): ("widened", 9, 6, 6, True),
        ("word", "pattern"): ("widened", 9, 6, 6, True),
        ("ids", "items/maximum"): ("widened", 8, 24, 12, True),
        ("fresh", ""): ("parameter-new", 5, 24, 12, True),
    }
    assert found["sort", "enum"]["chance"] == pytest.approx(0.1**4)
    assert found["fresh", ""]["share_of_requests"] == pytest.approx(24 / 60)
    assert found["fresh", ""]["share_of_clients"] == 1
    assert {row["cause"] for row in found.values()} == {"traffic"}
    assert not any(row["is_breaking"] for row in found.values())


def test_what_is_only_better_known_is_evidence_and_may_break(spark: SparkSession, settings: Settings) -> None:
    old: list[Parameter] = [("query", "page", False, INT), ("query", "lost", False, INT)]
    limit = {**INT, "maximum": 100, "x-census": {"constraints": {"maximum": {"risk": 2e-5}}}}
    found = of_schemas(
        spark, settings, values("query", "page", range(10), "7"), old, [("query", "page", False, limit)]
    )
    narrowed, removed = found["page", "maximum"], found["lost", ""]
    assert (narrowed["kind"], narrowed["is_breaking"], narrowed["cause"], narrowed["risk"]) == (
        "narrowed",
        True,
        "evidence",
        2e-5,
    )
    assert (narrowed["first_day"], narrowed["chance"], narrowed["is_significant"]) == (None, None, False)
    assert (narrowed["before"], narrowed["after"]) == (None, "100")
    assert (removed["kind"], removed["is_breaking"], removed["share_of_requests"]) == (
        "parameter-removed",
        True,
        None,
    )


def test_a_parameter_that_became_optional_is_dated_by_the_requests_that_lack_it(
    spark: SparkSession, settings: Settings
) -> None:
    old: list[Parameter] = [
        ("query", "a", True, INT),
        ("body", "/b", True, INT),
        ("body", "", False, {"type": "object"}),
    ]
    new: list[Parameter] = [(location, name, False, json) for location, name, _, json in old]
    seen = [
        *values("query", "a", range(7), "1"),
        *values("query", "a", range(7, 10), "1", PEOPLE[:4]),
        *values("body", "", range(10), "", json_type="object"),
        *values("body", "/b", range(8), "1", json_type="number"),
        *values("body", "/b", range(8, 10), "1", PEOPLE[:9], json_type="number"),
    ]
    found = of_schemas(spark, settings, seen, old, new)
    lacking = found["a", "required"]
    assert (lacking["kind"], lacking["first_day"], lacking["requests"], lacking["clients"]) == (
        "widened",
        day(7),
        24,
        8,
    )
    assert lacking["is_significant"]
    member = found["/b", "required"]
    assert (member["first_day"], member["requests"], member["clients"]) == (day(8), 6, 3)


def test_a_parameter_that_is_sent_no_more_is_told_when_its_silence_becomes_implausible(
    spark: SparkSession, settings: Settings
) -> None:
    at_once = settings.model_copy(
        update={"changes": settings.changes.model_copy(update={"cycles": [], "idle_risk": 0.2})}
    )
    known: list[Parameter] = [("query", "a", False, INT)]
    seen = values("query", "a", range(5), "1")
    found = of_schemas(spark, at_once, seen, known, known)
    assert found["a", ""]["kind"] == "parameter-gone"
    assert (found["a", ""]["first_day"], found["a", ""]["requests"]) == (day(5), 60)
    assert of_schemas(spark, settings, seen, known, known) == {}  # within a week of five days nothing is said


OLD, LOST, SILENT = (
    ("ml", "a.example", method, path)
    for method, path in (("GET", "/a"), ("GET", "/lost"), ("GET", "/silent"))
)
METHOD, PATH = ("ml", "a.example", "PUT", "/a"), ("ml", "a.example", "GET", "/new")
HOST, RARE = ("ml", "new.example", "GET", "/"), ("ml", "a.example", "GET", "/rare")


def test_endpoints_come_and_go(spark: SparkSession, settings: Settings, changes: ChangeSettings) -> None:
    at_once = changes.model_copy(update={"cycles": [], "idle_risk": 0.2})
    calls = [
        *called(OLD, range(10)),
        *called(SILENT, range(5)),
        *called(SILENT, [6], PEOPLE[:2], success=False),
        *called(METHOD, [7, 8, 9]),
        *called(PATH, [8, 9]),
        *called(HOST, [9]),
        *called(RARE, [8], PEOPLE[:2]),
    ]
    evidence = Evidence(
        published(spark, OLD, LOST, SILENT, version=None),
        endpoints(spark, OLD, SILENT, METHOD, PATH, HOST, RARE),
        spark.createDataFrame([], SCHEMAS_SCHEMA),
        endpoint_slices(spark, calls),
        slices(spark.createDataFrame([], VALUES), settings.schemas),
    )
    rows = changes_of(evidence, changed_schemas(evidence), at_once)
    assert {(field.name, field.dataType) for field in rows.schema} == {
        (field.name, field.dataType) for field in CHANGES.schema if field.name != "publication"
    }
    found = {(row["method"], row["host"], row["path_template"]): row for row in rows.collect()}
    told = {key[1:]: (row["kind"], row["is_breaking"], row["is_significant"]) for key, row in
            ((("", *place), row) for place, row in found.items())}  # fmt: skip
    assert told == {
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
    found, seen = endpoints(spark, KEY, OLD), endpoint_slices(spark, called(KEY, range(10)))
    now = {row["path_template"]: row for row in publication(found, stored, seen, 3).collect()}
    assert (now[KEY[3]]["version"], now[KEY[3]]["publication"], now[KEY[3]]["last_day"]) == (2, 3, day(9))
    assert now["/a"]["version"] is None
    then = {row["path_template"]: row for row in as_of(day(5), found, stored).collect()}
    assert (then[KEY[3]]["version"], then[KEY[3]]["last_day"]) == (1, day(5))
    assert as_of(MONDAY - timedelta(days=1), found, stored).collect() == []
