"""Children with a probability → literal or variable, and why. Operators first, then what was published, then the classifier."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.paths.rules import LITERAL, OPERATOR, RULE_KEY, VARIABLE
from pipelines.paths.segments import VARIABLE_STEP
from pipelines.paths.steps import DEEPER
from pipelines.paths.tree import NODE, is_masked
from pipelines.sections import PathSettings

VERSION = (
    r"^/(?:v[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}(?:(?:alpha|beta|rc)[0-9]{0,3})?|[0-9]{1,2}(?:\.[0-9]{1,2}){1,2}"
    r"|[0-9]{4}-[01][0-9]-[0-3][0-9](?:-preview)?)$"
)
VERSION_DEPTH, VERSION_SIBLINGS = 2, 5
"""Steps before a version, and versions of one API: `/api/shop/v3/`, hardly six at a time."""
DOTTED_NAME = r"^/[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)+$"
"""`Name.Space`: modules and providers are written so, and are literals (METHODS A6.7)."""


def decided(scored: DataFrame, known: DataFrame | None, settings: PathSettings) -> DataFrame:
    """Children with `probability` → the same plus `is_variable`, `why` (key of `reasons.REASONS`).

    `known`: rows of path_rules that bind, None for none; beside them children need `first_day`. What an operator said
    holds. A published literal becomes a variable only from `paths.collapse` on; below a node with a published variable a
    segment becomes a literal of its own only under `paths.uncollapse`, and only if it was not there when that was published.
    """
    joined = _with_known(scored, known)
    sure = F.col("step") == VARIABLE_STEP
    # "every other segment" means no part of one
    whole = F.col("step").startswith("/") & ~is_masked(F.col("step"))
    said = F.coalesce(F.col("operator_step"), F.when(whole, F.col("operator_node")))
    was_there = F.lit(False) if known is None else F.col("first_day") <= F.col("published_day")
    why = (
        F.when(said.isNotNull(), F.lit("operator"))
        .when(sure, F.lit("form"))
        .when(
            is_masked(F.col("step")) | ~F.col("step").startswith("/") | (F.col("step") == DEEPER),
            F.lit("part"),
        )
        .when(
            F.col("published_step").isNotNull() & (F.col("probability") < settings.collapse),
            F.lit("published literal"),
        )
        .when(
            F.col("published_node") & (was_there | (F.col("probability") >= settings.uncollapse)),
            F.lit("published variable"),
        )
        .when(F.col("step").rlike(DOTTED_NAME), F.lit("dotted name"))
        .when(_version(), F.lit("version"))
        .when(_few_words(settings), F.lit("few words"))
        .when(F.col("probability") >= settings.threshold, F.lit("like a variable"))
        .otherwise(F.lit("like a literal"))
    )
    told = joined.withColumn("why", why)
    variable = F.col("why").isin("form", "published variable", "like a variable")
    is_variable = F.when(F.col("why") == "operator", said == VARIABLE).otherwise(variable)
    return told.withColumn("is_variable", is_variable).select(*scored.columns, "is_variable", "why")


def _version() -> Column:
    """A version or its date near the root, with few beside it and something below (METHODS A6.3)."""
    near = (
        (F.col("depth") <= VERSION_DEPTH) & (F.col("siblings") <= VERSION_SIBLINGS) & (F.col("is_leaf") == 0)
    )
    return near & F.col("step").rlike(VERSION)


def _few_words(settings: PathSettings) -> Column:
    """A node of few words, all at the end of their paths, of which the classifier is not sure (METHODS A6.9)."""
    doubtful = F.col("probability").between(1 - settings.certain, settings.certain)
    word = (F.col("is_leaf") == 1) & ~F.col("step").rlike("[0-9]") & doubtful
    all_words = F.count_if(word).over(Window.partitionBy(*NODE)) == F.col("siblings")
    return (F.col("siblings") <= settings.few_siblings) & all_words


def _with_known(scored: DataFrame, known: DataFrame | None) -> DataFrame:
    """Adds what is said of the step itself and of every other step at its node."""
    if known is None:
        nothing = {
            name: F.lit(None).cast("string") for name in ("operator_step", "operator_node", "published_step")
        }
        return scored.withColumns({**nothing, "published_node": F.lit(False)})
    operator = F.col("origin") == OPERATOR
    said = [F.max(F.when(operator, F.col("decision"))), F.max(F.when(~operator, F.col("decision")))]
    every = F.col("step") == VARIABLE_STEP
    of_step = (
        known.where(~every)
        .groupBy(*RULE_KEY)
        .agg(said[0].alias("operator_step"), said[1].alias("published_step"))
    )
    of_node = (
        known.where(every)
        .groupBy(*NODE)
        .agg(
            said[0].alias("operator_node"),
            said[1].alias("published_node"),
            F.max(F.when(~operator, F.col("last_day"))).alias("published_day"),
        )
    )
    joined = scored.join(of_step, list(RULE_KEY), "left").join(of_node, list(NODE), "left")
    return joined.withColumns(
        {
            "published_step": F.when(F.col("published_step") == LITERAL, F.lit(LITERAL)),
            "published_node": F.coalesce(F.col("published_node") == VARIABLE, F.lit(False)),
        }
    )
