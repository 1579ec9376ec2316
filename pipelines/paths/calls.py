"""Evidence from the calls of paths about the children of a node.

Value layer, numpy. A call is a client-day: one client, one day, one method, one path. Words can be values and numbers can be
literals, so a text says little; these numbers say whether new children keep arriving, whether children are used alike, and
whether they differ in what can be done with them (docs/methods.md, 1.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.http.methods import METHODS
from pipelines.paths.forest import Forest, Integers, Numbers

CALL_FEATURES = (
    "mean_calls", "own_calls", "singleton_share", "unseen_mass", "methods", "method_agreement", "method_split",
    "main_method_share",
)  # fmt: skip
"""Features of a child that follow from the calls of its paths and of its siblings'.

`mean_calls`: log of calls per sibling · `own_calls`: log of the child's calls relative to that · `singleton_share`: siblings with
one call · `unseen_mass`: calls that are a sibling's only one, Good and Turing's estimate of the share of later calls that go to
children not seen yet (Good 1953) · `methods`: with which paths end here · `method_agreement`: siblings with the same ones ·
`method_split`: see `_compare_methods` · `main_method_share`: calls by the most common method.
"""


ARRIVALS = ("vocabulary", "visits")
"""`vocabulary`: log of the number of children that the node has in all, seen or not, by Chao's lower bound from those with one
and with two calls (Chao 1984, bias-corrected) · `visits`: see `_most_visits`."""


@dataclass(frozen=True, slots=True)
class PathEvidence:
    """Calls, clients and days of each path.

    `clients`: distinct clients · `first_day`, `last_day`: days since 1970 · `calls`: client-days by method, paths x `METHODS`.
    """

    clients: Integers
    first_day: Integers
    last_day: Integers
    calls: Integers


def read_evidence(rows: pa.Table) -> PathEvidence:
    """Reads the columns `clients, first_day, last_day, calls` of a table of paths."""
    calls = pc.list_flatten(rows.column("calls").combine_chunks()).to_numpy(zero_copy_only=False)
    clients, first_day, last_day = (_integers(rows, name) for name in ("clients", "first_day", "last_day"))
    by_method = np.asarray(calls, np.int64).reshape(-1, len(METHODS))
    return PathEvidence(clients, first_day, last_day, by_method)


def _integers(rows: pa.Table, name: str) -> Integers:
    """Returns a column of whole numbers, or of days since 1970."""
    column = rows.column(name).combine_chunks()
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return np.asarray(whole.to_numpy(zero_copy_only=False), np.int64)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sums over the children of each node, given back to each child."""

    node: Integers
    nodes: int

    def total(self, values: npt.NDArray[np.generic]) -> Numbers:
        return np.asarray(np.bincount(self.node, values, self.nodes)[self.node], np.float64)


def count_calls(
    forest: Forest,
    seen: PathEvidence,
    of_row: Integers,
    node: Integers,
    host: Integers,
    is_end: npt.NDArray[np.bool_],
) -> dict[str, Numbers]:
    """Counts `CALL_FEATURES` of each child; NaN where one is undefined.

    Args:
        forest: Paths of hosts.
        seen: What was seen of each path.
        of_row: The child of each row of the forest.
        node: The node of each child.
        host: The host of each node.
        is_end: Whether each row is the last step of its path.
    """
    children, groups = len(node), _Groups(node, int(node.max(initial=-1)) + 1)
    calls = np.bincount(of_row, seen.calls.sum(axis=1)[forest.path], children)
    size, whole = groups.total(np.ones(children)), groups.total(calls)
    once = groups.total(calls <= 1)
    return {
        "mean_calls": np.log(whole / size),
        "own_calls": np.log(calls * size / whole),
        "singleton_share": once / size,
        "unseen_mass": once / whole,
        "vocabulary": np.log(size + once * (once - 1) / (2 * (groups.total(calls == 2) + 1))),
        "visits": _most_visits(forest, seen, host)[node],
        **_compare_methods(seen.calls[forest.path[is_end]], of_row[is_end], groups),
    }


def _most_visits(forest: Forest, seen: PathEvidence, host: Integers) -> Numbers:
    """Returns the most calls of one path by one method at each node's host.

    The host was seen on as many client-days or more.
    """
    most = np.zeros(len(forest.hosts))
    np.maximum.at(most, forest.host, seen.calls.max(axis=1, initial=0).astype(np.float64))
    return np.asarray(most[host])


def _compare_methods(calls: Integers, child: Integers, groups: _Groups) -> dict[str, Numbers]:
    """Compares the methods of paths that end at the children of a node.

    `method_split` is Wright's fixation index of the methods: 1 if each child has a method of its own, 0 if all children are
    called by the same mix of methods; NaN if there is one method, or no child was called twice.
    """
    children = len(groups.node)
    by_method = np.stack([np.bincount(child, column, children) for column in calls.T], axis=1)
    own = by_method.sum(axis=1)
    ends = own > 0
    code = ((by_method > 0) * (1 << np.arange(by_method.shape[1]))).sum(axis=1)
    _, kind, alike = np.unique(groups.node * 64 + code, return_inverse=True, return_counts=True)
    ending = groups.total(ends)
    of_node = np.stack([groups.total(column) for column in by_method.T], axis=1)
    whole = of_node.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = groups.total(own * (own - 1))
        within = groups.total((by_method * (by_method - 1)).sum(axis=1)) / pairs
        among = (of_node * (of_node - 1)).sum(axis=1) / (whole * (whole - 1))
        split = np.where((pairs > 0) & (among < 1), (within - among) / (1 - among), np.nan)
        return {
            "methods": np.where(ends, (by_method > 0).sum(axis=1), np.nan).astype(np.float64),
            "method_agreement": np.where(ends & (ending > 1), (alike[kind] - 1) / (ending - 1), np.nan),
            "method_split": split,
            "main_method_share": np.where(whole > 0, of_node.max(axis=1) / whole, np.nan),
        }
