"""Children of path-tree nodes and the numbers that the classifier reads.

Value layer, numpy. A child is (node, step), a node is (host, prefix). The prefix and the rest of a path are written with the
current guess of what is a variable, so that `/users/1/orders` and `/users/2/orders` meet. There is one tree per host over all
methods (docs/methods.md, 1.5). Everything is counted exactly and within one node, so the numbers of a host do not depend on
which hosts are counted with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.paths.calls import ARRIVALS, CALL_FEATURES, PathEvidence, count_calls
from pipelines.paths.forest import (
    Flags,
    Forest,
    Integers,
    Nodes,
    Numbers,
    find_nodes,
    find_rests,
    list_prefixes,
)
from pipelines.paths.step_texts import StepTexts

OVERLAPS = ("overlap", "most_overlap", "next_overlap", "later_overlap", "most_later_overlap")
"""Share of a child's siblings that have the same part below: the mean over all its rests and the share of the most common
one; the same for the next step alone, and for all but the next step, which may be a variable that is not recognised as one
yet."""
CONTEXT = (
    "depth", "siblings", "alike", "masked_sibling", "typed_share", "digit_share", "mean_length", "length_deviation",
    "leaf_share", "is_leaf", "suffixes", "literal_suffixes", "shared_suffixes", *OVERLAPS, "places", "most_places",
    "variable_share", "value_overlap", *CALL_FEATURES,
)  # fmt: skip
"""Features of a child that follow from its place in the tree; `ml/paths/features.py` adds those of its text."""
UNKNOWN = -1.0
"""Stands for a number that is undefined, such as a share of siblings where there are none."""

Statistics = dict[str, Numbers]
"""Name → one number per child, NaN where it is undefined."""


@dataclass(frozen=True, slots=True)
class Children:
    """Children by their number.

    `node`, `step`: of each child · `of_row`: the child of each row of the forest.
    """

    nodes: Nodes
    of_row: Integers
    node: Integers
    step: Integers

    @property
    def count(self) -> int:
        """Number of children."""
        return len(self.node)


@dataclass(frozen=True, slots=True)
class ChildStatistics:
    """Children with their prefixes, steps, `CONTEXT` and `calls.ARRIVALS`."""

    children: Children
    prefix: list[str]
    step: list[str]
    context: npt.NDArray[np.float32]
    arrivals: Statistics

    def column(self, name: str) -> npt.NDArray[np.float32]:
        """Returns one column of the context."""
        return self.context[:, CONTEXT.index(name)]


def find_children(forest: Forest, above: Integers) -> Children:
    """Returns the children of all nodes, in the order of nodes and texts.

    Args:
        forest: Paths of hosts.
        above: The path variant that prefixes are written in.
    """
    nodes = find_nodes(forest, above)
    keys, of_row = np.unique(nodes.of_row * len(forest.vocabulary) + forest.step, return_inverse=True)
    return Children(nodes, of_row, keys // len(forest.vocabulary), keys % len(forest.vocabulary))


def count_children(
    forest: Forest,
    texts: StepTexts,
    seen: PathEvidence,
    above: Integers,
    below: Integers,
    own: Numbers | None,
) -> ChildStatistics:
    """Counts the features of each child that follow from its place in the tree.

    Args:
        forest: Paths of hosts.
        texts: Properties of the steps in its vocabulary.
        seen: What was seen of each path.
        above: The path variant that prefixes are written in.
        below: The path variant that rests are written in.
        own: The probability that each row's step is a variable by the pass before, for its siblings; None if unknown.
    """
    children = find_children(forest, above)
    first = np.full(children.count, len(forest.path))
    np.minimum.at(first, children.of_row, np.arange(len(forest.path)))
    numbers: Statistics = {"depth": forest.depth[first].astype(np.float64)}
    _count_rests(numbers, forest, texts, children, below)
    numbers["places"] = count_distinct(
        children.of_row, find_nodes(forest, forest.step).of_row, children.count
    )
    if own is not None:
        numbers["guessed"] = np.zeros(children.count)
        np.maximum.at(numbers["guessed"], children.of_row, own)
    _count_siblings(numbers, texts, children)
    is_end = np.append(forest.path[1:] != forest.path[:-1], True)
    numbers |= count_calls(forest, seen, children.of_row, children.node, children.nodes.host, is_end)
    columns = np.column_stack([numbers[name] for name in CONTEXT])
    context = np.where(np.isnan(columns), UNKNOWN, columns).astype(np.float32)
    of_node = list_prefixes(forest, children.nodes)
    prefix = [of_node[node] for node in children.node.tolist()]
    steps = [forest.vocabulary[step] for step in children.step.tolist()]
    return ChildStatistics(children, prefix, steps, context, {name: numbers[name] for name in ARRIVALS})


def _count_rests(
    numbers: Statistics, forest: Forest, texts: StepTexts, children: Children, below: Integers
) -> None:
    """Adds the number of rests below each child and their overlap with siblings.

    Overlaps are NaN where no rest holds a literal: only rests with a literal show that two children are of one kind, because
    `/{}` follows any collection (docs/methods.md, 1.5).
    """
    rests = find_rests(forest, below)
    suffix, child = rests.of_row, children.of_row
    numbers["suffixes"] = count_distinct(child, suffix, children.count)
    numbers["is_leaf"] = np.ones(children.count)
    numbers["is_leaf"][child[suffix > 0]] = 0
    whole = _shared(children, child, suffix, rests.is_literal[suffix])
    inner = np.flatnonzero(suffix > 0)
    values = _shared(children, child[inner], forest.step[inner + 1], np.ones(len(inner), bool))
    with np.errstate(invalid="ignore"):
        numbers["value_overlap"] = values.shared / values.parts
    step, rest = below[inner + 1], suffix[inner + 1]
    head, tail = texts.head[step], texts.tail[step]
    first = _shared(children, child[inner], head, texts.is_literal_head[step])
    _, later = np.unique(tail * len(rests.is_literal) + rest, return_inverse=True)
    other = _shared(children, child[inner], later, (tail > 0) | rests.is_literal[rest])
    numbers |= {
        "literal_suffixes": whole.parts, "shared_suffixes": whole.shared, "overlap": whole.mean, "most_overlap": whole.most,
        "next_overlap": first.mean, "later_overlap": other.mean, "most_later_overlap": other.most,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SharedParts:
    """Parts below each child that its siblings have as well.

    `parts`: distinct parts · `shared`: those that a sibling has as well · `mean`, `most`: number of siblings that have a part.
    """

    parts: Numbers
    shared: Numbers
    mean: Numbers
    most: Numbers


def _shared(children: Children, child: Integers, part: Integers, is_literal: Flags) -> SharedParts:
    """Compares the literal parts below children with those below their siblings.

    Args:
        children: All children.
        child: The child of each row.
        part: The number of the part of each row.
        is_literal: Whether the part of each row holds a literal.
    """
    width, count = int(part.max(initial=0)) + 1, children.count
    pairs = np.unique(child[is_literal] * width + part[is_literal])
    owner = pairs // width
    _, which, having = np.unique(
        children.node[owner] * width + pairs % width, return_inverse=True, return_counts=True
    )
    others = (having[which] - 1).astype(np.float64)
    parts = np.bincount(owner, minlength=count).astype(np.float64)
    most = np.full(count, np.nan)
    np.fmax.at(most, owner, others)
    with np.errstate(invalid="ignore"):
        mean = np.asarray(np.bincount(owner, others, count) / parts, np.float64)
    shared = np.asarray(np.bincount(owner, others > 0, count), np.float64)
    return SharedParts(parts, shared, mean, most)


def _count_siblings(numbers: Statistics, texts: StepTexts, children: Children) -> None:
    """Adds properties of the children of each node; turns counts into shares."""
    node, step, nodes = children.node, children.step, len(children.nodes.host)
    siblings = np.bincount(node, minlength=nodes)

    def total(values: npt.NDArray[np.generic]) -> Numbers:
        return np.asarray(np.bincount(node, values, nodes)[node], np.float64)

    def most(values: Numbers) -> Numbers:
        greatest = np.zeros(nodes)
        np.maximum.at(greatest, node, values)
        return greatest[node]

    size = siblings[node].astype(np.float64)
    length = texts.length[step]
    _, kind, alike = np.unique(
        node * (int(texts.skeleton.max(initial=0)) + 1) + texts.skeleton[step],
        return_inverse=True,
        return_counts=True,
    )
    mean_length = total(length) / size
    numbers |= {
        "siblings": size,
        "alike": alike[kind].astype(np.float64),
        "masked_sibling": most((step == texts.variable).astype(np.float64)),
        "typed_share": total(texts.is_typed[step]) / size,
        "digit_share": total(texts.has_digits[step]) / size,
        "mean_length": mean_length,
        "length_deviation": np.sqrt(np.maximum(total(length * length) / size - mean_length**2, 0)),
        "leaf_share": total(numbers["is_leaf"]) / size,
        "most_places": most(numbers["places"]),
    }
    others = np.where(size > 1, size - 1, np.nan)
    for name in OVERLAPS:
        numbers[name] = numbers[name] / others
    guessed = numbers.pop("guessed", np.full(children.count, np.nan))
    numbers["variable_share"] = (total(guessed) - guessed) / others


def count_distinct(group: Integers, values: Integers, groups: int) -> Numbers:
    """Returns the number of distinct values in each group."""
    width = int(values.max(initial=0)) + 1
    counts = np.bincount(np.unique(group * width + values) // width, minlength=groups)
    return np.asarray(counts, np.float64)
