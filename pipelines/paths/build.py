"""Paths → shapes and templates, on Spark. Rules say what is a variable (resolve.py), the names come from names.py."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.decisions.apply import with_operator_names
from pipelines.decisions.model import Decision
from pipelines.paths.resolve import resolved
from pipelines.paths.segments import PLACEHOLDER
from pipelines.paths.steps import has_identifier_form, written
from pipelines.sections import PathSettings


def shape(path: Column, settings: PathSettings) -> Column:
    """`/users//42/;v=1` → `/users/{}`: normalised, typed segments as `{}`. Braces of the traffic's own are encoded (RFC 3986)."""
    segments = F.split(written(path), "/")
    kept = F.slice(segments, 1, settings.max_depth + 1)
    shown = F.transform(kept, _masked)
    cut = F.when(F.size(segments) > settings.max_depth + 1, F.concat(shown, F.array(F.lit("**")))).otherwise(
        shown
    )
    joined = F.array_join(cut, "/")
    return F.when(joined == "", F.lit("/")).otherwise(joined)


def _masked(segment: Column) -> Column:
    return F.when(has_identifier_form(segment), F.lit(PLACEHOLDER)).otherwise(segment)


def with_shape(requests: DataFrame, settings: PathSettings) -> DataFrame:
    """`path, ...` → the same plus `path_shape` by forms alone ("/users/{}"): what software answers there (fingerprint.py)."""
    return requests.withColumn("path_shape", shape(F.col("path"), settings))


def templates(
    shapes: DataFrame,
    path_rules: DataFrame | pa.Table,
    settings: PathSettings,
    decisions: Sequence[Decision] = (),
) -> DataFrame:
    """`host, path_shape` (masked, distinct), rows of path_rules and operators' names → plus `path_template`."""
    walked = resolved(shapes, path_rules, settings).withColumnRenamed("path_shape", "masked")
    known = walked.select("host", "masked", F.col("resolved").alias("path_shape"), "path_template")
    named_here = with_operator_names(known, decisions)
    return named_here.select("host", F.col("masked").alias("path_shape"), "path_template")
