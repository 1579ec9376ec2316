"""Endings of variables: `.json` in `{id}.json`, `:cancel` in `{id}:cancel`.

Value layer, numpy. The last segment is cut before an extension and before a word behind a colon (`forest.split_steps`), but names
have such endings, too: `image:latest`, `urn:kind:name`, `vue.js`. An ending of an endpoint repeats over many values; what
belongs to the values does not. Whether it does is counted per node, and words behind a colon are merged by one rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.http.methods import METHODS
from pipelines.paths.children import Children
from pipelines.paths.forest import Flags, Forest, Integers, Numbers
from pipelines.paths.step_texts import StepTexts

MOST_METHODS = 30
"""Custom methods of one resource, at most: the largest node of literals has 31 in the quantile .97 of 271 public documents."""
LEAST_BARE = 0.2
"""Share of an ending's values that occur without it, from which it can be a method: what is done to a thing is not a part of its
name, so the thing is also read, changed or listed under its name. Tags and kinds are part of the name and never missing."""


@dataclass(frozen=True, slots=True)
class Endings:
    """Facts about each child that is an ending after a variable.

    `values`: distinct values with it · `bare_share`: share of these that occur without it or with more of the path ·
    `is_posted`: only by POST · `of_kind`: distinct endings of its kind at its node.
    """

    values: Integers
    bare_share: Numbers
    is_posted: Flags
    has_form: Flags
    of_kind: Integers


def count_endings(forest: Forest, texts: StepTexts, calls: Integers, children: Children) -> Endings:
    """Counts the endings among children; the figures of other children mean nothing.

    Args:
        forest: Paths of hosts.
        texts: Properties of the steps in its vocabulary.
        calls: Calls of each path by method, paths x `METHODS`.
        children: Children of the final prefixes.
    """
    rows = np.flatnonzero(texts.is_ending[forest.step] & (forest.depth > 0))
    follows = np.zeros(len(forest.path), bool)
    follows[rows - 1] = True
    values = children.of_row * len(forest.vocabulary) + forest.step
    bare = np.unique(values[~follows])
    child, value = children.of_row[rows], values[rows - 1]
    pairs = np.unique(np.stack([child, value], axis=1), axis=0)
    count = children.count
    number = np.bincount(pairs[:, 0], minlength=count)
    without = np.bincount(pairs[:, 0], np.isin(pairs[:, 1], bare), count)
    posts = np.bincount(child, calls[forest.path[rows], METHODS.index("POST")], count)
    kind = children.node * 2 + texts.is_method[children.step]
    kinds = int(kind.max(initial=0)) + 1
    is_ending = texts.is_ending[children.step]
    return Endings(
        number,
        without / np.maximum(number, 1),
        posts == np.bincount(child, calls[forest.path[rows]].sum(axis=1), count),
        np.bincount(child, forest.step[rows - 1] == forest.variable, count) > 0,
        np.bincount(kind[is_ending], minlength=kinds)[kind],
    )


def is_own_ending(endings: Endings, is_method: Flags, values: Integers, has_form: Flags) -> Flags:
    """Whether an ending is part of the template rather than of the variable's values.

    An extension is if at least two values, and at least half of the variable's, have it. A custom method is if it repeats over
    values that also occur without it, or that are only posted to; of identifiers by format, which are one value here, if
    there are no more than `MOST_METHODS`.

    Args:
        endings: Figures of each child.
        is_method: Whether each child is a custom method.
        values: Number of values of the variable before each child.
        has_form: Whether some of these are identifiers by their format.
    """
    extension = has_form | ((endings.values >= 2) & (endings.values * 2 >= values))
    acts = (endings.bare_share >= LEAST_BARE) | endings.is_posted
    method = (endings.of_kind <= MOST_METHODS) & (endings.has_form | ((endings.values >= 2) & acts))
    return np.where(is_method, method, extension)
