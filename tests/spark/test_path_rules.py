"""Rules: inferred in any order, applied to what inference never saw, and to hostile paths."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.paths import resolve
from pipelines.paths.infer import inferred
from pipelines.paths.resolve import resolved
from pipelines.paths.sample import sampled
from pipelines.paths.steps import masked, typed_steps
from pipelines.sections import PathSettings
from tests.path_rows import evidence, merged, scored, told

PATHS = (
    "/users",
    "/users/x1",
    "/users/x2/orders",
    "/users/x3/orders",
    "/users/me",
    "/users/73519",
    "/f/x1.json",
    "/f/x2.json",
    "/f/x3.md",
)


def walked(
    spark: SparkSession, rules: DataFrame, asked: Iterable[str], settings: PathSettings
) -> dict[str, tuple[str, bool]]:
    rows = spark.createDataFrame([("a.example", path) for path in asked], "host string, path string")
    shapes = rows.withColumn("path_shape", masked(F.col("path"), settings))
    found = shapes.join(
        resolved(shapes.select("host", "path_shape").distinct(), rules), ["host", "path_shape"]
    )
    return {row["path"]: (row["resolved"], row["matched"]) for row in found.collect()}


@pytest.fixture(scope="module")
def rules(spark: SparkSession, paths: PathSettings) -> DataFrame:
    return inferred(evidence(spark, PATHS, paths), paths, scored, None).localCheckpoint()


def test_rules_hold_literals_one_row_for_the_variables_of_a_node_and_no_value(rules: DataFrame) -> None:
    assert told(rules) == {
        ("", "/users", "literal"), ("/users", "/{}", "variable"), ("/users", "/me", "literal"),
        ("/users/{}", "/orders", "literal"), ("", "/f", "literal"),
        ("/f", "/{}", "variable"), ("/f/{}", ".json", "literal"), ("/f/{}", ".md", "absorbed"),
    }  # fmt: skip
    variable = rules.where((F.col("prefix") == "/users") & (F.col("step") == "/{}")).collect()[0]
    assert (variable["children"], variable["siblings"], variable["origin"], variable["takes_words"]) == (
        4,
        5,
        "inferred",
        False,
    )
    assert variable["probability"] == pytest.approx((3 * 0.9 + 1) / 4)
    assert "like those of a variable" in variable["reason"]
    assert "4 of 5 siblings" in variable["reason"]


def test_what_inference_never_saw_follows_the_rules(
    spark: SparkSession, rules: DataFrame, paths: PathSettings
) -> None:
    asked = ["/users/q9/orders", "/users/88123", "/f/x9.json", "/f/x9.md", "/users/me", "/users/"]
    assert walked(spark, rules, asked, paths) == {
        "/users/q9/orders": ("/users/{}/orders", True), "/users/88123": ("/users/{}", True), "/f/x9.json": ("/f/{}.json", True),
        "/f/x9.md": ("/f/{}", True), "/users/me": ("/users/me", True), "/users/": ("/users", True),
    }  # fmt: skip


def test_what_no_rule_fits_is_told_apart_and_decided_by_form(
    spark: SparkSession, rules: DataFrame, paths: PathSettings
) -> None:
    assert walked(spark, rules, ["/users/anna", "/new/17/x", "/users/x1/orders/17", "*", "/"], paths) == {
        "/users/anna": ("/users/{}", False),  # no word was a value before: it may be a new literal
        "/new/17/x": ("/new/{}/x", False), "/users/x1/orders/17": ("/users/{}/orders/{}", False),
        "*": ("*", False), "/": ("/", False),
    }  # fmt: skip


def test_seven_days_in_any_order_and_twice_give_what_one_batch_gives(
    spark: SparkSession, paths: PathSettings, rules: DataFrame
) -> None:
    days = [evidence(spark, PATHS[n::7], paths) for n in range(7)]
    again = merged([days[5], *days, days[2]]).repartition(7)
    assert sorted(map(tuple, inferred(again, paths, scored, None).collect())) == sorted(
        map(tuple, rules.collect())
    )


def test_a_segment_of_many_dots_makes_no_deep_walk(
    spark: SparkSession, paths: PathSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of the walk is a join for all paths; an attacker who is answered must not choose how many."""
    rules = inferred(evidence(spark, ["/a/" + "." * 500, "/a/b:c:d:e:f"], paths), paths, scored, None)
    levels: list[int] = []

    def down(rows: DataFrame, level: int, *_: DataFrame) -> DataFrame:
        levels.append(level)
        return rows

    monkeypatch.setattr(resolve, "_down", down)
    resolved(spark.createDataFrame([("a.example", "/a")], "host string, path_shape string"), rules)
    assert len(levels) <= 3


def test_a_crowded_node_keeps_those_that_most_clients_ask_for(
    spark: SparkSession, paths: PathSettings
) -> None:
    few = paths.model_copy(update={"max_children": 20, "always_whole": 10})
    many = evidence(spark, [f"/users/x{n}/orders" for n in range(300)], paths)
    asked = evidence(spark, ["/users/me", "/users/search"], paths, clients=500)
    rows = merged([many, asked]).withColumn("guess", typed_steps(F.col("path_shape")))
    kept = {row["path_shape"] for row in sampled(rows, few).collect()}
    assert len(kept) == 20
    assert {"/users/me", "/users/search"} <= kept
    assert {row["path_shape"] for row in sampled(rows.repartition(5), few).collect()} == kept
    assert sampled(rows, paths).count() == 302
