"""Training labels of path segments: simulated truth and operators' decisions."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.paths.children import CONTEXT
from pipelines.paths.spark.training import (
    FIRST_PASS,
    LABEL,
    WEIGHT,
    label_by_operators,
    label_children,
    label_paths,
)
from pipelines.runtime.settings import Settings


def test_children_carry_the_truth_once_as_first_seen_and_once_as_known(
    spark: SparkSession, settings: Settings
) -> None:
    rows = [(f"/users/{name}/orders", [False, True, False]) for name in ("anna", "bert", "x9")]
    rows += [("/users/me", [False, False]), ("/users/73519", [False, True]), ("/users/a/b/c", [False, True])]
    day, calls = date(2026, 5, 1), [1, 0, 0, 0, 0, 0]
    frame = spark.createDataFrame(
        [("a.example", *row, 1, day, day, calls) for row in rows],
        "host string, path string, truth array<boolean>, clients bigint, first_day date, last_day date, calls array<bigint>",
    )
    found = label_children(label_paths(frame, settings.paths)).collect()
    labels = {(row["prefix"], row["step"], row[LABEL]) for row in found}
    assert labels == {  # 73519 needs no classifier, /users/a/b/c does not match its truth
        ("", "/users", False), ("/users", "/anna", True), ("/users", "/bert", True), ("/users", "/x9", True),
        ("/users", "/me", False), ("/users/{}", "/orders", False),
    }  # fmt: skip
    assert len(found) == 2 * len(labels)
    assert all(row[WEIGHT] > 0 for row in found)
    assert sum(row[FIRST_PASS] for row in found) == len(labels)
    users = [row for row in found if row["step"] == "/anna"]
    assert {row["siblings"] for row in users} == {5.0}
    assert [row["overlap"] for row in users] == [0.5, 0.5]  # two of four siblings have /orders below
    assert set(CONTEXT) < set(found[0].asDict())


def test_operators_label_the_nodes_that_they_decided(spark: SparkSession, settings: Settings) -> None:
    paths = ["/users/anna", "/users/bert", "/users/me", "/other/anna"]
    day = date(2026, 5, 1)
    rows = [*((path, 200) for path in paths), ("/users/gone", 404)]
    traffic = spark.createDataFrame(
        [("a.example", "GET", path, status, "anna", day) for path, status in rows],
        "host string, method string, path string, status int, client string, day date",
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
