"""Assigns templates to paths by rules, on Spark: `walk.py` in one Arrow pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.decisions.model import Decision
from pipelines.decisions.spark import with_operator_names
from pipelines.http.segment_formats import PLACEHOLDER
from pipelines.paths.placeholder_names import name_placeholders
from pipelines.paths.spark.steps import has_identifier_form, normalise_path
from pipelines.paths.walk import Trees, build_trees, resolve_paths
from pipelines.runtime.settings_sections import PathSettings

Batches = Iterator[pa.RecordBatch]
RULES_OF_A_WALK = ("host", "prefix", "step", "decision", "allows_words")
WALKED = "host string, path_shape string, resolved string, matched boolean, path_template string"
SALT = "salt"


def resolve_shapes(shapes: DataFrame, path_rules: DataFrame | pa.Table, settings: PathSettings) -> DataFrame:
    """Resolves shapes by rows of path_rules.

    Up to `paths.shared_rules` rules go to every task; if there are more, each goes to the shapes of its host only.

    Args:
        shapes: `host, path_shape`, distinct and masked.
        path_rules: Rows of path_rules.
        settings: Section `paths`.

    Returns:
        The shapes with `resolved` (the path with `{}` for variables), `path_template` (the same with their names) and `matched`:
        whether the rules cover all steps (see `walk.resolve_path`).
    """
    rows = shapes.select("host", "path_shape")
    rules = path_rules if isinstance(path_rules, pa.Table) else fetch_up_to(path_rules, settings.shared_rules)
    if rules is not None and rules.num_rows <= settings.shared_rules:
        return _resolve_with_all_rules(rows, rules)
    frame = (
        path_rules if isinstance(path_rules, DataFrame) else shapes.sparkSession.createDataFrame(path_rules)
    )
    return _resolve_with_rules_of_hosts(rows, frame, settings.host_parts)


def fetch_up_to(rows: DataFrame, most: int) -> pa.Table | None:
    """Fetches the rows if there are at most `most`, otherwise returns None."""
    fetched = rows.limit(most + 1).toArrow()
    return fetched if fetched.num_rows <= most else None


def _resolve_with_all_rules(shapes: DataFrame, rules: pa.Table) -> DataFrame:
    shared = shapes.sparkSession.sparkContext.broadcast(build_trees(rules))

    def walked(batches: Batches) -> Batches:
        name = cache(name_placeholders)
        for batch in batches:
            yield _resolve_batch(batch, shared.value, name)

    return shapes.mapInArrow(walked, WALKED)


def _resolve_with_rules_of_hosts(shapes: DataFrame, path_rules: DataFrame, parts: int) -> DataFrame:
    """Resolves each host in `parts` tasks, each with a copy of its rules.

    So a host that has most of the shapes does not keep a single task busy.
    """
    salts = F.explode(F.sequence(F.lit(0), F.lit(parts - 1)))
    salted = shapes.withColumn(SALT, F.pmod(F.xxhash64("path_shape"), F.lit(parts)).cast("int"))
    copies = path_rules.select(*RULES_OF_A_WALK, salts.alias(SALT))

    def walked(ours: pa.Table, rules: pa.Table) -> pa.Table:
        batches = ours.select(["host", "path_shape"]).combine_chunks().to_batches()
        trees, name = build_trees(rules), cache(name_placeholders)
        schema = pa.schema([(field, pa.bool_() if field == "matched" else pa.string()) for field in _FIELDS])
        return pa.Table.from_batches([_resolve_batch(batch, trees, name) for batch in batches], schema=schema)

    grouped = salted.groupBy("host", SALT).cogroup(copies.groupBy("host", SALT))
    return grouped.applyInArrow(walked, WALKED)


_FIELDS = tuple(field.split()[0] for field in WALKED.split(", "))


def _resolve_batch(batch: pa.RecordBatch, trees: Trees, name: Callable[[str], str]) -> pa.RecordBatch:
    hosts, shapes = batch.column("host"), batch.column("path_shape")
    resolved_paths, follow = resolve_paths(trees, hosts.to_pylist(), shapes.to_pylist())
    names = [name(path) for path in resolved_paths]
    return pa.RecordBatch.from_arrays(
        [
            hosts,
            shapes,
            pa.array(resolved_paths, pa.string()),
            pa.array(follow, pa.bool_()),
            pa.array(names, pa.string()),
        ],
        names=list(_FIELDS),
    )


def derive_shape(path: Column, settings: PathSettings) -> Column:
    """Derives a shape by formats alone: `/users//42/;v=1` → `/users/{}`.

    The path is normalised; braces in the traffic itself are percent-encoded (RFC 3986).
    """
    segments = F.split(normalise_path(path), "/")
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
    """Adds `path_shape` by formats alone ("/users/{}") to rows with `path`.

    Shapes show which software a host runs (`pipelines.workflows.training_data.find_host_shapes`).
    """
    return requests.withColumn("path_shape", derive_shape(F.col("path"), settings))


def assign_templates(
    shapes: DataFrame,
    path_rules: DataFrame | pa.Table,
    settings: PathSettings,
    decisions: Sequence[Decision] = (),
) -> DataFrame:
    """Assigns a template to each shape, with the names that operators gave.

    Args:
        shapes: `host, path_shape`, distinct and masked.
        path_rules: Rows of path_rules.
        settings: Section `paths`.
        decisions: Operators' decisions.

    Returns:
        `host, path_shape, path_template`.
    """
    walked = resolve_shapes(shapes, path_rules, settings).withColumnRenamed("path_shape", "masked")
    resolved = walked.select("host", "masked", F.col("resolved").alias("path_shape"), "path_template")
    named_here = with_operator_names(resolved, decisions)
    return named_here.select("host", F.col("masked").alias("path_shape"), "path_template")
