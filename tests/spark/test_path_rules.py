"""Path rules: inferred in any order, applied to unseen and hostile paths."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.paths import forest
from pipelines.paths.spark.inference import infer_rules_on_spark, limit_children, limit_paths
from pipelines.paths.spark.publication import select_binding_rules
from pipelines.paths.spark.steps import guess_steps, mask_path, split_steps
from pipelines.paths.spark.templates import resolve_shapes
from pipelines.paths.walk import Node, build_trees, resolve_path
from pipelines.runtime.settings_sections import PathSettings
from tests.path_rows import evidence, merge_evidence, rule_triples, score_by_text

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


def resolve_paths(
    spark: SparkSession, rules: DataFrame, asked: Iterable[str], settings: PathSettings
) -> dict[str, tuple[str, bool]]:
    rows = spark.createDataFrame([("a.example", path) for path in asked], "host string, path string")
    shapes = rows.withColumn("path_shape", mask_path(F.col("path"), settings))
    found = shapes.join(
        resolve_shapes(shapes.select("host", "path_shape").distinct(), rules, settings),
        ["host", "path_shape"],
    )
    return {row["path"]: (row["resolved"], row["matched"]) for row in found.collect()}


@pytest.fixture(scope="module")
def rules(spark: SparkSession, paths: PathSettings) -> DataFrame:
    return infer_rules_on_spark(evidence(spark, PATHS, paths), paths, score_by_text, None).localCheckpoint()


def test_rules_hold_literals_one_row_for_the_variables_of_a_node_and_no_value(rules: DataFrame) -> None:
    assert rule_triples(rules) == {
        ("", "/users", "literal"), ("/users", "/{}", "variable"), ("/users", "/me", "literal"),
        ("/users/{}", "/orders", "literal"), ("", "/f", "literal"),
        ("/f", "/{}", "variable"), ("/f/{}", ".json", "literal"), ("/f/{}", ".md", "merged_into_variable"),
    }  # fmt: skip
    variable = rules.where((F.col("prefix") == "/users") & (F.col("step") == "/{}")).collect()[0]
    assert (variable["children"], variable["siblings"], variable["origin"], variable["allows_words"]) == (
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
    assert resolve_paths(spark, rules, asked, paths) == {
        "/users/q9/orders": ("/users/{}/orders", True), "/users/88123": ("/users/{}", True), "/f/x9.json": ("/f/{}.json", True),
        "/f/x9.md": ("/f/{}", True), "/users/me": ("/users/me", True), "/users/": ("/users", True),
    }  # fmt: skip


def test_what_no_rule_fits_is_told_apart_and_decided_by_form(
    spark: SparkSession, rules: DataFrame, paths: PathSettings
) -> None:
    assert resolve_paths(spark, rules, ["/users/anna", "/new/17/x", "/users/x1/orders/17", "*", "/"], paths) == {
        "/users/anna": ("/users/{}", False),  # no word was a value before, so it may be a new literal
        "/new/17/x": ("/new/{}/x", False), "/users/x1/orders/17": ("/users/{}/orders/{}", False),
        "*": ("*", False), "/": ("/", False),
    }  # fmt: skip


def test_seven_days_in_any_order_and_twice_give_what_one_batch_gives(
    spark: SparkSession, paths: PathSettings, rules: DataFrame
) -> None:
    days = [evidence(spark, PATHS[n::7], paths) for n in range(7)]
    again = merge_evidence([days[5], *days, days[2]]).repartition(7)
    assert sorted(map(tuple, infer_rules_on_spark(again, paths, score_by_text, None).collect())) == sorted(
        map(tuple, rules.collect())
    )


def test_a_segment_of_many_dots_makes_no_deep_walk(spark: SparkSession, paths: PathSettings) -> None:
    """Attackers must not choose the depth: each step costs a look-up and a level."""
    asked = ["/a/" + "." * 500, "/a/b:c:d:e:f"]
    rules = infer_rules_on_spark(evidence(spark, asked, paths), paths, score_by_text, None).toArrow()
    levels: list[str] = []

    class RecordingNodes(dict[str, Node]):
        def get(self, prefix: str, default: Node) -> Node:  # type: ignore[override]
            levels.append(prefix)
            return super().get(prefix, default)

    for path in [*asked, "/a"]:
        levels.clear()
        resolve_path(RecordingNodes(build_trees(rules)["a.example"]), path)
        assert 0 < len(levels) <= 3


def test_a_crowded_node_keeps_those_that_most_clients_ask_for(
    spark: SparkSession, paths: PathSettings
) -> None:
    few = paths.model_copy(update={"max_children": 20, "always_whole": 10})
    many = evidence(spark, [f"/users/x{n}/orders" for n in range(300)], paths)
    asked = evidence(spark, ["/users/me", "/users/search"], paths, clients=500)
    rows = merge_evidence([many, asked])
    kept = {row["path_shape"] for row in limit_children(rows, few).collect()}
    assert len(kept) == 20
    assert {"/users/me", "/users/search"} <= kept
    assert {row["path_shape"] for row in limit_children(rows.repartition(5), few).collect()} == kept
    assert limit_children(rows, paths).count() == 302


MANY = [
    f"/{area}/{area[0]}{n % 7}/part{n % 3}" for n in range(40) for area in ("xusers", "yorders", "things")
]


def test_few_paths_on_the_driver_and_many_on_executors_get_the_same_rules(
    spark: SparkSession, paths: PathSettings
) -> None:
    hosts = [evidence(spark, MANY[n::3], paths, host=f"{n}.example") for n in range(3)]
    rows = merge_evidence(hosts)
    here = infer_rules_on_spark(rows, paths, score_by_text, None)
    spread = paths.model_copy(update={"on_driver": 5, "always_whole": 10_000})
    known = select_binding_rules(here, None)
    for published in (None, known):
        expected = sorted(map(tuple, infer_rules_on_spark(rows, paths, score_by_text, published).collect()))
        assert (
            sorted(
                map(
                    tuple,
                    infer_rules_on_spark(rows.repartition(3), spread, score_by_text, published).collect(),
                )
            )
            == expected
        )


def test_rules_that_go_to_every_task_and_rules_of_hosts_lead_to_the_same_templates(
    spark: SparkSession, rules: DataFrame, paths: PathSettings
) -> None:
    asked = [*PATHS, "/users/q9/orders", "/users/anna", "/f/x9.md", "/new/17/x", "*", "/"]
    shapes = evidence(spark, asked, paths).unionByName(evidence(spark, asked, paths, host="unknown.example"))
    by_host = paths.model_copy(update={"shared_rules": 1, "host_parts": 3})
    expected = sorted(map(tuple, resolve_shapes(shapes, rules, paths).collect()))
    assert len(expected) == 2 * len({row[1] for row in expected})
    assert sorted(map(tuple, resolve_shapes(shapes, rules, by_host).collect())) == expected
    assert sorted(map(tuple, resolve_shapes(shapes, rules.toArrow(), by_host).collect())) == expected


def test_a_host_is_bounded_whatever_its_paths_and_others_are_left_whole(
    spark: SparkSession, paths: PathSettings
) -> None:
    few = paths.model_copy(update={"max_paths": 100})
    big = evidence(spark, [f"/x{n}/y" for n in range(1000)], paths)
    rows = big.unionByName(evidence(spark, ["/a", "/b"], paths, host="b.example"))
    counts = {row["host"]: row["count"] for row in limit_paths(rows, few).groupBy("host").count().collect()}
    assert counts["b.example"] == 2
    assert 60 < counts["a.example"] < 140
    kept = {row["path_shape"] for row in limit_paths(rows, few).collect()}
    assert {row["path_shape"] for row in limit_paths(rows.repartition(5), few).collect()} == kept


def test_texts_are_cut_alike_in_python_and_in_spark(spark: SparkSession) -> None:
    hostile = [
        "/a/b.json", "/a.json/b", "/x/123:cancel", "/a.tar.gz", "/.json", "*", "/", "/a.json\n", "/a.json\r\n",
        "/v1/17.json\u2028", "/2024-01-01T10:00:00Z.json", "/eyJabcdefg.ab.c.json", "/a\n/17/x", "/users/17\r",
        "/{}/x9y8z7w6v5.csv", "/é/🙂.pdf", "",
    ]  # fmt: skip
    rows = spark.createDataFrame([(text,) for text in hostile], "path string")
    cut = rows.select("path", split_steps(F.col("path")), guess_steps(F.col("path"))).collect()
    assert [tuple(row) for row in cut] == [
        (text, forest.split_steps(text), forest.guess_steps(text)) for text in hostile
    ]


def test_crowded_nodes_are_thinned_at_every_level(spark: SparkSession, paths: PathSettings) -> None:
    """Each node keeps its busiest children, also below nodes that are left out.

    A path that ends at a crowded node stays.
    """
    few = paths.model_copy(update={"max_children": 3, "always_whole": 1})
    names = [f"/{first}/{second}" for first in "abcdefgh" for second in "klmnopqr"]
    asked = evidence(spark, ["/a/k", "/a/l", "/a/m", "/b/n", "/c/r"], paths, clients=9)
    rows = merge_evidence([evidence(spark, [*names, "/a", "/h"], paths), asked])
    kept = {row["path_shape"] for row in limit_children(rows, few).collect()}
    assert {path[:2] for path in kept} == {"/a", "/b", "/c"}
    assert {"/a", "/a/k", "/a/l", "/a/m", "/b/n", "/c/r"} <= kept
    assert all(sum(path.startswith(f"/{first}/") for path in kept) == 3 for first in "abc")


def test_a_path_without_unusual_signs_is_masked_as_any_other(
    spark: SparkSession, paths: PathSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        "/", "", "*", "/users/73519/", "/a/report-2024-05-31.pdf", "/a/report-2024.pdf", "/Products(5)",
        "/a%2Db/(x)", "/a;v=1/b//c", "/{x}/y}", "/x/123:cancel", "/1,2,3", "/a@b.example", "/v1/2024-01-01",
        "/" + "a/" * 30 + "17", "/+4912345678", "/é/",
    ]  # fmt: skip
    rows = spark.createDataFrame([(path,) for path in asked], "path string")
    quick = [row[0] for row in rows.select(mask_path(F.col("path"), paths)).collect()]
    # now every path is searched for every form
    monkeypatch.setattr("pipelines.paths.spark.steps.UNUSUAL_SIGNS", "^")
    assert [row[0] for row in rows.select(mask_path(F.col("path"), paths)).collect()] == quick
    assert quick[3:7] == ["/users/{}", "/a/report-{}.pdf", "/a/report-{}.pdf", "/Products({})"]
