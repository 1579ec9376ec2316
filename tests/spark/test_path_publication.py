"""Publication of path rules: daily runs, hysteresis, operators' decisions."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.paths.spark.inference import infer_rules_on_spark
from pipelines.paths.spark.publication import (
    build_operator_rules,
    combine_rules,
    find_hosts_to_infer,
    select_binding_rules,
)
from pipelines.runtime.settings_sections import PathSettings
from tests.path_rows import evidence, merge_evidence, rule_triples, score_by_text


def test_daily_publications_give_the_templates_of_one_batch(spark: SparkSession, paths: PathSettings) -> None:
    """Each day has new values, a new literal and a new version.

    Rules that are published stay in force and agree with the batch.
    """
    days = [
        evidence(
            spark, [f"/users/x{n}", f"/users/x{n + 7}", "/users/me", f"/v1/part{n}"], paths, n
        ).localCheckpoint()
        for n in range(3)
    ]
    published: DataFrame | None = None
    for n in range(3):
        known = None if published is None else select_binding_rules(published, None)
        published = infer_rules_on_spark(
            merge_evidence(days[: n + 1]), paths, score_by_text, known
        ).localCheckpoint()
    assert published is not None
    assert rule_triples(published) == rule_triples(
        infer_rules_on_spark(merge_evidence(days), paths, score_by_text, None)
    )


def publish_two_days(
    spark: SparkSession, first: list[str], then: list[str], paths: PathSettings
) -> set[tuple[str, str, str]]:
    """Returns the rules after two days."""
    one, two = evidence(spark, first, paths), evidence(spark, then, paths, day=1)
    rules = infer_rules_on_spark(one, paths, score_by_text, None)
    return rule_triples(
        infer_rules_on_spark(
            merge_evidence([one, two]), paths, score_by_text, select_binding_rules(rules, None)
        )
    )


def test_a_published_literal_becomes_a_variable_only_on_strong_evidence(
    spark: SparkSession, paths: PathSettings
) -> None:
    low = paths.model_copy(update={"threshold": 0.7})  # on the first day /y is a literal
    one = evidence(spark, ["/a/y1", "/a/b"], paths)
    first = infer_rules_on_spark(one, low, score_by_text, None)
    assert ("/a", "/y1", "literal") in rule_triples(first)
    later = merge_evidence([one, evidence(spark, ["/a/y2"], paths, day=1)])
    then = infer_rules_on_spark(
        later, paths, score_by_text, select_binding_rules(first, None)
    ).localCheckpoint()
    assert rule_triples(then) == {
        ("", "/a", "literal"),
        ("/a", "/b", "literal"),
        ("/a", "/y1", "literal"),
        ("/a", "/{}", "variable"),
    }
    held = then.where(F.col("step") == "/y1").collect()[0]
    assert held["origin"] == "kept_from_publication"
    assert "published as a literal" in held["reason"]


def test_a_published_variable_is_not_split(spark: SparkSession, paths: PathSettings) -> None:
    """`/m1` was published as a variable.

    `/m2` is new and not clearly a literal; `/b` is new and clearly one.
    """
    one = evidence(spark, ["/a/m1", "/a/x1"], paths)
    bold = paths.model_copy(update={"threshold": 0.3, "certain": 0.5})
    first = infer_rules_on_spark(one, bold, score_by_text, None)
    assert rule_triples(first) == {("", "/a", "literal"), ("/a", "/{}", "variable")}
    later = merge_evidence([one, evidence(spark, ["/a/m2", "/a/b"], paths, day=1)])
    then = infer_rules_on_spark(later, paths, score_by_text, select_binding_rules(first, None))
    assert rule_triples(then) == {("", "/a", "literal"), ("/a", "/{}", "variable"), ("/a", "/b", "literal")}


def test_operators_win_over_the_classifier_and_what_was_published(
    spark: SparkSession, paths: PathSettings
) -> None:
    rows = evidence(
        spark,
        ["/users/x1", "/users/x2", "/users/me", "/settings/x1", "/settings/17", "/c/b", "/c/d", "/c.json"],
        paths,
    )
    first = infer_rules_on_spark(rows, paths, score_by_text, None).localCheckpoint()
    schema = "host string, prefix string, step string, decision string, reason string"
    words = [("/users", "/x1", "literal"), ("/settings", "/{}", "literal"), ("/c", "/{}", "variable")]
    operator_rules = build_operator_rules(
        spark.createDataFrame([("a.example", *each, "because") for each in words], schema), rows
    )
    assert find_hosts_to_infer(rows, first, None, paths).isEmpty()
    assert [row["host"] for row in find_hosts_to_infer(rows, first, operator_rules, paths).collect()] == [
        "a.example"
    ]
    then = rule_triples(
        infer_rules_on_spark(rows, paths, score_by_text, select_binding_rules(first, operator_rules))
    )
    assert then >= {("/users", "/x1", "literal"), ("/users", "/me", "literal"), ("/users", "/{}", "variable")}
    assert then >= {
        ("/settings", "/x1", "literal"),
        ("/settings", "/17", "literal"),
        ("/c", "/{}", "variable"),
        ("/c", ".json", "literal"),
    }
    assert not {("/c", "/b", "literal"), ("/settings", "/{}", "variable")} & then


def test_publishing_again_keeps_one_row_a_rule(spark: SparkSession, paths: PathSettings) -> None:
    """Published rules of a host that is not inferred again have its decisions already."""
    rows = evidence(spark, ["/users/x1", "/users/me"], paths).unionByName(
        evidence(spark, ["/b"], paths, host="b.example")
    )
    schema = "host string, prefix string, step string, decision string, reason string"
    decisions = [(host, "/c", "/never", "literal", "because") for host in ("a.example", "b.example")]
    operator_rules = build_operator_rules(spark.createDataFrame(decisions, schema), rows)
    both = rows.select("host").distinct()
    first = combine_rules(
        infer_rules_on_spark(rows, paths, score_by_text, operator_rules),
        operator_rules,
        operator_rules.limit(0),
        both,
    ).localCheckpoint()
    assert first.where(F.col("step") == "/never").count() == 2  # also for paths that nobody requested
    one = both.where(F.col("host") == "a.example")
    again = infer_rules_on_spark(
        rows.join(one, "host", "left_semi"), paths, score_by_text, select_binding_rules(first, operator_rules)
    )
    then = combine_rules(again, operator_rules, first, one)
    assert then.groupBy("host", "prefix", "step").count().where(F.col("count") > 1).isEmpty()
    assert rule_triples(then) == rule_triples(first)
