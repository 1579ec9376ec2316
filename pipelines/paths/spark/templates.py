"""Rules + paths → shapes and templates, on Spark: the walk of `walk.py` in one Arrow pass."""

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
RULES_OF_A_WALK = ("host", "prefix", "step", "decision", "takes_words")
WALKED = "host string, path_shape string, resolved string, matched boolean, path_template string"
SALT = "salt"


def resolve_shapes(shapes: DataFrame, path_rules: DataFrame | pa.Table, settings: PathSettings) -> DataFrame:
    """`host, path_shape` (distinct, masked) and rows of path_rules → plus `resolved`, `matched`, `path_template`.

    `resolved` is the path with `{}` for variables, `path_template` the same with their names. `matched` is false where a step is
    not told by the rules (see `walk.walk`). Up to `paths.shared_rules` rules go to every task; more are sent to the shapes of
    their hosts.
    """
    asked = shapes.select("host", "path_shape")
    rules = path_rules if isinstance(path_rules, pa.Table) else fetch_up_to(path_rules, settings.shared_rules)
    if rules is not None and rules.num_rows <= settings.shared_rules:
        return _with_all_rules(asked, rules)
    frame = (
        path_rules if isinstance(path_rules, DataFrame) else shapes.sparkSession.createDataFrame(path_rules)
    )
    return _with_rules_of_hosts(asked, frame, settings.host_parts)


def fetch_up_to(rows: DataFrame, most: int) -> pa.Table | None:
    """The rows, if they are not more than `most`: counted and fetched at once."""
    found = rows.limit(most + 1).toArrow()
    return found if found.num_rows <= most else None


def _with_all_rules(shapes: DataFrame, rules: pa.Table) -> DataFrame:
    shared = shapes.sparkSession.sparkContext.broadcast(build_trees(rules))

    def walked(batches: Batches) -> Batches:
        name = cache(name_placeholders)
        for batch in batches:
            yield _walked(batch, shared.value, name)

    return shapes.mapInArrow(walked, WALKED)


def _with_rules_of_hosts(shapes: DataFrame, path_rules: DataFrame, parts: int) -> DataFrame:
    """Every host in `parts` tasks, each with a copy of its rules: one that has most of the shapes does not wait in one task."""
    salts = F.explode(F.sequence(F.lit(0), F.lit(parts - 1)))
    salted = shapes.withColumn(SALT, F.pmod(F.xxhash64("path_shape"), F.lit(parts)).cast("int"))
    copies = path_rules.select(*RULES_OF_A_WALK, salts.alias(SALT))

    def walked(ours: pa.Table, rules: pa.Table) -> pa.Table:
        batches = ours.select(["host", "path_shape"]).combine_chunks().to_batches()
        trees, name = build_trees(rules), cache(name_placeholders)
        schema = pa.schema([(field, pa.bool_() if field == "matched" else pa.string()) for field in _FIELDS])
        return pa.Table.from_batches([_walked(batch, trees, name) for batch in batches], schema=schema)

    grouped = salted.groupBy("host", SALT).cogroup(copies.groupBy("host", SALT))
    return grouped.applyInArrow(walked, WALKED)


_FIELDS = tuple(field.split()[0] for field in WALKED.split(", "))


def _walked(batch: pa.RecordBatch, trees: Trees, name: Callable[[str], str]) -> pa.RecordBatch:
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
    """`/users//42/;v=1` → `/users/{}`: normalised, typed segments as `{}`. Braces of the traffic's own are encoded (RFC 3986)."""
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
    """`path, ...` → the same plus `path_shape` by forms alone ("/users/{}"): what software answers there (fingerprint.py)."""
    return requests.withColumn("path_shape", derive_shape(F.col("path"), settings))


def assign_templates(
    shapes: DataFrame,
    path_rules: DataFrame | pa.Table,
    settings: PathSettings,
    decisions: Sequence[Decision] = (),
) -> DataFrame:
    """`host, path_shape` (masked, distinct), rows of path_rules and operators' names → plus `path_template`."""
    walked = resolve_shapes(shapes, path_rules, settings).withColumnRenamed("path_shape", "masked")
    known = walked.select("host", "masked", F.col("resolved").alias("path_shape"), "path_template")
    named_here = with_operator_names(known, decisions)
    return named_here.select("host", F.col("masked").alias("path_shape"), "path_template")
