"""Combines published, inferred and operators' path rules.

Published rules bind what is inferred next (hysteresis), and hosts that they fit are not inferred again.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.paths.rules import OPERATOR, RULE_KEY
from pipelines.paths.spark.templates import resolve_shapes
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings_sections import PathSettings

DECISION_COLUMNS = (*RULE_KEY, "decision")


def build_operator_rules(decided: DataFrame, evidence: DataFrame) -> DataFrame:
    """Turns operators' decisions into rows of path_rules.

    Args:
        decided: `host, prefix, step, decision, reason`.
        evidence: Paths of the hosts with `first_day` and `last_day`, which date the rules.
    """
    days = evidence.groupBy("host").agg(
        F.min("first_day").alias("first_day"), F.max("last_day").alias("last_day")
    )
    zero, nothing = F.lit(0).cast("bigint"), F.lit(None).cast("double")
    return (
        decided.join(days, "host")
        .withColumns(
            {
                "origin": F.lit(OPERATOR), "probability": nothing, "overlap": nothing, "allows_words": F.lit(True),
                **dict.fromkeys(("children", "siblings", "paths", "clients"), zero),
            }
        )
        .select(*PATH_RULES.schema.names)
        .localCheckpoint()
    )  # fmt: skip


def select_binding_rules(published: DataFrame, decided: DataFrame | None) -> DataFrame:
    """Selects the rules that bind the next inference.

    These are the inferred rules that were published, and what operators decide now (`decided`), not what they decided before.
    """
    ours = published.where(F.col("origin") != OPERATOR)
    return ours if decided is None else ours.unionByName(decided)


def combine_rules(
    inferred: DataFrame, decided: DataFrame | None, published: DataFrame, hosts: DataFrame
) -> DataFrame:
    """Combines the rules to publish.

    These are the inferred rules of `hosts`, operators' rules for them that no traffic matches, and the rules of all other
    hosts as they are.
    """
    others = published.join(hosts, "host", "left_anti")
    if decided is None:
        return inferred.unionByName(others)
    unmatched = decided.join(hosts, "host", "left_semi").join(inferred, list(RULE_KEY), "left_anti")
    return inferred.unionByName(unmatched).unionByName(others)


def find_hosts_to_infer(
    evidence: DataFrame, published: DataFrame, decided: DataFrame | None, settings: PathSettings
) -> DataFrame:
    """Finds hosts (`host`, distinct) whose rules must be inferred again.

    A path of theirs matches no published rule, or operators changed a decision about them.
    """
    fitting = resolve_shapes(evidence.select("host", "path_shape"), published, settings)
    unmatched = fitting.where(~F.col("matched")).select("host")
    before = published.where(F.col("origin") == OPERATOR).select(*DECISION_COLUMNS)
    now = before.limit(0) if decided is None else decided.select(*DECISION_COLUMNS)
    changed = before.exceptAll(now).unionByName(now.exceptAll(before)).select("host")
    return unmatched.unionByName(changed).distinct()
