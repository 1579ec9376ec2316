"""Labelled children of hosts: training data of the classifier of path steps."""

from __future__ import annotations

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.http.segment_formats import PLACEHOLDER, VARIABLE_STEP
from pipelines.http.status import WITHOUT_ERROR
from pipelines.paths.calls import read_evidence
from pipelines.paths.children import CONTEXT, ChildStatistics, count_children
from pipelines.paths.forest import Forest, Integers, Numbers, build_forest, sort_evidence, with_steps
from pipelines.paths.rules import RULE_KEY, VARIABLE
from pipelines.paths.spark.evidence import EVIDENCE, merge_calls, summarise_client_days
from pipelines.paths.spark.inference import limit_children, limit_paths
from pipelines.paths.spark.steps import guess_steps, mask_path, split_steps
from pipelines.paths.step_texts import StepTexts, describe_texts
from pipelines.runtime.settings_sections import PathSettings

CHILD = RULE_KEY
_UNKNOWN, _LITERAL, _VARIABLE = -1, 0, 1
MOST_CHILDREN = 12
"""Children of a node that are learned from, of each label: one collection must not outnumber all others, and the weights of these
stand for the rest."""


def build_child_rows(paths: pa.Table) -> pa.Table:
    """Turns distinct `host, path_shape` into one row of `CHILD, CONTEXT` per child."""
    ordered = sort_evidence(paths)
    forest = build_forest(with_steps(ordered), ["guess"])
    guess = forest.variants["guess"]
    counted = count_children(
        forest,
        describe_texts(forest.vocabulary),
        read_evidence(ordered),
        guess,
        guess,
        None,
    )
    return _rows(forest, counted, np.arange(counted.children.count))


def label_rows(paths: pa.Table) -> pa.Table:
    """Labels the children of paths whose truth is known.

    Args:
        paths: `host, path_shape, steps`, `truth` (booleans, one per segment), variants of the steps by the first guess (`guess`)
            and by the truth (`true`), and `clients, first_day, last_day, calls`.

    Returns:
        `CHILD`, `CONTEXT`, `is_first_pass`, `is_variable`, `weight`: two rows per child that the classifier is used for, as the
        first and as the last pass see it, of at most `MOST_CHILDREN` literals and as many variables per node.
    """
    ordered = sort_evidence(paths)
    forest = build_forest(ordered, ["guess", "true"])
    texts, truth, seen = describe_texts(forest.vocabulary), _truth(ordered, forest), read_evidence(ordered)
    guess, true = forest.variants["guess"], forest.variants["true"]
    views = []
    for below in (guess, true):
        is_first = below is guess
        counted = count_children(forest, texts, seen, true, below, None)
        rows = _labelled(forest, texts, truth, counted)
        views.append(rows.append_column("is_first_pass", pa.array(np.full(rows.num_rows, is_first))))
    return pa.concat_tables(views)


def _truth(paths: pa.Table, forest: Forest) -> Integers:
    """Returns whether each row is a variable; -1 for parts of the last segment."""
    column = paths.column("truth").combine_chunks()
    lengths = pc.list_value_length(column).to_numpy()
    starts = np.cumsum(lengths) - lengths
    is_segment = forest.depth < lengths[forest.path]
    truth = np.full(len(forest.path), _UNKNOWN)
    values = pc.list_flatten(column).to_numpy(zero_copy_only=False)
    truth[is_segment] = values[(starts[forest.path] + forest.depth)[is_segment]]
    return truth


def _labelled(forest: Forest, texts: StepTexts, truth: Integers, counted: ChildStatistics) -> pa.Table:
    children = counted.children
    label = np.full(children.count, _UNKNOWN)
    np.maximum.at(label, children.of_row, truth)
    needs_classifier = texts.is_segment & ~texts.is_masked
    chosen = np.flatnonzero((label != _UNKNOWN) & needs_classifier[children.step])
    node = children.node[chosen]
    size = np.bincount(node, minlength=len(children.nodes.host))
    nodes = np.bincount(children.nodes.host[size > 0], minlength=len(forest.hosts))
    weight = 1 / np.sqrt(size[node] * nodes[children.nodes.host[node]])
    kept, of_kept = _thin_out(counted, chosen, label[chosen])
    chosen, weight = chosen[kept], weight[kept] * of_kept
    rows = _rows(forest, counted, chosen)
    return rows.append_column("is_variable", pa.array(label[chosen] == _VARIABLE)).append_column(
        "weight", pa.array(weight)
    )


def _thin_out(counted: ChildStatistics, chosen: Integers, label: Integers) -> tuple[Integers, Numbers]:
    """Chooses at most `MOST_CHILDREN` children per node and label, by a hash.

    Returns:
        Places in `chosen`, and how many children each of them stands for.
    """
    hashes = np.array([zlib.crc32(counted.step[child].encode()) for child in chosen.tolist()], np.int64)
    _, group, size = np.unique(
        counted.children.node[chosen] * 2 + label, return_inverse=True, return_counts=True
    )
    order = np.lexsort((hashes, group))
    place = np.arange(len(order)) - (np.cumsum(size) - size)[group[order]]
    kept = np.sort(order[place < MOST_CHILDREN])
    return kept, np.maximum(size[group[kept]] / MOST_CHILDREN, 1.0)


def _rows(forest: Forest, counted: ChildStatistics, chosen: Integers) -> pa.Table:
    children, numbers = counted.children, chosen.tolist()
    keys = {
        "host": [forest.hosts[host] for host in children.nodes.host[children.node[chosen]].tolist()],
        "prefix": [counted.prefix[child] for child in numbers],
        "step": [counted.step[child] for child in numbers],
    }
    numbers_of_place = dict(zip(CONTEXT, counted.context[chosen].T, strict=True))
    columns = {name: pa.array(texts, pa.string()) for name, texts in keys.items()}
    return pa.table(
        columns | {name: pa.array(np.ascontiguousarray(c)) for name, c in numbers_of_place.items()}
    )


LABEL, WEIGHT, FIRST_PASS = "is_variable", "weight", "is_first_pass"
CHILD_ROWS = ", ".join([*(f"{name} string" for name in CHILD), *(f"{name} float" for name in CONTEXT)])


def label_paths(paths: DataFrame, settings: PathSettings) -> DataFrame:
    """Turns paths with their truth and evidence into rows of distinct shapes.

    Rows have `host, path, truth` and the evidence `clients, first_day, last_day, calls`. `truth` is an array of booleans, one per
    segment; `steps` is added. Paths with another number of segments (a value held a slash) are left out.
    """
    cut = paths.withColumn("path_shape", mask_path(F.col("path"), settings))
    fitting = cut.where(F.size(F.split("path_shape", "/")) == F.size("truth") + 1)
    merged = fitting.groupBy("host", "path_shape").agg(F.max("truth").alias("truth"), *merge_calls())
    return merged.withColumn("steps", split_steps(F.col("path_shape")))


def label_children(labelled: DataFrame) -> DataFrame:
    """Turns rows of `label_paths` into labelled children.

    The columns are `CHILD`, `CONTEXT`, `FIRST_PASS`, `LABEL` and `WEIGHT`. Each child comes as the first pass sees it (rests by
    the first guess) and as the last pass does (rests by the truth). The weight of a node is the square root of its number of
    children, that of a host that of its number of nodes. Children that are decided without the classifier are left out.
    """
    seen = labelled.select(
        *EVIDENCE, "steps", "truth", guess_steps(F.col("path_shape")).alias("guess"), _steps_of(F.col("truth")).alias("true")
    )  # fmt: skip
    columns = f"{CHILD_ROWS}, {LABEL} boolean, {WEIGHT} double, {FIRST_PASS} boolean"
    return seen.groupBy("host").applyInArrow(label_rows, columns)


def _steps_of(truth: Column) -> Column:
    """Returns the steps with the variables of `truth` as `/{}`.

    Parts of the last segment stay.
    """

    def shown(step: Column, index: Column) -> Column:
        variable = F.coalesce(F.try_element_at(truth, index + 1), F.lit(False))
        return F.when(variable, F.lit(VARIABLE_STEP)).otherwise(step)

    return F.transform(F.col("steps"), shown)


def label_by_operators(transactions: DataFrame, rules: DataFrame, settings: PathSettings) -> DataFrame:
    """Labels children of nodes that operators decided on.

    Args:
        transactions: Transactions.
        rules: Operators' rows of path_rules; a rule for a step itself wins over one for every other step.
        settings: Section `paths`.

    Returns:
        `CHILD`, `CONTEXT`, `LABEL`, `WEIGHT`.
    """
    without_errors = transactions.where(F.col("status").between(*WITHOUT_ERROR)).join(
        rules.select("host").distinct(), "host", "left_semi"
    )
    shaped = without_errors.withColumn("path_shape", mask_path(F.col("path"), settings))
    visits = shaped.select("host", "path_shape", "method", "client", "day").distinct()
    seen = (
        visits.where(F.col("path_shape").startswith("/"))
        .groupBy("host", "path_shape")
        .agg(*summarise_client_days())
    )
    few = limit_paths(limit_children(seen.localCheckpoint(), settings), settings)
    every = F.col("step") == VARIABLE_STEP
    of_step = rules.where(~every).select(*CHILD, F.col("decision").alias("of_step"))
    of_node = rules.where(every).select("host", "prefix", F.col("decision").alias("of_node"))
    children = few.groupBy("host").applyInArrow(build_child_rows, CHILD_ROWS)
    with_rules = children.join(of_step, list(CHILD), "left").join(of_node, ["host", "prefix"], "left")
    decision, step = F.coalesce("of_step", "of_node"), F.col("step")
    needs_classifier = ~F.contains(step, F.lit(PLACEHOLDER)) & step.startswith("/")
    labelled = with_rules.where(decision.isNotNull() & needs_classifier)
    weight = 1 / F.sqrt(F.count("*").over(Window.partitionBy("host", "prefix")))
    return labelled.select(
        *CHILD,
        *CONTEXT,
        (decision == VARIABLE).alias(LABEL),
        weight.alias(WEIGHT),
        F.lit(True).alias(FIRST_PASS),
    )
