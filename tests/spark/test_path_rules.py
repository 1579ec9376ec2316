"""Rules: inferred in any order, published with hysteresis, overruled by operators, applied to what inference never saw."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.paths import resolve
from pipelines.paths.infer import inferred
from pipelines.paths.publish import as_rules, hosts_to_infer, published_rules, republished
from pipelines.paths.resolve import resolved
from pipelines.paths.sample import sampled
from pipelines.paths.steps import masked, steps
from pipelines.paths.tree import typed_steps
from pipelines.sections import PathSettings
from pipelines.settings import Settings

FIRST = date(2026, 5, 1)
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


@pytest.fixture(scope="module")
def paths(settings: Settings) -> PathSettings:
    return settings.paths


def scored(children: DataFrame) -> DataFrame:
    """In place of the classifier: `/x...` is a variable, `/y...` perhaps, `/m...` rather not, the rest is a literal."""
    step = F.col("step")
    told = (
        F.when(step.startswith("/x"), 0.9).when(step.startswith("/y"), 0.65).when(step.startswith("/m"), 0.35)
    )
    return children.withColumn("probability", told.otherwise(0.05).cast("float"))


def evidence(
    spark: SparkSession,
    paths: Iterable[str],
    settings: PathSettings,
    day: int = 0,
    clients: int = 1,
    host: str = "a.example",
) -> DataFrame:
    rows = spark.createDataFrame([(host, path) for path in paths], "host string, path string")
    shaped = rows.select("host", masked(F.col("path"), settings).alias("path_shape")).distinct()
    on = F.lit(FIRST + timedelta(days=day))
    return shaped.withColumns(
        {
            "steps": steps(F.col("path_shape")),
            "clients": F.lit(clients).cast("bigint"),
            "first_day": on,
            "last_day": on,
        }
    )


def merged(parts: Iterable[DataFrame]) -> DataFrame:
    """Evidence of several days as one."""
    whole = reduce(DataFrame.unionByName, parts).groupBy("host", "path_shape", "steps")
    return whole.agg(
        F.max("clients").alias("clients"),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
    )


def told(rules: DataFrame) -> set[tuple[str, str, str]]:
    return {(row["prefix"], row["step"], row["decision"]) for row in rules.collect()}


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


def test_daily_publications_give_the_templates_of_one_batch(spark: SparkSession, paths: PathSettings) -> None:
    """Each day with new values, a new literal and a new version; what was published binds, and agrees."""
    days = [
        evidence(
            spark, [f"/users/x{n}", f"/users/x{n + 7}", "/users/me", f"/v1/part{n}"], paths, n
        ).localCheckpoint()
        for n in range(3)
    ]
    published: DataFrame | None = None
    for n in range(3):
        known = None if published is None else published_rules(published, None)
        published = inferred(merged(days[: n + 1]), paths, scored, known).localCheckpoint()
    assert published is not None
    assert told(published) == told(inferred(merged(days), paths, scored, None))


def publish(
    spark: SparkSession, first: list[str], then: list[str], paths: PathSettings
) -> set[tuple[str, str, str]]:
    """What is published after two days."""
    one, two = evidence(spark, first, paths), evidence(spark, then, paths, day=1)
    rules = inferred(one, paths, scored, None)
    return told(inferred(merged([one, two]), paths, scored, published_rules(rules, None)))


def test_a_published_literal_becomes_a_variable_only_on_strong_evidence(
    spark: SparkSession, paths: PathSettings
) -> None:
    low = paths.model_copy(update={"threshold": 0.7})  # on the first day /y is a literal
    one = evidence(spark, ["/a/y1", "/a/b"], paths)
    first = inferred(one, low, scored, None)
    assert ("/a", "/y1", "literal") in told(first)
    later = merged([one, evidence(spark, ["/a/y2"], paths, day=1)])
    then = inferred(later, paths, scored, published_rules(first, None)).localCheckpoint()
    assert told(then) == {
        ("", "/a", "literal"),
        ("/a", "/b", "literal"),
        ("/a", "/y1", "literal"),
        ("/a", "/{}", "variable"),
    }
    held = then.where(F.col("step") == "/y1").collect()[0]
    assert held["origin"] == "held"
    assert "published as a literal" in held["reason"]


def test_a_published_variable_is_not_split(spark: SparkSession, paths: PathSettings) -> None:
    """`/m1` was a variable when it was published; `/m2` is new, and not clearly a literal; `/b` is new and clearly one."""
    one = evidence(spark, ["/a/m1", "/a/x1"], paths)
    bold = paths.model_copy(update={"threshold": 0.3, "certain": 0.5})
    first = inferred(one, bold, scored, None)
    assert told(first) == {("", "/a", "literal"), ("/a", "/{}", "variable")}
    later = merged([one, evidence(spark, ["/a/m2", "/a/b"], paths, day=1)])
    then = inferred(later, paths, scored, published_rules(first, None))
    assert told(then) == {("", "/a", "literal"), ("/a", "/{}", "variable"), ("/a", "/b", "literal")}


def test_operators_win_over_the_classifier_and_what_was_published(
    spark: SparkSession, paths: PathSettings
) -> None:
    rows = evidence(
        spark,
        ["/users/x1", "/users/x2", "/users/me", "/settings/x1", "/settings/17", "/c/b", "/c/d", "/c.json"],
        paths,
    )
    first = inferred(rows, paths, scored, None).localCheckpoint()
    schema = "host string, prefix string, step string, decision string, reason string"
    words = [("/users", "/x1", "literal"), ("/settings", "/{}", "literal"), ("/c", "/{}", "variable")]
    said = as_rules(spark.createDataFrame([("a.example", *each, "because") for each in words], schema), rows)
    assert hosts_to_infer(rows, first, None).isEmpty()
    assert [row["host"] for row in hosts_to_infer(rows, first, said).collect()] == ["a.example"]
    then = told(inferred(rows, paths, scored, published_rules(first, said)))
    assert then >= {("/users", "/x1", "literal"), ("/users", "/me", "literal"), ("/users", "/{}", "variable")}
    assert then >= {
        ("/settings", "/x1", "literal"),
        ("/settings", "/17", "literal"),
        ("/c", "/{}", "variable"),
        ("/c", ".json", "literal"),
    }
    assert not {("/c", "/b", "literal"), ("/settings", "/{}", "variable")} & then


def test_publishing_again_keeps_one_row_a_rule(spark: SparkSession, paths: PathSettings) -> None:
    """What operators said of a host that is left alone is among its published rules already."""
    rows = evidence(spark, ["/users/x1", "/users/me"], paths).unionByName(
        evidence(spark, ["/b"], paths, host="b.example")
    )
    schema = "host string, prefix string, step string, decision string, reason string"
    told_of = [(host, "/c", "/never", "literal", "because") for host in ("a.example", "b.example")]
    said = as_rules(spark.createDataFrame(told_of, schema), rows)
    both = rows.select("host").distinct()
    first = republished(inferred(rows, paths, scored, said), said, said.limit(0), both).localCheckpoint()
    assert first.where(F.col("step") == "/never").count() == 2  # also of paths that nobody asked for
    one = both.where(F.col("host") == "a.example")
    again = inferred(rows.join(one, "host", "left_semi"), paths, scored, published_rules(first, said))
    then = republished(again, said, first, one)
    assert then.groupBy("host", "prefix", "step").count().where(F.col("count") > 1).isEmpty()
    assert told(then) == told(first)


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
    rows = merged([many, asked]).withColumn("guess", typed_steps(F.col("steps")))
    kept = {row["path_shape"] for row in sampled(rows, few).collect()}
    assert len(kept) == 20
    assert {"/users/me", "/users/search"} <= kept
    assert {row["path_shape"] for row in sampled(rows.repartition(5), few).collect()} == kept
    assert sampled(rows, paths).count() == 302
