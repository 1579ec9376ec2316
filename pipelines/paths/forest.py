"""A masked path → its steps, of one value: what `steps.steps` and `steps.typed_steps` do with columns. Value layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.http.segment_formats import ROOT, SUFFIX_START, TYPED_SEGMENT, VARIABLE_STEP, compile_pattern

_PART, _TYPED = compile_pattern(SUFFIX_START), compile_pattern(TYPED_SEGMENT)


def split_steps(path: str) -> list[str]:
    """`/users/7.json` → `/users`, `/7`, `.json`: their texts, joined, are the path."""
    first, *segments = path.split("/")
    cut = [first] if first or not segments else []
    cut += ["/" + segment for segment in segments]
    last = cut[-1]
    if "." in last or ":" in last:
        found = _PART.search(last)
        if found is not None:
            cut[-1:] = [last[: found.start()], last[found.start() :]]
    return cut


def guess_steps(path: str) -> list[str]:
    """The first guess: the steps, with `/{}` for what has the form of an identifier and is no version."""
    return split_steps(_TYPED.sub(VARIABLE_STEP, path))


Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forest:
    """Distinct paths of hosts; rows are their steps, in the order of hosts, paths and depths.

    `vocabulary`: the texts of steps, sorted · `hosts`: sorted · `host`: of each path · `path`, `depth`, `step`: of each row ·
    `written`: how each row's step is written otherwise, by the name of the writing · `variable`: the number of `/{}`.
    """

    vocabulary: list[str]
    hosts: list[str]
    host: Integers
    path: Integers
    depth: Integers
    step: Integers
    written: dict[str, Integers]
    variable: int


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a writing: `of_row` is the node before each row's step; `host`, `parent` and `last` step of each node.

    The first nodes are the hosts' roots, in their order, without a parent (-1).
    """

    of_row: Integers
    host: Integers
    parent: Integers
    last: Integers


@dataclass(frozen=True, slots=True)
class Rests:
    """What follows each row in a writing: its number (0: nothing), and whether it holds a literal."""

    of_row: Integers
    is_literal: Flags


def build_forest(evidence: pa.Table, writings: Sequence[str]) -> Forest:
    """Numbers the paths of a table of `host, path_shape, steps` and `writings` (steps written otherwise).

    Args:
        evidence: Rows sorted as `sort_evidence` does, so that no sum of floats depends on where rows came from.
        writings: Names of columns.
    """
    lists = [evidence.column(name).combine_chunks() for name in ("steps", *writings)]
    texts = [*map(pc.list_flatten, lists), pa.array([VARIABLE_STEP], pa.string())]
    vocabulary, codes = _sorted_codes(pa.chunked_array(texts).combine_chunks())
    hosts, host = _sorted_codes(evidence.column("host").combine_chunks())
    lengths, *others = (pc.list_value_length(each).to_numpy().astype(np.int64) for each in lists)
    step, *parts = np.split(codes, np.cumsum([len(text) for text in texts])[:-1])[:-1]
    written = {
        name: _fitted(step, lengths, part, length)
        for name, part, length in zip(writings, parts, others, strict=True)
    }
    path = np.repeat(np.arange(len(lengths)), lengths)
    depth = np.arange(len(step)) - (np.cumsum(lengths) - lengths)[path]
    return Forest(vocabulary, hosts, host, path, depth, step, written, int(codes[-1]))


def _fitted(step: Integers, lengths: Integers, written: Integers, others: Integers) -> Integers:
    """A writing, a row a step. A form may take a part with it (a step less): such a path is written as it was seen."""
    fitting, whole = lengths == others, step.copy()
    whole[np.repeat(fitting, lengths)] = written[np.repeat(fitting, others)]
    return whole


def with_steps(paths: pa.Table) -> pa.Table:
    """`path_shape, ...` → the same plus `steps`, and `guess`: the steps by their forms alone."""
    shapes = paths.column("path_shape").to_pylist()
    for name, cut in (("steps", split_steps), ("guess", guess_steps)):
        paths = paths.append_column(name, pa.array(map(cut, shapes), pa.list_(pa.string())))
    return paths


def sort_evidence(evidence: pa.Table) -> pa.Table:
    """The rows in one order, however they were partitioned."""
    return evidence.sort_by([("host", "ascending"), ("path_shape", "ascending")])


def _sorted_codes(texts: pa.Array) -> tuple[list[str], Integers]:
    """Distinct texts, sorted, and the place of each text among them."""
    encoded = texts.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return encoded.dictionary.take(pa.array(order)).to_pylist(), rank[encoded.indices.to_numpy()]


def find_nodes(forest: Forest, written: Integers) -> Nodes:
    """The node before each step, where paths are written by `written`: one number a (host, prefix)."""
    of_row = np.empty(len(forest.path), np.int64)
    roots = len(forest.hosts)
    hosts, parents, lasts = [np.arange(roots)], [np.full(roots, -1)], [np.full(roots, -1)]
    size, width = roots, len(forest.vocabulary)
    for level in range(int(forest.depth.max(initial=-1)) + 1):
        rows = np.flatnonzero(forest.depth == level)
        if level == 0:
            of_row[rows] = forest.host[forest.path[rows]]
            continue
        keys, which = np.unique(of_row[rows - 1] * width + written[rows - 1], return_inverse=True)
        of_row[rows] = size + which
        parents.append(keys // width)
        lasts.append(keys % width)
        hosts.append(np.concatenate(hosts)[parents[-1]])
        size += len(keys)
    return Nodes(of_row, np.concatenate(hosts), np.concatenate(parents), np.concatenate(lasts))


def find_rests(forest: Forest, written: Integers) -> Rests:
    """What follows each step, where paths are written by `written`: one number a sequence of steps."""
    of_row = np.zeros(len(forest.path), np.int64)
    ends = np.append(forest.path[1:] != forest.path[:-1], True)
    last = np.flatnonzero(ends)[forest.path]  # every path has a row: `/` is a step
    height = last - np.arange(len(last))
    width, literal = len(forest.vocabulary), np.zeros(1, bool)
    for level in range(1, int(height.max(initial=0)) + 1):
        rows = np.flatnonzero(height == level)
        keys, which = np.unique(of_row[rows + 1] * width + written[rows + 1], return_inverse=True)
        of_row[rows] = len(literal) + which
        literal = np.append(literal, (keys % width != forest.variable) | literal[keys // width])
    return Rests(of_row, literal)


def list_prefixes(forest: Forest, nodes: Nodes) -> list[str]:
    """The text of each node's prefix."""
    texts = [ROOT] * len(forest.hosts)
    later = slice(len(forest.hosts), None)
    for parent, last in zip(nodes.parent[later].tolist(), nodes.last[later].tolist(), strict=True):
        texts.append(texts[parent] + forest.vocabulary[last])
    return texts
