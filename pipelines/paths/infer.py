"""Infers rows of path_rules from the paths of hosts.

Value layer. There is one row per literal, one for all variables of a node, and one per ending of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.paths.children import Children, ChildStatistics, count_children, count_distinct, find_children
from pipelines.paths.decide import REASON_KEYS, ChildDecisions, decide_children, describe_reason
from pipelines.paths.forest import (
    Forest,
    Integers,
    Numbers,
    build_forest,
    find_nodes,
    list_prefixes,
    sort_evidence,
    with_steps,
)
from pipelines.paths.rules import (
    INFERRED,
    KEPT_FROM_PUBLICATION,
    LITERAL,
    MERGED_INTO_VARIABLE,
    OPERATOR,
    VARIABLE,
    index_rules,
    look_up_decisions,
)
from pipelines.paths.step_texts import StepTexts, describe_texts
from pipelines.runtime.settings_sections import PathSettings

RULE_ROWS = pa.schema(
    [
        *((name, pa.string()) for name in ("host", "prefix", "step", "decision", "origin")),
        ("probability", pa.float64()),
        *((name, pa.int64()) for name in ("children", "siblings", "paths", "clients")),
        ("overlap", pa.float64()),
        ("allows_words", pa.bool_()),
        ("reason", pa.string()),
        *((name, pa.date32()) for name in ("first_day", "last_day")),
    ]
)
"""The columns of table path_rules."""
_DECISIONS = (LITERAL, VARIABLE, MERGED_INTO_VARIABLE)
_LITERAL, _VARIABLE, _MERGED_INTO_VARIABLE = range(len(_DECISIONS))


@dataclass(frozen=True, slots=True)
class PathEvidence:
    """Clients that requested each path, its first and its last day (days since 1970)."""

    clients: Integers
    first_day: Integers
    last_day: Integers


Columns = dict[str, npt.NDArray[Any]]
"""Columns of rules by their names in path_rules; `node`, `step` and `why` are numbers, an unknown overlap is NaN."""


def build_rule_rows(
    forest: Forest,
    texts: StepTexts,
    seen: PathEvidence,
    counted: ChildStatistics,
    decided: ChildDecisions,
    probability: Numbers,
) -> pa.Table:
    """Returns the decisions of the last pass as rows of path_rules."""
    of_row = counted.children.of_row
    steps = np.where(decided.is_variable[of_row], forest.variable, forest.step)
    # prefixes as the last pass decided them, which may differ from those it read
    children = find_children(forest, steps)
    each = _merge_variants(forest, seen, children, counted, decided, probability)
    variables = _variables(each, texts)
    literals = _literals(each, variables, texts, children)
    rules = {name: np.concatenate([literals[name], variables[name]]) for name in variables}
    return _table(rules, forest, children)


def _merge_variants(
    forest: Forest,
    seen: PathEvidence,
    children: Children,
    counted: ChildStatistics,
    decided: ChildDecisions,
    probability: Numbers,
) -> Columns:
    """Returns one row per child.

    Two variants of one prefix may have been decided differently: then the decision for most paths holds.
    """
    child, before, count = children.of_row, counted.children.of_row, children.count
    paths = np.bincount(child, minlength=count)
    path = forest.path

    def most(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return _extreme(np.maximum, values, child, count)

    return {
        "node": children.node,
        "step": children.step,
        "is_variable": np.bincount(child, decided.is_variable[before], count) / paths > 0.5,
        "why": _mode(decided.why[before], child, count),
        "probability": np.bincount(child, probability[before], count) / paths,
        "siblings": most(counted.column("siblings")[before].astype(np.int64)),
        "overlap": most(counted.column("overlap")[before].astype(np.float64)),
        "paths": paths,
        "places": count_distinct(child, find_nodes(forest, forest.step).of_row, count).astype(np.int64),
        "clients": most(seen.clients[path]),
        "first_day": _extreme(np.minimum, seen.first_day[path], child, count),
        "last_day": most(seen.last_day[path]),
    }


def _variables(each: Columns, texts: StepTexts) -> Columns:
    """Returns one row per node, for all of its variable children."""
    chosen = {name: column[each["is_variable"]] for name, column in each.items()}
    node, group = np.unique(chosen["node"], return_inverse=True)
    count, step = len(node), chosen["step"]
    by_format = step == texts.variable

    def most(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return _extreme(np.maximum, values, group, count)

    size = np.bincount(group, minlength=count)
    overlap = most(chosen["overlap"])
    return {
        "node": node,
        "step": np.full(count, texts.variable),
        "decision": np.full(count, _VARIABLE),
        "why": _mode(chosen["why"], group, count),
        "probability": np.bincount(group, np.where(by_format, 1.0, chosen["probability"]), count) / size,
        "children": size,
        "siblings": most(chosen["siblings"]),
        "paths": np.bincount(group, chosen["paths"], count).astype(np.int64),
        "clients": most(chosen["clients"]),
        "overlap": np.where(overlap >= 0, overlap, np.nan),
        "allows_words": most(~by_format & ~texts.has_digits[step]),
        "has_form": most(by_format),
        "first_day": _extreme(np.minimum, chosen["first_day"], group, count),
        "last_day": most(chosen["last_day"]),
    }


def _literals(each: Columns, variables: Columns, texts: StepTexts, children: Children) -> Columns:
    """Returns one row per child that is not a variable.

    An ending after a variable belongs to the template if at least two values, and at least half of them, have it; otherwise it is
    merged into the variable.
    """
    chosen = {name: column[~each["is_variable"]] for name, column in each.items()}
    count, nodes = len(chosen["node"]), children.nodes
    stems, have_form = np.zeros(len(nodes.host), np.int64), np.zeros(len(nodes.host), bool)
    stems[variables["node"]], have_form[variables["node"]] = variables["children"], variables["has_form"]
    after_variable = nodes.last[chosen["node"]] == texts.variable
    parent = nodes.parent[chosen["node"]]
    common = have_form[parent] | ((chosen["places"] >= 2) & (chosen["places"] * 2 >= stems[parent]))
    is_merged = texts.is_ending[chosen["step"]] & after_variable & (stems[parent] > 0) & ~common
    kept = ("node", "step", "probability", "siblings", "paths", "clients", "first_day", "last_day")
    return {name: chosen[name] for name in kept} | {
        "decision": np.where(is_merged, _MERGED_INTO_VARIABLE, _LITERAL),
        "why": np.where(is_merged, REASON_KEYS.index("ending of few"), chosen["why"]),
        "children": np.ones(count, np.int64),
        "overlap": np.where(chosen["overlap"] >= 0, chosen["overlap"], np.nan),
        "allows_words": np.zeros(count, bool),
        "has_form": np.zeros(count, bool),
    }


def _table(rules: Columns, forest: Forest, children: Children) -> pa.Table:
    of_node = list_prefixes(forest, children.nodes)
    nodes = rules["node"].tolist()
    whys = [REASON_KEYS[why] for why in rules["why"].tolist()]
    figures = ("probability", "children", "siblings", "overlap")
    reasons = list(map(describe_reason, whys, *(rules[name].tolist() for name in figures)))
    overlap = rules["overlap"]
    made = {
        "host": [forest.hosts[host] for host in children.nodes.host[nodes].tolist()],
        "prefix": [of_node[node] for node in nodes],
        "step": [forest.vocabulary[step] for step in rules["step"].tolist()],
        "decision": [_DECISIONS[decision] for decision in rules["decision"].tolist()],
        "origin": list(map(_origin, whys)),
        "overlap": pa.array(overlap, pa.float64(), mask=np.isnan(overlap)),
        "reason": reasons,
        **{day: pa.array(rules[day].astype(np.int32)).cast(pa.date32()) for day in ("first_day", "last_day")},
    }
    return pa.Table.from_arrays(
        [pa.array(made.get(field.name, rules.get(field.name)), field.type) for field in RULE_ROWS],
        schema=RULE_ROWS,
    )


def _origin(why: str) -> str:
    if why == "operator":
        return OPERATOR
    return KEPT_FROM_PUBLICATION if why.startswith("published") else INFERRED


def _mode(values: Integers, group: Integers, groups: int) -> Integers:
    """Returns the most common value of each group, of equally common ones the first.

    Args:
        values: Numbers of reasons.
        group: The group of each value.
        groups: Number of groups.
    """
    counts = np.bincount(group * len(REASON_KEYS) + values, minlength=groups * len(REASON_KEYS))
    return np.asarray(counts.reshape(groups, len(REASON_KEYS)).argmax(axis=1), np.int64)


def _extreme(which: np.ufunc, values: npt.NDArray[Any], group: Integers, groups: int) -> npt.NDArray[Any]:
    """Returns the smallest or the greatest value of each group.

    Args:
        which: np.minimum or np.maximum.
        values: Values.
        group: The group of each value; no group is empty.
        groups: Number of groups.
    """
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(groups))
    return np.asarray(which.reduceat(values[order], starts) if groups else values[:0])


Scorer = Callable[[Sequence[str], Sequence[str], npt.NDArray[np.float32]], npt.NDArray[np.floating]]
"""Steps, the prefixes before them and their `children.CONTEXT` (one row per step) → probability of being a variable."""


def infer_rules(
    evidence: pa.Table, binding_rules: pa.Table | None, settings: PathSettings, score: Scorer
) -> pa.Table:
    """Infers the rules of all hosts of the evidence.

    Args:
        evidence: `host, path_shape, clients, first_day, last_day`, one row per distinct path.
        binding_rules: Rows of path_rules, published ones and operators', which win over the classifier; None for none.
        settings: Section `paths`.
        score: The classifier.

    Returns:
        Rows of path_rules.
    """
    if not evidence.num_rows:
        return RULE_ROWS.empty_table()
    rows = with_steps(sort_evidence(evidence))
    forest, rules_by_node = build_forest(rows, ["guess"]), index_rules(binding_rules)
    texts = describe_texts(forest.vocabulary)
    seen = PathEvidence(_numbers(rows, "clients"), _numbers(rows, "first_day"), _numbers(rows, "last_day"))
    guess = forest.variants["guess"]
    for number in range(settings.passes):
        own = guess == forest.variable if number else None
        counted = count_children(forest, texts, guess, guess, own)
        probability = score(counted.step, counted.prefix, counted.context)
        binding = look_up_decisions(rules_by_node, forest, counted, texts, seen.first_day)
        decided = decide_children(counted, texts, probability, binding, settings)
        before, guess = (
            guess,
            np.where(decided.is_variable[counted.children.of_row], forest.variable, forest.step),
        )
        if number and np.array_equal(guess, before):
            break
    return build_rule_rows(forest, texts, seen, counted, decided, probability.astype(np.float64))


def _numbers(rows: pa.Table, name: str) -> Integers:
    """Returns a column of whole numbers, or of days since 1970."""
    column = rows.column(name).combine_chunks()
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return np.asarray(whole.to_numpy(zero_copy_only=False), np.int64)
