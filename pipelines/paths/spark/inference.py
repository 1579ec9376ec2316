"""Distinct paths → rows of path_rules, on Spark: at most so many children of a node, judged where they are few."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf

from pipelines.http.segment_formats import VARIABLE_STEP
from pipelines.paths.infer import Scorer, infer_rules
from pipelines.paths.spark.steps import guess_steps, split_steps
from pipelines.paths.spark.templates import fetch_up_to
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings_sections import PathSettings

Hashes = npt.NDArray[np.int64]
PARTS_PER_MILLION = 1_000_000


def limit_children(evidence: DataFrame, settings: PathSettings) -> DataFrame:
    """`host, path_shape, clients, ...` (distinct paths) → the same, with at most `paths.max_children` a node.

    Where there are no more than `paths.always_whole` in all, nothing is left out: looking for crowded nodes would cost more.

    The children of all nodes are counted at once, in all paths, and a path stays if each of its steps is among the chosen ones of
    its node, or ends at it. Level by level, each with what the one above left, other children may be chosen where values of
    forms merge: below `/users/{}` those below all users are counted here, there those below the 256 that were kept. Where no
    value merges, every path through a node shares its steps above, so both choose the same.
    """
    if evidence.count() <= settings.always_whole:
        return evidence
    cut = evidence.withColumns(
        {"steps": split_steps(F.col("path_shape")), "guess": guess_steps(F.col("path_shape"))}
    )
    keyed = cut.select(
        *evidence.columns, _nodes().alias("nodes"), _children().alias("children")
    ).localCheckpoint()
    nodes, children = _chosen(keyed, settings.max_children)
    stays = _staying(keyed, nodes, children)
    return keyed.where(stays).select(*evidence.columns)


def _nodes() -> Column:
    """Of each step a hash of the prefix before it, as the first guess writes it."""
    places = F.sequence(F.lit(0), F.size("steps") - 1)
    return F.transform(places, lambda place: F.xxhash64("host", F.slice("guess", F.lit(1), place)))


def _children() -> Column:
    """Of each step a hash; NULL for a variable, which is nobody's sibling and always stays."""
    return F.transform("steps", lambda step: F.when(step != VARIABLE_STEP, F.xxhash64(step)))


def _chosen(keyed: DataFrame, most: int) -> tuple[Hashes, Hashes]:
    """Nodes of more than `most` children, sorted, and of these the chosen (node, step), hashed and sorted."""
    cut = keyed.select("clients", F.explode(F.arrays_zip("nodes", "children")).alias("at"))
    asked = cut.select("clients", "at.nodes", "at.children").where(F.col("children").isNotNull())
    each = asked.groupBy("nodes", "children").agg(
        F.max("clients").alias("clients"), F.count("*").alias("paths")
    )
    rank = F.struct("clients", "paths", "children")
    busiest = (
        each.withColumn("rank", rank)
        .groupBy("nodes")
        .agg(F.count("*").alias("size"), F.expr(f"max_by(children, rank, {most})").alias("busiest"))
    )
    crowded = busiest.where(F.col("size") > most).select("nodes", "busiest").toArrow().combine_chunks()
    nodes = crowded.column("nodes").to_numpy()
    busy = crowded.column("busiest").combine_chunks()
    lengths = pc.list_value_length(busy).to_numpy()
    pairs = np.repeat(nodes, lengths) ^ _mixed(pc.list_flatten(busy).to_numpy())
    return np.sort(nodes), np.sort(pairs)


def _mixed(hashes: Hashes) -> Hashes:
    """Another hash of hashes, so that a node and a step can be joined in one number (an odd factor: no two are merged)."""
    return (hashes.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64)


def _staying(keyed: DataFrame, nodes: Hashes, pairs: Hashes) -> Column:
    """Whether no step of a path is an unchosen child of a crowded node."""
    shared = keyed.sparkSession.sparkContext.broadcast((nodes, pairs))

    @arrow_udf("boolean")  # type: ignore[call-overload,untyped-decorator]
    def stays(at: pa.Array, children: pa.Array) -> pa.Array:
        crowded, chosen = shared.value
        node, step = pc.list_flatten(at).to_numpy(), pc.list_flatten(children)
        known = step.is_valid().to_numpy(zero_copy_only=False)
        pair = node ^ _mixed(step.fill_null(0).to_numpy())
        left_out = _is_among(node, crowded) & known & ~_is_among(pair, chosen)
        owner = pc.list_parent_indices(at).to_numpy()
        return pa.array(np.bincount(owner, left_out, len(at)) == 0)

    return cast(Column, stays("nodes", "children"))


def _is_among(values: Hashes, many: Hashes) -> npt.NDArray[np.bool_]:
    """Which values are among sorted ones."""
    if not len(many):
        return np.zeros(len(values), bool)
    found = np.searchsorted(many, values)
    return np.asarray(many[np.minimum(found, len(many) - 1)] == values)


def limit_paths(evidence: DataFrame, settings: PathSettings) -> DataFrame:
    """The same with about `paths.max_paths` a host at most, chosen by a hash of the path: a host is judged in one task."""
    crowded = evidence.groupBy("host").count().where(F.col("count") > settings.max_paths)
    share = (F.lit(float(settings.max_paths)) / F.col("count")) * PARTS_PER_MILLION
    place = F.pmod(F.xxhash64("path_shape"), F.lit(PARTS_PER_MILLION))
    joined = evidence.join(F.broadcast(crowded.select("host", share.alias("share"))), "host", "left")
    return joined.where(F.col("share").isNull() | (place < F.col("share"))).select(*evidence.columns)


EVIDENCE = ("host", "path_shape", "clients", "first_day", "last_day")
GROUP = "host_group"


def infer_rules_on_spark(
    evidence: DataFrame, settings: PathSettings, score: Scorer, known: DataFrame | None
) -> DataFrame:
    """`EVIDENCE` (distinct paths) → rows of path_rules.

    `known` are rules that bind: published ones and operators' (rows of path_rules), which win over the classifier; None for none.
    """
    paths = evidence.select(*EVIDENCE)
    rows = fetch_up_to(paths, min(settings.always_whole, settings.on_driver))
    if rows is None:
        chosen = limit_paths(limit_children(paths, settings), settings).localCheckpoint()
        rows = fetch_up_to(chosen, settings.on_driver)
        if rows is None:
            return _on_executors(chosen, settings, score, known)
    found = infer_rules(rows, None if known is None else known.toArrow(), settings, score)
    return create_rules_frame(found, evidence)


def create_rules_frame(rules: pa.Table, like: DataFrame) -> DataFrame:
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
