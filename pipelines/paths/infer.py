"""Distinct paths → rows of path_rules, on Spark: few are judged on the driver, more on executors, by the same function."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.paths.host_rules import Scorer, infer_rules
from pipelines.paths.resolve import few
from pipelines.paths.rules import PATH_RULES
from pipelines.paths.sample import bounded, sampled
from pipelines.sections import PathSettings

EVIDENCE = ("host", "path_shape", "clients", "first_day", "last_day")
GROUP = "host_group"


def inferred(
    evidence: DataFrame, settings: PathSettings, score: Scorer, known: DataFrame | None
) -> DataFrame:
    """`EVIDENCE` (distinct paths) → rows of path_rules.

    `known` are rules that bind: published ones and operators' (rows of path_rules), which win over the classifier; None for none.
    """
    paths = evidence.select(*EVIDENCE)
    rows = few(paths, min(settings.always_whole, settings.on_driver))
    if rows is None:
        chosen = bounded(sampled(paths, settings), settings).localCheckpoint()
        rows = few(chosen, settings.on_driver)
        if rows is None:
            return _on_executors(chosen, settings, score, known)
    found = infer_rules(rows, None if known is None else known.toArrow(), settings, score)
    return as_frame(found, evidence)


def as_frame(rules: pa.Table, like: DataFrame) -> DataFrame:
    """Rows of path_rules as a frame of the session of `like`."""
    return like.sparkSession.createDataFrame(rules, PATH_RULES.schema)


def _on_executors(
    evidence: DataFrame, settings: PathSettings, score: Scorer, known: DataFrame | None
) -> DataFrame:
    """A task judges whole hosts, about `paths.on_driver` paths. Which hosts it holds changes nothing (docs/adr/0016)."""
    groups = max(1, evidence.count() // settings.on_driver)
    group = (F.pmod(F.xxhash64("host"), F.lit(groups))).cast("int").alias(GROUP)
    ours = evidence.select("*", group).groupBy(GROUP)

    def judge(paths: pa.Table) -> pa.Table:
        return infer_rules(paths, None, settings, score)

    def judge_with_known(paths: pa.Table, rules: pa.Table) -> pa.Table:
        return infer_rules(paths, rules, settings, score)

    if known is None:
        return ours.applyInArrow(judge, PATH_RULES.schema)
    theirs = known.select("*", group).groupBy(GROUP)
    return ours.cogroup(theirs).applyInArrow(judge_with_known, PATH_RULES.schema)
