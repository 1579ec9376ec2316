"""Decided places → rows of path_rules: a row a literal, one for the variables of a node, one an ending that belongs to them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.paths.reasons import reason
from pipelines.paths.rules import ABSORBED, HELD, INFERRED, LITERAL, OPERATOR, RULE_KEY, VARIABLE
from pipelines.paths.segments import PLACEHOLDER, VARIABLE_STEP
from pipelines.paths.tree import CHILD, NODE


def rule_rows(told: DataFrame, paths: DataFrame) -> DataFrame:
    """Places (`CHILD` with `place`, `is_variable`, `why`, ...) and their paths (`clients`, days) → rows of path_rules."""
    seen = told.join(
        paths.select("host", "path_shape", "clients", "first_day", "last_day"), ["host", "path_shape"]
    )
    each = seen.groupBy(*CHILD).agg(
        # two writings of one prefix may have been judged apart: what most paths say holds
        (F.avg(F.col("is_variable").cast("int")) > 0.5).alias("is_variable"),
        F.mode("why", deterministic=True).alias("why"),
        F.avg("probability").alias("probability"),
        F.max("siblings").alias("siblings"),
        F.max("overlap").alias("overlap"),
        F.count("*").alias("paths"),
        F.approx_count_distinct("place").alias("places"),
        F.max("clients").alias("clients"),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
    )
    each = each.localCheckpoint()
    variables = _variables(each.where("is_variable"))
    literals = _with_endings(each.where(~F.col("is_variable")), variables)
    rows = literals.unionByName(variables)
    origin = (
        F.when(F.col("why") == "operator", F.lit(OPERATOR))
        .when(F.col("why").startswith("published"), F.lit(HELD))
        .otherwise(F.lit(INFERRED))
    )
    return rows.withColumns({"origin": origin, "reason": reason()}).drop("why", "by_form")


def _variables(each: DataFrame) -> DataFrame:
    """One row a node: what its variable children have in common."""
    by_form = F.col("step") == VARIABLE_STEP
    return each.groupBy(*NODE).agg(
        F.lit(VARIABLE_STEP).alias("step"),
        F.lit(VARIABLE).alias("decision"),
        F.mode("why", deterministic=True).alias("why"),
        F.avg(F.when(by_form, F.lit(1.0)).otherwise(F.col("probability"))).alias("probability"),
        F.count("*").alias("children"),
        F.max("siblings").cast("bigint").alias("siblings"),
        F.sum("paths").alias("paths"),
        F.max("clients").alias("clients"),
        F.max(_known("overlap")).alias("overlap"),
        F.bool_or(~by_form & ~F.col("step").rlike("[0-9]")).alias("takes_words"),
        F.max(by_form.cast("int")).alias("by_form"),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
    )


def _with_endings(each: DataFrame, variables: DataFrame) -> DataFrame:
    """Literal rows. An ending after a variable is of the template where at least two values, and half of them, carry it."""
    stems = variables.select(
        "host",
        F.concat("prefix", F.lit(VARIABLE_STEP)).alias("prefix"),
        F.col("children").alias("stems"),
        F.col("by_form").alias("masked_stems"),
    )
    ending = F.col("step").startswith(".") & F.col("prefix").endswith(PLACEHOLDER)
    common = (F.col("masked_stems") == 1) | ((F.col("places") >= 2) & (F.col("places") * 2 >= F.col("stems")))
    absorbed = ending & ~F.coalesce(common, F.lit(True))
    return each.join(stems, list(NODE), "left").select(
        *RULE_KEY,
        F.when(absorbed, F.lit(ABSORBED)).otherwise(F.lit(LITERAL)).alias("decision"),
        F.when(absorbed, F.lit("ending of few")).otherwise(F.col("why")).alias("why"),
        "probability",
        F.lit(1).cast("bigint").alias("children"),
        F.col("siblings").cast("bigint").alias("siblings"),
        "paths", "clients",
        _known("overlap").alias("overlap"),
        F.lit(False).alias("takes_words"),
        F.lit(0).alias("by_form"),
        "first_day", "last_day",
    )  # fmt: skip


def _known(name: str) -> Column:
    """Features have -1 for what cannot be said."""
    return F.when(F.col(name) >= 0, F.col(name).cast("double"))
