"""What was published binds what is inferred next: hysteresis, and hosts that need no second look."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.paths.rules import OPERATOR, RULE_KEY
from pipelines.paths.spark.templates import resolve_shapes
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings_sections import PathSettings

DECISION_COLUMNS = (*RULE_KEY, "decision")


def build_operator_rules(said: DataFrame, evidence: DataFrame) -> DataFrame:
    """`host, prefix, step, decision, reason` of operators → rows of path_rules, dated by the hosts' evidence."""
    days = evidence.groupBy("host").agg(
        F.min("first_day").alias("first_day"), F.max("last_day").alias("last_day")
    )
    zero, nothing = F.lit(0).cast("bigint"), F.lit(None).cast("double")
    return (
        said.join(days, "host")
        .withColumns(
            {
                "origin": F.lit(OPERATOR), "probability": nothing, "overlap": nothing, "takes_words": F.lit(True),
                **dict.fromkeys(("children", "siblings", "paths", "clients"), zero),
            }
        )
        .select(*PATH_RULES.schema.names)
        .localCheckpoint()
    )  # fmt: skip


def select_binding_rules(published: DataFrame, said: DataFrame | None) -> DataFrame:
    """The rules that bind: what was inferred and published, and what operators say now (not what they said before)."""
    ours = published.where(F.col("origin") != OPERATOR)
    return ours if said is None else ours.unionByName(said)


def combine_rules(
    found: DataFrame, said: DataFrame | None, published: DataFrame, hosts: DataFrame
) -> DataFrame:
    """The rules to publish: those found of `hosts`, what operators said of them and nobody asked for, all others as they are."""
    others = published.join(hosts, "host", "left_anti")
    if said is None:
        return found.unionByName(others)
    unasked = said.join(hosts, "host", "left_semi").join(found, list(RULE_KEY), "left_anti")
    return found.unionByName(unasked).unionByName(others)


def find_hosts_to_infer(
    evidence: DataFrame, published: DataFrame, said: DataFrame | None, settings: PathSettings
) -> DataFrame:
    """Hosts (`host`, distinct) with a path that follows no published rule, or of which operators changed their minds."""
    fitting = resolve_shapes(evidence.select("host", "path_shape"), published, settings)
    strange = fitting.where(~F.col("matched")).select("host")
    before = published.where(F.col("origin") == OPERATOR).select(*DECISION_COLUMNS)
    now = before.limit(0) if said is None else said.select(*DECISION_COLUMNS)
    changed = before.exceptAll(now).unionByName(now.exceptAll(before)).select("host")
    return strange.unionByName(changed).distinct()
