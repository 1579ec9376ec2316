"""Infers rows of path_rules from distinct paths, on Spark.

Crowded nodes and hosts are sampled; few paths are worked on by the driver, many by the executors.
"""

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
from pipelines.paths.spark.evidence import EVIDENCE
from pipelines.paths.spark.steps import guess_steps, split_steps
from pipelines.paths.spark.templates import fetch_up_to
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings_sections import PathSettings

Hashes = npt.NDArray[np.int64]
PARTS_PER_MILLION = 1_000_000


def limit_children(evidence: DataFrame, settings: PathSettings) -> DataFrame:
    """Samples paths so that a node has at most `paths.max_children` children.

    Rows have `host, path_shape, clients, ...` and are distinct paths. If there are at most `paths.always_whole` in all,
    nothing is left out: looking for crowded nodes would cost more.

    The children of all nodes are counted at once, in all paths, and a path stays if each of its steps is among the chosen ones of
    its node. Going level by level instead, on the paths that the level above kept, could choose other children where identifiers
    merge: below `/users/{}` this counts the children below all users, while that counts only those below the 256 users that
    were kept. Where nothing merges, all paths through a node share the steps above it, so both choose the same.
    """
    if evidence.count() <= settings.always_whole:
        return evidence
    cut = evidence.withColumns(
        {"steps": split_steps(F.col("path_shape")), "guess": guess_steps(F.col("path_shape"))}
    )
    keyed = cut.select(
        *evidence.columns, _hash_nodes().alias("nodes"), _hash_children().alias("children")
    ).localCheckpoint()
    nodes, children = _choose_children(keyed, settings.max_children)
    stays = _staying(keyed, nodes, children)
    return keyed.where(stays).select(*evidence.columns)


def _hash_nodes() -> Column:
    """Hashes the prefix before each step, as the first guess has it."""
    places = F.sequence(F.lit(0), F.size("steps") - 1)
    return F.transform(places, lambda place: F.xxhash64("host", F.slice("guess", F.lit(1), place)))


def _hash_children() -> Column:
    """Hashes each step; NULL for a variable, which has no siblings and always stays."""
    return F.transform("steps", lambda step: F.when(step != VARIABLE_STEP, F.xxhash64(step)))


def _choose_children(keyed: DataFrame, most: int) -> tuple[Hashes, Hashes]:
    """Chooses the children of crowded nodes.

    Returns:
        Hashes of the nodes with more than `most` children, and of their chosen (node, step), both sorted.
    """
    cut = keyed.select("clients", F.explode(F.arrays_zip("nodes", "children")).alias("at"))
    literals = cut.select("clients", "at.nodes", "at.children").where(F.col("children").isNotNull())
    each = literals.groupBy("nodes", "children").agg(
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
    pairs = np.repeat(nodes, lengths) ^ _rehash(pc.list_flatten(busy).to_numpy())
    return np.sort(nodes), np.sort(pairs)


def _rehash(hashes: Hashes) -> Hashes:
    """Hashes hashes again, so that a node and a step combine into one number.

    The factor is odd, so the mapping is one-to-one.
    """
    return (hashes.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64)


def _staying(keyed: DataFrame, nodes: Hashes, pairs: Hashes) -> Column:
    """Whether no step of a path is a child of a crowded node that was not chosen."""
    shared = keyed.sparkSession.sparkContext.broadcast((nodes, pairs))

    @arrow_udf("boolean")  # type: ignore[call-overload,untyped-decorator]
    def stays(at: pa.Array, children: pa.Array) -> pa.Array:
        crowded, chosen = shared.value
        node, step = pc.list_flatten(at).to_numpy(), pc.list_flatten(children)
        is_literal = step.is_valid().to_numpy(zero_copy_only=False)
        pair = node ^ _rehash(step.fill_null(0).to_numpy())
        left_out = _is_among(node, crowded) & is_literal & ~_is_among(pair, chosen)
        owner = pc.list_parent_indices(at).to_numpy()
        return pa.array(np.bincount(owner, left_out, len(at)) == 0)

    return cast(Column, stays("nodes", "children"))


def _is_among(values: Hashes, many: Hashes) -> npt.NDArray[np.bool_]:
    """Returns which values are among sorted ones."""
    if not len(many):
        return np.zeros(len(values), bool)
    place = np.searchsorted(many, values)
    return np.asarray(many[np.minimum(place, len(many) - 1)] == values)


def limit_paths(evidence: DataFrame, settings: PathSettings) -> DataFrame:
    """Samples paths so that a host has at most about `paths.max_paths`.

    The hash of a path decides. A limit is needed because one task infers the rules of a whole host.
    """
    crowded = evidence.groupBy("host").count().where(F.col("count") > settings.max_paths)
    share = (F.lit(float(settings.max_paths)) / F.col("count")) * PARTS_PER_MILLION
    place = F.pmod(F.xxhash64("path_shape"), F.lit(PARTS_PER_MILLION))
    joined = evidence.join(F.broadcast(crowded.select("host", share.alias("share"))), "host", "left")
    return joined.where(F.col("share").isNull() | (place < F.col("share"))).select(*evidence.columns)


GROUP = "host_group"


def infer_rules_on_spark(
    evidence: DataFrame, settings: PathSettings, score: Scorer, binding_rules: DataFrame | None
) -> DataFrame:
    """Infers rows of path_rules.

    Args:
        evidence: Distinct paths with the columns `EVIDENCE`.
        settings: Section `paths`.
        score: The classifier.
        binding_rules: Rows of path_rules, published ones and operators', which win over the classifier; None for none.
    """
    paths = evidence.select(*EVIDENCE)
    rows = fetch_up_to(paths, min(settings.always_whole, settings.on_driver))
    if rows is None:
        chosen = limit_paths(limit_children(paths, settings), settings).localCheckpoint()
        rows = fetch_up_to(chosen, settings.on_driver)
        if rows is None:
            return _infer_on_executors(chosen, settings, score, binding_rules)
    rules = infer_rules(rows, None if binding_rules is None else binding_rules.toArrow(), settings, score)
    return create_rules_frame(rules, evidence)


def create_rules_frame(rules: pa.Table, like: DataFrame) -> DataFrame:
    """Creates a frame of path_rules in the Spark session of `like`."""
    return like.sparkSession.createDataFrame(rules, PATH_RULES.schema)


def _infer_on_executors(
    evidence: DataFrame, settings: PathSettings, score: Scorer, binding_rules: DataFrame | None
) -> DataFrame:
    """Infers rules on the executors, whole hosts per task.

    A task has about `paths.on_driver` paths. Which hosts it holds does not change the result (docs/adr/0016).
    """
    groups = max(1, evidence.count() // settings.on_driver)
    group = (F.pmod(F.xxhash64("host"), F.lit(groups))).cast("int").alias(GROUP)
    ours = evidence.select("*", group).groupBy(GROUP)

    def infer(paths: pa.Table) -> pa.Table:
        return infer_rules(paths, None, settings, score)

    def infer_with_rules(paths: pa.Table, rules: pa.Table) -> pa.Table:
        return infer_rules(paths, rules, settings, score)

    if binding_rules is None:
        return ours.applyInArrow(infer, PATH_RULES.schema)
    theirs = binding_rules.select("*", group).groupBy(GROUP)
    return ours.cogroup(theirs).applyInArrow(infer_with_rules, PATH_RULES.schema)
