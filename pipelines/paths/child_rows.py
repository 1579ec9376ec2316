"""Children of hosts as rows, with and without the truth: what training of the classifier reads. Value layer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.paths.children import CONTEXT, Counted, count_children
from pipelines.paths.forest import Forest, Integers, plant, sort_evidence, with_steps
from pipelines.paths.rule_terms import RULE_KEY
from pipelines.paths.step_texts import StepTexts, read_texts

CHILD = RULE_KEY
_UNKNOWN, _LITERAL, _VARIABLE = -1, 0, 1


def child_rows(paths: pa.Table) -> pa.Table:
    """`host, path_shape` (distinct paths of hosts) → `CHILD` and `CONTEXT`, a row a child."""
    forest = plant(with_steps(sort_evidence(paths)), ["guess"])
    guess = forest.written["guess"]
    counted = count_children(forest, read_texts(forest.vocabulary), guess, guess, guess == forest.variable)
    return _rows(forest, counted, np.arange(counted.children.count))


def labelled_rows(paths: pa.Table) -> pa.Table:
    """Paths with their truth → `CHILD`, `CONTEXT`, `is_variable`, `weight`: two rows a child that the classifier is asked about.

    Args:
        paths: `host, path_shape, steps`, `truth` (booleans, one a segment) and steps written by the first guess (`guess`), by the
            truth (`true`) and nearly so (`nearly`).
    """
    ordered = sort_evidence(paths)
    forest = plant(ordered, ["guess", "true", "nearly"])
    texts, truth = read_texts(forest.vocabulary), _truth(ordered, forest)
    guess, true = forest.written["guess"], forest.written["true"]
    own = forest.written["nearly"] == forest.variable
    views = [
        count_children(forest, texts, true, guess, None),
        count_children(forest, texts, true, true, own),
    ]
    return pa.concat_tables([_labelled(forest, texts, truth, counted) for counted in views])


def _truth(paths: pa.Table, forest: Forest) -> Integers:
    """Of each row whether it is a variable; parts of the last segment are not told."""
    column = paths.column("truth").combine_chunks()
    lengths = pc.list_value_length(column).to_numpy()
    starts = np.cumsum(lengths) - lengths
    told = forest.depth < lengths[forest.path]
    truth = np.full(len(forest.path), _UNKNOWN)
    values = pc.list_flatten(column).to_numpy(zero_copy_only=False)
    truth[told] = values[(starts[forest.path] + forest.depth)[told]]
    return truth


def _labelled(forest: Forest, texts: StepTexts, truth: Integers, counted: Counted) -> pa.Table:
    children = counted.children
    label = np.full(children.count, _UNKNOWN)
    np.maximum.at(label, children.of_row, truth)
    asked = texts.is_segment & ~texts.is_masked
    chosen = np.flatnonzero((label != _UNKNOWN) & asked[children.step])
    node = children.node[chosen]
    size = np.bincount(node, minlength=len(children.nodes.host))
    nodes = np.bincount(children.nodes.host[size > 0], minlength=len(forest.hosts))
    weight = 1 / np.sqrt(size[node] * nodes[children.nodes.host[node]])
    rows = _rows(forest, counted, chosen)
    return rows.append_column("is_variable", pa.array(label[chosen] == _VARIABLE)).append_column(
        "weight", pa.array(weight)
    )


def _rows(forest: Forest, counted: Counted, chosen: Integers) -> pa.Table:
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
