"""Distinct paths → what is literal and what is variable at each place of each host's tree.

All levels are decided at once, again and again: what a pass takes for a variable is written as `{}` in the prefixes and rests of
the next, so that more paths meet and more is known. METHODS A6.1 measured that two passes are far better than one; a pass costs
three exchanges whatever the depth, where one level after the other would cost three a level (docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.paths.decide import decided
from pipelines.paths.rule_rows import rule_rows
from pipelines.paths.sample import sampled
from pipelines.paths.segments import VARIABLE_STEP
from pipelines.paths.steps import typed_steps
from pipelines.paths.tree import CHILD, children, places
from pipelines.sections import PathSettings

Scorer = Callable[[DataFrame], DataFrame]
"""Rows of `tree.children` → the same plus `probability` of being a variable."""

OF_CHILD = ("is_variable", "why", "probability", "siblings", "overlap")


def inferred(
    evidence: DataFrame, settings: PathSettings, scored: Scorer, known: DataFrame | None
) -> DataFrame:
    """`host, path_shape, steps, clients, first_day, last_day` (distinct paths) → rows of path_rules.

    `known` are rules that bind: published ones and operators' (rows of path_rules), which win over the
    classifier; None for none.
    """
    guessed = evidence.withColumn("guess", typed_steps(F.col("path_shape"))).localCheckpoint()
    paths = sampled(guessed, settings)
    for number in range(settings.passes):
        placed = places(paths, own="guess" if number else None)
        found = scored(children(placed))
        if known is not None:
            found = found.join(_first_days(placed, paths), list(CHILD))
        found = decided(found, known, settings)
        told = (
            placed.join(found.select(*CHILD, *OF_CHILD), list(CHILD))
            .withColumn("shown", _shown())
            .localCheckpoint()
        )
        paths = _rewritten(paths, told).localCheckpoint()
        if number and paths.where(F.col("guess") != F.col("before")).isEmpty():
            break
    return rule_rows(_finally(told), paths)


def _first_days(placed: DataFrame, paths: DataFrame) -> DataFrame:
    """Since when each child is seen: what was there when a template was published stays in it."""
    since = placed.join(paths.select("host", "path_shape", "first_day"), ["host", "path_shape"])
    return since.groupBy(*CHILD).agg(F.min("first_day").alias("first_day"))


def _shown() -> Column:
    return F.when(F.col("is_variable"), F.lit(VARIABLE_STEP)).otherwise(F.col("step"))


def _rewritten(paths: DataFrame, told: DataFrame) -> DataFrame:
    """The paths with a new guess, and the one before: at most as many parts as a path has steps (paths.max_depth)."""
    parts = F.sort_array(F.collect_list(F.struct("depth", "shown")))
    guess = told.groupBy("host", "path_shape").agg(
        F.transform(parts, lambda part: part["shown"]).alias("guess")
    )
    return paths.drop("before").withColumnRenamed("guess", "before").join(guess, ["host", "path_shape"])


def _finally(told: DataFrame) -> DataFrame:
    """The places with the prefix as the last pass writes it, where the one before may have written another."""
    before = (
        Window.partitionBy("host", "path_shape").orderBy("depth").rowsBetween(Window.unboundedPreceding, -1)
    )
    return told.withColumn("prefix", F.array_join(F.collect_list("shown").over(before), ""))
