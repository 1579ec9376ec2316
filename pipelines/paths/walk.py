"""Resolves paths by the rules of their host: a walk from the root, step by step.

Value layer, plain Python. Rules hold for all traffic: a path that inference never saw, or that it left out of a crowded node, is
matched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from pipelines.http.segment_formats import ROOT, VARIABLE_STEP
from pipelines.paths.forest import guess_steps, split_steps
from pipelines.paths.rules import ANY_METHOD, LITERAL, MERGED_INTO_VARIABLE, VARIABLE

Steps = dict[str, str]
Node = tuple[Steps, str | None, bool]
"""Decisions on single steps at a node, the decision on every other step, and whether that may be a word."""
Trees = dict[str, dict[str, Node]]
"""Host → prefix → node."""

_MAY_BE_A_VALUE = re.compile("[0-9{]")
_UNKNOWN: Node = ({}, None, False)


def build_trees(rules: pa.Table) -> Trees:
    """Builds the trees of all hosts from rows of path_rules."""
    trees: Trees = {}
    names = ("host", "prefix", "step", "decision", "allows_words")
    for host, prefix, step, decision, allows_words in zip(
        *(rules.column(name).to_pylist() for name in names), strict=True
    ):
        tree = trees.setdefault(host, {})
        node = tree.get(prefix) or ({}, None, False)
        if step == VARIABLE_STEP:
            tree[prefix] = (node[0], decision, allows_words)
        else:
            node[0][step] = decision
            tree[prefix] = node
    return trees


def resolve_path(tree: dict[str, Node], path: str) -> tuple[str, bool]:
    """Resolves a masked path by the rules of its host.

    From the first step that no rule covers, formats alone decide, and the path does not match the rules; the same holds where a
    word stands in the place of a variable whose known values are numbers and codes only. A path that does not begin with `/`
    (such as `*`) is returned as it is.

    Returns:
        The path with `{}` for its variables, and whether the rules cover it to the end.
    """
    if not path.startswith("/"):
        return path, False
    prefix, follows = ROOT, True
    cut = split_steps(path)
    for number, step in enumerate(cut):
        of_step, every, allows_words = tree.get(prefix, _UNKNOWN)
        decision = of_step.get(step)
        if decision is None and step.startswith(ANY_METHOD):
            decision = of_step.get(ANY_METHOD)
        if decision is None and step.startswith(".") and _has_merged_extension(of_step):
            # An extension never seen has fewer values than those that belong to the variable; inference looks at it again.
            decision, follows = MERGED_INTO_VARIABLE, False
        if decision == LITERAL:
            prefix += step
        elif decision == MERGED_INTO_VARIABLE:
            pass
        elif every == VARIABLE and step.startswith("/"):
            prefix += VARIABLE_STEP
            follows = follows and _is_covered(decision, allows_words, step)
        elif every == LITERAL and step.startswith("/"):  # never_template of an operator
            prefix += step
            follows = follows and _is_covered(decision, allows_words, step)
        else:
            return prefix + "".join(guess_steps(path)[number : number + len(cut)]), False
    return prefix, follows


def _has_merged_extension(of_step: Steps) -> bool:
    """Whether an extension belongs to the variable before it."""
    return any(
        decision == MERGED_INTO_VARIABLE and step.startswith(".") for step, decision in of_step.items()
    )


def _is_covered(decision: str | None, allows_words: bool, step: str) -> bool:
    """Whether a rule for every other step covers this one."""
    return decision is not None or allows_words or _MAY_BE_A_VALUE.search(step) is not None


def resolve_paths(trees: Trees, hosts: Iterable[str], paths: Iterable[str]) -> tuple[list[str], list[bool]]:
    """Resolves many paths, each by the rules of its host."""
    walks = [resolve_path(trees.get(host, {}), path) for host, path in zip(hosts, paths, strict=True)]
    return [resolved for resolved, _ in walks], [follows for _, follows in walks]
