"""Steps of masked paths, and the trees that the paths of hosts form.

Value layer. `split_steps` and `guess_steps` do for one value what those of `pipelines.paths.spark.steps` do for columns.
"""

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
    """Splits a masked path into steps: `/users/7.json` → `/users`, `/7`, `.json`.

    The steps, joined, are the path.
    """
    first, *segments = path.split("/")
    cut = [first] if first or not segments else []
    cut += ["/" + segment for segment in segments]
    last = cut[-1]
    if "." in last or ":" in last:
        part = _PART.search(last)
        if part is not None:
            cut[-1:] = [last[: part.start()], last[part.start() :]]
    return cut


def guess_steps(path: str) -> list[str]:
    """Splits a path into steps, with `/{}` for identifiers that are not versions.

    This is the first guess, from the format of each segment alone.
    """
    return split_steps(_TYPED.sub(VARIABLE_STEP, path))


Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forest:
    """Distinct paths of hosts, with one row per step.

    Rows are in the order of hosts, paths and depths.

    `vocabulary`: the texts of steps, sorted · `hosts`: sorted · `host`: of each path · `path`, `depth`, `step`: of each row ·
    `variants`: each row's step in other variants of the paths, by the name of the variant · `variable`: the number of `/{}`.
    """

    vocabulary: list[str]
    hosts: list[str]
    host: Integers
    path: Integers
    depth: Integers
    step: Integers
    variants: dict[str, Integers]
    variable: int


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of one variant of the paths.

    `of_row`: the node before each row's step · `host`, `parent` and `last` step of each node. The first nodes are the hosts'
    roots, in their order, without a parent (-1).
    """

    of_row: Integers
    host: Integers
    parent: Integers
    last: Integers


@dataclass(frozen=True, slots=True)
class Rests:
    """Rests of the paths after each row, in one variant of the paths.

    `of_row`: the number of the rest, 0 if there is none · `is_literal`: whether each rest holds a literal.
    """

    of_row: Integers
    is_literal: Flags


def build_forest(evidence: pa.Table, variants: Sequence[str]) -> Forest:
    """Builds the trees of hosts from a table of their paths.

    Args:
        evidence: `host, path_shape, steps` and the columns `variants` (lists of steps), sorted as `sort_evidence` does, so
            that no sum of floats depends on where rows came from.
        variants: Names of columns that hold other variants of the steps.
    """
    lists = [evidence.column(name).combine_chunks() for name in ("steps", *variants)]
    texts = [*map(pc.list_flatten, lists), pa.array([VARIABLE_STEP], pa.string())]
    vocabulary, codes = _sorted_codes(pa.chunked_array(texts).combine_chunks())
    hosts, host = _sorted_codes(evidence.column("host").combine_chunks())
    lengths, *others = (pc.list_value_length(each).to_numpy().astype(np.int64) for each in lists)
    step, *parts = np.split(codes, np.cumsum([len(text) for text in texts])[:-1])[:-1]
    fitted = {
        name: _fitted(step, lengths, part, length)
        for name, part, length in zip(variants, parts, others, strict=True)
    }
    path = np.repeat(np.arange(len(lengths)), lengths)
    depth = np.arange(len(step)) - (np.cumsum(lengths) - lengths)[path]
    return Forest(vocabulary, hosts, host, path, depth, step, fitted, int(codes[-1]))


def _fitted(step: Integers, lengths: Integers, written: Integers, others: Integers) -> Integers:
    """Returns a variant with one row per step.

    A format may swallow a part of a segment, so that the variant is a step shorter: such a path stays as it was seen.
    """
    fitting, whole = lengths == others, step.copy()
    whole[np.repeat(fitting, lengths)] = written[np.repeat(fitting, others)]
    return whole


def with_steps(paths: pa.Table) -> pa.Table:
    """Adds `steps` and `guess` (steps by format alone) to rows with `path_shape`."""
    shapes = paths.column("path_shape").to_pylist()
    for name, cut in (("steps", split_steps), ("guess", guess_steps)):
        paths = paths.append_column(name, pa.array(map(cut, shapes), pa.list_(pa.string())))
    return paths


def sort_evidence(evidence: pa.Table) -> pa.Table:
    """Sorts the rows, so that results do not depend on how they were partitioned."""
    return evidence.sort_by([("host", "ascending"), ("path_shape", "ascending")])


def _sorted_codes(texts: pa.Array) -> tuple[list[str], Integers]:
    """Returns the distinct texts, sorted, and the place of each text among them."""
    encoded = texts.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return encoded.dictionary.take(pa.array(order)).to_pylist(), rank[encoded.indices.to_numpy()]


def find_nodes(forest: Forest, written: Integers) -> Nodes:
    """Returns the node before each step: one number per (host, prefix).

    Args:
        forest: Paths of hosts.
        written: The variant that prefixes are written in: the step of each row.
    """
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
    """Returns the rest after each step: one number per sequence of steps.

    Args:
        forest: Paths of hosts.
        written: The variant that rests are written in: the step of each row.
    """
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
    """Returns the text of each node's prefix."""
    texts = [ROOT] * len(forest.hosts)
    later = slice(len(forest.hosts), None)
    for parent, last in zip(nodes.parent[later].tolist(), nodes.last[later].tolist(), strict=True):
        texts.append(texts[parent] + forest.vocabulary[last])
    return texts
