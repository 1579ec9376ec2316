"""Rules + a path → its template: a walk from the root, one step after the other. Value layer, plain Python.

What was learned from holds for all traffic: a path that inference never saw, or left out of a crowded node, is matched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from pipelines.http.segment_formats import ROOT, VARIABLE_STEP
from pipelines.paths.forest import guess_steps, split_steps
from pipelines.paths.rules import LITERAL, MERGED_INTO_VARIABLE, VARIABLE

Steps = dict[str, str]
Node = tuple[Steps, str | None, bool]
"""What is decided of the steps at a node, of every other one, and whether that may be a word."""
Trees = dict[str, dict[str, Node]]
"""Host → prefix → node."""

_MAY_BE_A_VALUE = re.compile("[0-9{]")
_UNKNOWN: Node = ({}, None, False)


def build_trees(rules: pa.Table) -> Trees:
    """Rows of path_rules as something to walk in."""
    trees: Trees = {}
    names = ("host", "prefix", "step", "decision", "takes_words")
    for host, prefix, step, decision, takes_words in zip(
        *(rules.column(name).to_pylist() for name in names), strict=True
    ):
        tree = trees.setdefault(host, {})
        node = tree.get(prefix) or ({}, None, False)
        if step == VARIABLE_STEP:
            tree[prefix] = (node[0], decision, takes_words)
        else:
            node[0][step] = decision
            tree[prefix] = node
    return trees


def resolve_path(tree: dict[str, Node], path: str) -> tuple[str, bool]:
    """The masked path with `{}` for its variables, and whether it follows the rules of its host to the end.

    From the first step on of which no rule says anything, forms alone decide, and it does not follow them: also where a
    variable of which only numbers and codes are known meets a word. What does not begin with `/` (`*`) stays.
    """
    if not path.startswith("/"):
        return path, False
    prefix, follows = ROOT, True
    cut = split_steps(path)
    for number, step in enumerate(cut):
        of_step, every, takes_words = tree.get(prefix, _UNKNOWN)
        decision = of_step.get(step)
        if decision == LITERAL:
            prefix += step
        elif decision == MERGED_INTO_VARIABLE:
            pass
        elif every == VARIABLE and step.startswith("/"):
            prefix += VARIABLE_STEP
            follows = follows and _is_known(decision, takes_words, step)
        elif every == LITERAL and step.startswith("/"):  # never template: an operator's
            prefix += step
            follows = follows and _is_known(decision, takes_words, step)
        else:
            return prefix + "".join(guess_steps(path)[number : number + len(cut)]), False
    return prefix, follows


def _is_known(decision: str | None, takes_words: bool, step: str) -> bool:
    """Whether a rule for every other step speaks of such a one."""
    return decision is not None or takes_words or _MAY_BE_A_VALUE.search(step) is not None


def resolve_paths(trees: Trees, hosts: Iterable[str], paths: Iterable[str]) -> tuple[list[str], list[bool]]:
    """Walks of many paths, each in the tree of its host."""
    found = [resolve_path(trees.get(host, {}), path) for host, path in zip(hosts, paths, strict=True)]
    return [resolved for resolved, _ in found], [follows for _, follows in found]
