"""Rules + a path → its template: a walk from the root, one step of every path at a time.

What was learned from holds for all traffic: a path that inference never saw, or left out of a crowded node, is matched here.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.paths.rules import ABSORBED, LITERAL, VARIABLE
from pipelines.paths.segments import VARIABLE_STEP
from pipelines.paths.steps import ROOT, steps, typed_steps
from pipelines.paths.tree import NODE

TOGETHER = 4
"""Levels planned as one: a plan of all of them would be too long to optimise, a job for each too many jobs."""


def resolved(shapes: DataFrame, path_rules: DataFrame) -> DataFrame:
    """`host, path_shape` (distinct, masked) and rows of path_rules → the same plus `resolved` and `matched`.

    `resolved` is the path with `{}` for variables. From the first step on of which no rule says anything, forms alone decide, and
    `matched` is false: also where a variable of which only numbers and codes are known meets a word.
    """
    # segments, and one for the part of the last: dots and colons inside a segment are no steps
    deepest = path_rules.agg(F.max(F.size(F.split(F.concat("prefix", "step"), "/")))).collect()[0][0] or 0
    of_step, of_node = _lookups(path_rules)
    rows = shapes.withColumns(
        {
            "steps": steps(F.col("path_shape")),
            "prefix": F.lit(ROOT),
            "matched": F.col("path_shape").startswith("/"),
            "off": F.lit(None).cast("int"),
        }
    )
    for level in range(deepest):
        rows = _down(rows, level, of_step, of_node)
        if level % TOGETHER == TOGETHER - 1:
            rows = rows.localCheckpoint()
    return _ended(rows, deepest).select("host", "path_shape", "resolved", "matched")


def _lookups(path_rules: DataFrame) -> tuple[DataFrame, DataFrame]:
    every = F.col("step") == VARIABLE_STEP
    of_step = path_rules.where(~every).select(*NODE, F.col("step").alias("next"), "decision")
    of_node = path_rules.where(every).select(*NODE, F.col("decision").alias("every"), "takes_words")
    return of_step, of_node


def _down(rows: DataFrame, level: int, of_step: DataFrame, of_node: DataFrame) -> DataFrame:
    """One step further: `prefix` grows; `off` is the number of steps that rules decided, NULL while they still do."""
    walking = F.col("off").isNull()
    looked = (
        rows.withColumn("next", F.when(walking, F.try_element_at("steps", F.lit(level + 1))))
        .join(of_step, [*NODE, "next"], "left")
        .join(of_node, list(NODE), "left")
    )
    ordinary = F.col("next").startswith("/")
    taken: Column = (
        F.when(F.col("decision") == LITERAL, F.col("next"))
        .when(F.col("decision") == ABSORBED, F.lit(""))
        .when((F.col("every") == VARIABLE) & ordinary, F.lit(VARIABLE_STEP))
        .when((F.col("every") == LITERAL) & ordinary, F.col("next"))  # never template: an operator's
    )
    lost = walking & F.col("next").isNotNull() & F.col("taken").isNull()
    known = F.col("decision").isNotNull() | F.col("takes_words") | F.col("next").rlike("[0-9{]")
    fitting = F.col("taken").isNotNull() & F.coalesce(known, F.lit(False))
    return looked.withColumn("taken", taken).select(
        "host", "path_shape", "steps",
        F.concat("prefix", F.coalesce("taken", F.lit(""))).alias("prefix"),
        (F.col("matched") & (F.col("next").isNull() | fitting)).alias("matched"),
        F.when(lost, F.lit(level)).otherwise(F.col("off")).alias("off"),
    )  # fmt: skip


def _ended(rows: DataFrame, deepest: int) -> DataFrame:
    """Adds `resolved`: what rules said, then the rest by its forms; what does not begin with `/` (`*`) stays."""
    decided = F.coalesce("off", F.lit(deepest))
    left = F.slice(typed_steps(F.col("path_shape")), decided + 1, F.size("steps"))
    rest = F.when(F.size("steps") > decided, F.array_join(left, "")).otherwise("")
    whole = F.when(F.col("path_shape").startswith("/"), F.concat("prefix", rest)).otherwise(
        F.col("path_shape")
    )
    done = F.col("matched") & (F.size("steps") <= F.lit(deepest))
    return rows.withColumns({"resolved": whole, "matched": done})
