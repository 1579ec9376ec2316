"""Training labels of path segments: simulated truth and operators' decisions."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.paths.children import CONTEXT
from pipelines.paths.spark.training import LABEL, WEIGHT, label_by_operators, label_children, label_paths
from pipelines.runtime.settings import Settings


def test_children_carry_the_truth_once_as_first_seen_and_once_as_known(
    spark: SparkSession, settings: Settings
) -> None:
    rows = [(f"/users/{name}/orders", [False, True, False]) for name in ("anna", "bert", "x9")]
    rows += [("/users/me", [False, False]), ("/users/73519", [False, True]), ("/users/a/b/c", [False, True])]
    frame = spark.createDataFrame(
        [("a.example", *row) for row in rows], "host string, path string, truth array<boolean>"
    )
    found = label_children(label_paths(frame, settings.paths)).collect()
    labels = {(row["prefix"], row["step"], row[LABEL]) for row in found}
    assert labels == {  # 73519 needs no classifier, /users/a/b/c does not match its truth
        ("", "/users", False), ("/users", "/anna", True), ("/users", "/bert", True), ("/users", "/x9", True),
        ("/users", "/me", False), ("/users/{}", "/orders", False),
    }  # fmt: skip
    assert len(found) == 2 * len(labels)
    assert all(row[WEIGHT] > 0 for row in found)
    users = [row for row in found if row["step"] == "/anna"]
    assert {row["siblings"] for row in users} == {5.0}
    assert [row["overlap"] for row in users] == [0.5, 0.5]  # two of four siblings have /orders below
    assert set(CONTEXT) < set(found[0].asDict())


def test_operators_label_the_nodes_that_they_decided(spark: SparkSession, settings: Settings) -> None:
    paths = ["/users/anna", "/users/bert", "/users/me", "/other/anna"]
    traffic = spark.createDataFrame(
        [("a.example", path, 200) for path in paths] + [("a.example", "/users/gone", 404)],
        "host string, path string, status int",
    )
    rules = spark.createDataFrame(
        [("a.example", "/users", "/{}", "variable"), ("a.example", "/users", "/me", "literal")],
        "host string, prefix string, step string, decision string",
    )
    found = (
        label_by_operators(traffic, rules, settings.paths).select("prefix", "step", F.col(LABEL)).collect()
    )
    assert {tuple(row) for row in found} == {
        ("/users", "/anna", True),
        ("/users", "/bert", True),
        ("/users", "/me", False),
    }
