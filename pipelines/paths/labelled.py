"""Children with the truth: what the classifier of path steps learns from: simulated paths, and operators' decisions."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.paths.child_rows import CHILD, child_rows, labelled_rows
from pipelines.paths.children import CONTEXT
from pipelines.paths.rule_terms import VARIABLE
from pipelines.paths.sample import bounded, sampled
from pipelines.paths.segments import PLACEHOLDER, VARIABLE_STEP
from pipelines.paths.steps import masked, steps, typed_steps
from pipelines.sections import PathSettings

LABEL, WEIGHT = "is_variable", "weight"
WRONG_ONE_IN = 5
CHILD_ROWS = ", ".join([*(f"{name} string" for name in CHILD), *(f"{name} float" for name in CONTEXT)])


def labelled_paths(paths: DataFrame, settings: PathSettings) -> DataFrame:
    """`host, path, truth` (array of booleans, one a segment) → `host, path_shape, steps, truth`, distinct.

    Paths whose segments are not those that the truth is about (a value held a slash) are left out.
    """
    cut = paths.select("host", "truth", masked(F.col("path"), settings).alias("path_shape"))
    fitting = cut.where(F.size(F.split("path_shape", "/")) == F.size("truth") + 1)
    return fitting.withColumn("steps", steps(F.col("path_shape"))).dropDuplicates(["host", "path_shape"])


def labelled_children(labelled: DataFrame) -> DataFrame:
    """Rows of `labelled_paths` → `CHILD`, `CONTEXT`, `LABEL`, `WEIGHT`.

    Each child as the first pass sees it, what follows written by the first guess, and as the last one does, by the truth. A node
    weighs as the root of its children, a host as the root of its nodes. What needs no classifier is left out.
    """
    seen = labelled.select(
        "host", "path_shape", "steps", "truth",
        typed_steps(F.col("path_shape")).alias("guess"),
        _steps_of(F.col("truth")).alias("true"),
        _steps_of(_nearly()).alias("nearly"),
    )  # fmt: skip
    return seen.groupBy("host").applyInArrow(labelled_rows, f"{CHILD_ROWS}, {LABEL} boolean, {WEIGHT} double")


def _nearly() -> Column:
    """The truth with a fifth of the steps wrong: a pass before is never quite right, and must not be trusted as if it were."""

    def told(variable: Column, index: Column) -> Column:
        wrong = F.pmod(F.xxhash64("host", F.try_element_at("steps", index + 1)), F.lit(WRONG_ONE_IN)) == 0
        return F.when(wrong, ~variable).otherwise(variable)

    return F.transform(F.col("truth"), told)


def _steps_of(truth: Column) -> Column:
    """The steps with every variable of `truth` as `/{}`; parts of the last segment stay."""

    def shown(step: Column, index: Column) -> Column:
        variable = F.coalesce(F.try_element_at(truth, index + 1), F.lit(False))
        return F.when(variable, F.lit(VARIABLE_STEP)).otherwise(step)

    return F.transform(F.col("steps"), shown)


def labelled_by_operators(transactions: DataFrame, rules: DataFrame, settings: PathSettings) -> DataFrame:
    """Children of nodes of which operators said something: `CHILD`, `CONTEXT`, `LABEL`, `WEIGHT`.

    `rules` are operators' rows of path_rules; a rule of a step itself wins over that of every other step.
    """
    answered = transactions.where(F.col("status").between(200, 399)).join(
        rules.select("host").distinct(), "host", "left_semi"
    )
    shapes = answered.select("host", masked(F.col("path"), settings).alias("path_shape")).distinct()
    equal = shapes.where(F.col("path_shape").startswith("/")).withColumn("clients", F.lit(1).cast("bigint"))
    few = bounded(sampled(equal.localCheckpoint(), settings), settings)
    every = F.col("step") == VARIABLE_STEP
    of_step = rules.where(~every).select(*CHILD, F.col("decision").alias("of_step"))
    of_node = rules.where(every).select("host", "prefix", F.col("decision").alias("of_node"))
    children = few.groupBy("host").applyInArrow(child_rows, CHILD_ROWS)
    found = children.join(of_step, list(CHILD), "left").join(of_node, ["host", "prefix"], "left")
    said, step = F.coalesce("of_step", "of_node"), F.col("step")
    asked = ~F.contains(step, F.lit(PLACEHOLDER)) & step.startswith("/")
    told = found.where(said.isNotNull() & asked)
    weight = 1 / F.sqrt(F.count("*").over(Window.partitionBy("host", "prefix")))
    return told.select(*CHILD, *CONTEXT, (said == VARIABLE).alias(LABEL), weight.alias(WEIGHT))
