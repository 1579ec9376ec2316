"""At most so many children of a node: a collection with a million items is known by a few hundred of them.

Level by level from the root: what a node does not keep is never looked at below, so every level is small after the first wide
one. Which are kept depends on the paths alone, not on their order: those that most clients asked for, where literals are.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.paths.segments import VARIABLE_STEP
from pipelines.paths.steps import ROOT
from pipelines.paths.tree import CHILD, NODE
from pipelines.sections import PathSettings


def sampled(evidence: DataFrame, settings: PathSettings) -> DataFrame:
    """`host, path_shape, steps, guess, clients` (distinct paths) → the same, with at most `paths.max_children` a node.

    Where there are no more than `paths.always_whole` in all, nothing is left out: looking for crowded nodes would cost more.
    """
    size = evidence.agg(F.count("*").alias("paths"), F.max(F.size("steps")).alias("deepest")).collect()[0]
    if size["paths"] <= settings.always_whole:
        return evidence
    rows = evidence.withColumns({"prefix": F.lit(ROOT), "step": F.element_at("steps", 1)})
    for level in range(size["deepest"]):
        crowded = _crowded(rows, settings.max_children).localCheckpoint()
        if not crowded.isEmpty():
            kept = F.col("kept").isNull() | F.array_contains("kept", F.col("step"))
            rows = (
                rows.join(F.broadcast(crowded), list(NODE), "left")
                .where(kept | F.col("step").isNull())
                .drop("kept")
            )
            rows = rows.localCheckpoint()
        rows = rows.withColumns(
            {
                "prefix": F.concat(
                    "prefix", F.coalesce(F.try_element_at("guess", F.lit(level + 1)), F.lit(""))
                ),
                "step": F.try_element_at("steps", F.lit(level + 2)),
            }
        )
    return rows.select(*evidence.columns)


def _crowded(rows: DataFrame, most: int) -> DataFrame:
    """Nodes with more than `most` children: `NODE`, `kept` (array of at most `most` steps)."""
    asked = rows.where(F.col("step").isNotNull() & (F.col("step") != VARIABLE_STEP))
    each = asked.groupBy(*CHILD).agg(F.max("clients").alias("clients"), F.count("*").alias("paths"))
    rank = F.struct("clients", "paths", F.xxhash64("step"))
    busiest = (
        each.withColumn("rank", rank)
        .groupBy(*NODE)
        .agg(F.count("*").alias("children"), F.expr(f"max_by(step, rank, {most})").alias("busiest"))
    )
    return busiest.where(F.col("children") > most).select(
        *NODE, F.array_append("busiest", F.lit(VARIABLE_STEP)).alias("kept")
    )
