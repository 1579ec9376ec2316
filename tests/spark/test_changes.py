"""Changes of schemas on Spark: their first day, clients and significance."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from pipelines.changes.spark.changes import Evidence
from pipelines.runtime.settings import Settings
from pipelines.schemas.tables import SCHEMAS_SCHEMA
from tests.change_rows import (
    PEOPLE,
    Parameter,
    call_rows,
    changes,
    day,
    endpoint_slices,
    endpoints,
    parameter_slices,
    published_rows,
    schema,
    values,
    with_quick_inactivity,
)
from tests.schema_rows import KEY


def find_schema_changes(
    spark: SparkSession, settings: Settings, seen: list[Any], old: list[Parameter], new: list[Parameter]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Returns the changes of one endpoint by name and keyword.

    `seen` has the rows of values that its requests had.
    """
    requests = values("request", "", range(10), "")
    evidence = Evidence(
        published_rows(spark, KEY),
        endpoints(spark, KEY),
        spark.createDataFrame([schema(1, 4, old), schema(2, 9, new)], SCHEMAS_SCHEMA),
        endpoint_slices(spark, call_rows(KEY, range(10))),
        parameter_slices(spark, requests + seen, settings),
    )
    rows = changes(evidence, settings).collect()
    return {(row["name"], row["keyword"]): row.asDict() for row in rows}


INT = {"type": "integer", "format": "int32"}


WORDS = {"type": "string", "maxLength": 8, "pattern": "^[a-z]*$"}
OLD: list[Parameter] = [
    ("query", "page", False, {**INT, "minimum": 0, "maximum": 100}),
    ("query", "sort", False, {"type": "string", "enum": ["asc"]}),
    ("query", "ref", False, INT),
    ("query", "word", False, WORDS),
    (
        "query",
        "ids",
        False,
        {"type": "array", "items": {**INT, "maximum": 9}, "x-census": {"rule": "comma-list"}},
    ),
]
NEW: list[Parameter] = [
    ("query", "page", False, {**INT, "minimum": -10, "maximum": 1000}),
    ("query", "sort", False, {"type": "string", "enum": ["asc", "desc"]}),
    ("query", "ref", False, {"type": "string"}),
    ("query", "word", False, {**WORDS, "maxLength": 64, "pattern": "^[a-zA-Z]*$"}),
    (
        "query",
        "ids",
        False,
        {"type": "array", "items": {**INT, "maximum": 99}, "x-census": {"rule": "comma-list"}},
    ),
    ("query", "fresh", False, INT),
]
SEEN = [
    *values("query", "page", range(10), "7"),
    *(each for n in range(5) for each in values("query", "page", [6, 7], f"{500 + n}", PEOPLE[n : n + 1])),
    *values("query", "page", [8], "-3", PEOPLE[:1]),
    *values("query", "sort", range(10), "asc"),
    *values("query", "sort", [8, 9], "desc", PEOPLE[:3]),
    *values("query", "ref", range(10), "5"),
    *values("query", "ref", [7, 8, 9], "abc"),
    *values("query", "word", range(10), "abc"),
    *(
        each
        for n in range(6)
        for each in values("query", "word", [9], f"ABCDEFGHI{'ABCDEF'[n]}", PEOPLE[n : n + 1])
    ),
    *values("item", "ids", range(10), "3"),
    *(each for n in range(12) for each in values("item", "ids", [8, 9], f"{44 + n}", PEOPLE[n : n + 1])),
    *values("query", "fresh", [5, 9], "1"),
]


def test_each_widening_is_dated_and_counted_by_the_values_that_show_it(
    spark: SparkSession, settings: Settings
) -> None:
    found = find_schema_changes(spark, settings, SEEN, OLD, NEW)
    summary = {
        place: (row["kind"], row["first_day"].day - 1, row["requests"], row["clients"], row["is_significant"])
        for place, row in found.items()
    }
    assert summary == {
        ("page", "maximum"): ("widened", 6, 10, 5, False),  # 0.4^5: a one-in-a-hundred chance
        ("page", "minimum"): ("widened", 8, 1, 1, False),  # one client proves nothing
        ("sort", "enum"): ("widened", 8, 6, 3, False),  # of one value, three clients a day are kept
        ("ref", "type"): ("widened", 7, 36, 12, True),
        ("word", "maxLength"): ("widened", 9, 6, 6, True),
        ("word", "pattern"): ("widened", 9, 6, 6, True),
        ("ids", "items/maximum"): ("widened", 8, 24, 12, True),
        ("fresh", ""): ("parameter-new", 5, 24, 12, True),
    }
    assert found["sort", "enum"]["chance"] == pytest.approx(0.2**3)
    assert found["fresh", ""]["share_of_requests"] == pytest.approx(24 / 60)
    assert found["fresh", ""]["share_of_clients"] == 1
    assert {row["cause"] for row in found.values()} == {"traffic"}
    assert not any(row["is_breaking"] for row in found.values())


def test_what_is_only_better_known_is_evidence_and_may_break(spark: SparkSession, settings: Settings) -> None:
    old: list[Parameter] = [("query", "page", False, INT), ("query", "lost", False, INT)]
    limit = {**INT, "maximum": 100, "x-census": {"constraints": {"maximum": {"risk": 2e-5}}}}
    found = find_schema_changes(
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
    found = find_schema_changes(spark, settings, seen, old, new)
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
    known: list[Parameter] = [("query", "a", False, INT)]
    seen = values("query", "a", range(5), "1")
    found = find_schema_changes(spark, with_quick_inactivity(settings), seen, known, known)
    assert found["a", ""]["kind"] == "parameter-gone"
    assert (found["a", ""]["first_day"], found["a", ""]["requests"]) == (day(5), 60)
    # a gap within a week is not reported after only five days
    assert find_schema_changes(spark, settings, seen, known, known) == {}
