"""Evidence for path rules, as discovery collects it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ml.paths.score import make_scorer
from ml.registry.bundled import load_bundled_path_model
from pipelines.http.methods import METHODS
from pipelines.paths.spark.evidence import merge_calls
from pipelines.paths.spark.inference import infer_rules_on_spark
from pipelines.paths.spark.steps import mask_path
from pipelines.paths.spark.templates import assign_templates
from pipelines.runtime.settings_sections import PathSettings

FIRST = date(2026, 5, 1)


def evidence_of(rows: DataFrame, settings: PathSettings, day: int = 0, clients: int = 1) -> DataFrame:
    """Returns evidence of one day for rows of host and path.

    Days are counted from the first; each client calls each path once by GET.
    """
    shaped = rows.select("host", mask_path(F.col("path"), settings).alias("path_shape")).distinct()
    on = F.lit(FIRST + timedelta(days=day))
    return shaped.withColumns(
        {
            "clients": F.lit(clients).cast("bigint"),
            "calls": F.array(
                *(F.lit(calls).cast("bigint") for calls in (clients, *[0] * (len(METHODS) - 1)))
            ),
            "first_day": on,
            "last_day": on,
        }
    )


def evidence(
    spark: SparkSession,
    paths: Iterable[str],
    settings: PathSettings,
    day: int = 0,
    clients: int = 1,
    host: str = "a.example",
) -> DataFrame:
    """Returns evidence of one day for paths of one host."""
    rows = spark.createDataFrame([(host, path) for path in paths], "host string, path string")
    return evidence_of(rows, settings, day, clients)


def merge_evidence(parts: Iterable[DataFrame]) -> DataFrame:
    """Merges the evidence of several days."""
    whole = reduce(DataFrame.unionByName, parts).groupBy("host", "path_shape")
    return whole.agg(*merge_calls())


def rule_triples(rules: DataFrame) -> set[tuple[str, str, str]]:
    """Returns (prefix, step, decision) of each rule."""
    return {(row["prefix"], row["step"], row["decision"]) for row in rules.collect()}


def score_by_text(
    steps: Sequence[str], prefixes: Sequence[str], context: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Replaces the classifier with a probability by the text of the step.

    `/x...` is a variable, `/y...` perhaps, `/m...` rather not, the rest is a literal.
    """
    shares = {"/x": 0.9, "/y": 0.65, "/m": 0.35}
    return np.array([shares.get(step[:2], 0.05) for step in steps], np.float32)


Templates = Mapping[str, Mapping[str, str]]
"""Host → path → its template."""


def inferred_templates(
    spark: SparkSession,
    settings: PathSettings,
    hosts: Mapping[str, Sequence[str]],
    calls: Mapping[str, Callable[[str], list[int]]],
) -> Mapping[str, Mapping[str, str]]:
    """Infers the templates of the paths of each host.

    All hosts are inferred at once, by the shipped model. `calls` gives client-days by method of the paths of some hosts; others
    are seen once. Returns host → path → template.
    """
    rows = spark.createDataFrame(
        [(h, p) for h, paths in hosts.items() for p in paths], "host string, path string"
    )
    score = make_scorer(load_bundled_path_model())
    once = [1, *[0] * (len(METHODS) - 1)]

    def calls_of(host: str, path: str) -> list[int]:
        return calls[host](path) if host in calls else once

    seen = spark.createDataFrame(
        [(h, p, calls_of(h, p)) for h, paths in hosts.items() for p in paths],
        "host string, path string, calls array<bigint>",
    ).withColumn("path_shape", mask_path(F.col("path"), settings))
    day = F.lit(FIRST)
    dated = seen.withColumns({"clients": F.lit(1).cast("bigint"), "first_day": day, "last_day": day})
    merged = dated.groupBy("host", "path_shape").agg(*merge_calls())
    rules = infer_rules_on_spark(merged, settings, score, None)
    shaped = rows.withColumn("path_shape", mask_path(F.col("path"), settings))
    known = assign_templates(shaped.select("host", "path_shape").distinct(), rules, settings)
    out: dict[str, dict[str, str]] = {}
    for row in shaped.join(known, ["host", "path_shape"]).collect():
        out.setdefault(row["host"], {})[row["path"]] = row["path_template"]
    return out


def templates_of(templates: Templates, host: str) -> set[str]:
    """Returns the distinct templates of a host."""
    return set(templates[host].values())
