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
        kept = _kept(rows, settings.max_children).localCheckpoint()
        if not kept.isEmpty():
            rows = _thinned(rows, kept).localCheckpoint()
        rows = rows.withColumns(
            {
                "prefix": F.concat(
                    "prefix", F.coalesce(F.try_element_at("guess", F.lit(level + 1)), F.lit(""))
                ),
                "step": F.try_element_at("steps", F.lit(level + 2)),
            }
        )
    return rows.select(*evidence.columns)


def _thinned(rows: DataFrame, kept: DataFrame) -> DataFrame:
    """Without the children of crowded nodes that are not among the kept ones; paths that end at such a node stay."""
    nodes = F.broadcast(kept.select(*NODE, F.lit(True).alias("crowded")).distinct())
    chosen = F.broadcast(kept.withColumn("chosen", F.lit(True)))
    flagged = rows.join(nodes, list(NODE), "left").join(chosen, list(CHILD), "left")
    stays = F.col("crowded").isNull() | F.col("chosen") | F.col("step").isNull()
    return flagged.where(stays).drop("crowded", "chosen")


def _kept(rows: DataFrame, most: int) -> DataFrame:
    """Of each node with more than `most` children as many as that: rows of `CHILD`."""
    asked = rows.where(F.col("step").isNotNull() & (F.col("step") != VARIABLE_STEP))
    each = asked.groupBy(*CHILD).agg(F.max("clients").alias("clients"), F.count("*").alias("paths"))
    rank = F.struct("clients", "paths", F.xxhash64("step"))
    busiest = (
        each.withColumn("rank", rank)
        .groupBy(*NODE)
        .agg(F.count("*").alias("children"), F.expr(f"max_by(step, rank, {most})").alias("busiest"))
    )
    crowded = busiest.where(F.col("children") > most)
    return crowded.select(*NODE, F.explode(F.array_append("busiest", F.lit(VARIABLE_STEP))).alias("step"))
