"""Infers rows of path_rules from the paths of hosts.

Value layer. There is one row per literal, one for all variables of a node, and one per ending of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.paths.arrivals import weigh_arrivals
from pipelines.paths.calls import PathEvidence, read_evidence
from pipelines.paths.children import Children, ChildStatistics, count_children, find_children
from pipelines.paths.decide import (
    REASON_KEYS,
    ChildDecisions,
    decide_children,
    describe_reason,
    settle_probability,
)
from pipelines.paths.endings import Endings, count_endings, is_own_ending
from pipelines.paths.forest import (
    Forest,
    Integers,
    Numbers,
    build_forest,
    list_prefixes,
    sort_evidence,
    with_steps,
)
from pipelines.paths.rules import (
    ANY_METHOD,
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
_ANY_METHOD = -1
"""Stands for `ANY_METHOD` in place of the number of a step."""


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
    is_merged = _find_merged(
        each, variables, texts, children, count_endings(forest, texts, seen.calls, children)
    )
    methods = is_merged & texts.is_method[each["step"]]
    literals = _literals(each, ~each["is_variable"] & ~methods, is_merged)
    merged = _merged_methods(each, methods)
    rules = {name: np.concatenate([literals[name], merged[name], variables[name]]) for name in merged}
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
    paths, of_node = np.bincount(child, minlength=count), np.bincount(children.node)
    path = forest.path

    def most(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return _extreme(np.maximum, values, child, count)

    return {
        "node": children.node,
        "step": children.step,
        "is_variable": np.bincount(child, decided.is_variable[before], count) / paths > 0.5,
        "why": _mode(decided.why[before], child, count),
        "probability": np.bincount(child, probability[before], count) / paths,
        # prefixes that were two nodes when children were counted may be one now, which has more
        "siblings": np.maximum(
            most(counted.column("siblings")[before].astype(np.int64)), of_node[children.node]
        ),
        "overlap": most(counted.column("overlap")[before].astype(np.float64)),
        "paths": paths,
        "clients": most(seen.clients[path]),
        "first_day": _extreme(np.minimum, seen.first_day[path], child, count),
        "last_day": most(seen.last_day[path]),
    }


def _pool(each: Columns, chosen: npt.NDArray[np.bool_], step: int, decision: int) -> tuple[Columns, Integers]:
    """Returns one row per node for the chosen children, and the row of each."""
    of = {name: column[chosen] for name, column in each.items()}
    node, group = np.unique(of["node"], return_inverse=True)
    count = len(node)

    def most(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return _extreme(np.maximum, values, group, count)

    size = np.bincount(group, minlength=count)
    overlap = most(of["overlap"])
    return {
        "node": node,
        "step": np.full(count, step),
        "decision": np.full(count, decision),
        "why": _mode(of["why"], group, count),
        "probability": np.bincount(group, of["probability"], count) / size,
        "children": size,
        "siblings": most(of["siblings"]),
        "paths": np.bincount(group, of["paths"], count).astype(np.int64),
        "clients": most(of["clients"]),
        "overlap": np.where(overlap >= 0, overlap, np.nan),
        "allows_words": np.zeros(count, bool),
        "first_day": _extreme(np.minimum, of["first_day"], group, count),
        "last_day": most(of["last_day"]),
    }, group


def _variables(each: Columns, texts: StepTexts) -> Columns:
    """Returns one row per node, for all of its variable children.

    `has_form` tells whether one is a variable by its format.
    """
    chosen = each["is_variable"]
    by_format = each["step"] == texts.variable
    certain = each | {"probability": np.where(by_format, 1.0, each["probability"])}
    rules, group = _pool(certain, chosen, texts.variable, _VARIABLE)
    count, word = len(rules["node"]), ~by_format & ~texts.has_digits[each["step"]]
    return rules | {
        "allows_words": _extreme(np.maximum, word[chosen], group, count),
        "has_form": _extreme(np.maximum, by_format[chosen], group, count),
    }


def _find_merged(
    each: Columns, variables: Columns, texts: StepTexts, children: Children, endings: Endings
) -> npt.NDArray[np.bool_]:
    """Whether each child is an ending that belongs to the values before it.

    See `endings.is_own_ending`.
    """
    nodes = children.nodes
    values, has_form = np.zeros(len(nodes.host), np.int64), np.zeros(len(nodes.host), bool)
    values[variables["node"]], has_form[variables["node"]] = variables["children"], variables["has_form"]
    parent = nodes.parent[each["node"]]
    of_parent = np.where(parent >= 0, values[parent], 0)
    own = is_own_ending(endings, texts.is_method[each["step"]], of_parent, has_form[parent])
    after_variable = (nodes.last[each["node"]] == texts.variable) & (of_parent > 0)
    return np.asarray(texts.is_ending[each["step"]] & after_variable & ~own & ~each["is_variable"])


def _merged_methods(each: Columns, chosen: npt.NDArray[np.bool_]) -> Columns:
    """Returns one row per node for the words behind a colon that belong to values.

    It covers words that were not seen yet as well.
    """
    rules, _ = _pool(each, chosen, _ANY_METHOD, _MERGED_INTO_VARIABLE)
    return rules | {"why": np.full(len(rules["node"]), REASON_KEYS.index("word behind a colon"))}


def _literals(each: Columns, chosen: npt.NDArray[np.bool_], is_merged: npt.NDArray[np.bool_]) -> Columns:
    """Returns one row per chosen child, among them merged endings."""
    of, merged = {name: column[chosen] for name, column in each.items()}, is_merged[chosen]
    count = len(of["node"])
    kept = ("node", "step", "probability", "siblings", "paths", "clients", "first_day", "last_day")
    return {name: of[name] for name in kept} | {
        "decision": np.where(merged, _MERGED_INTO_VARIABLE, _LITERAL),
        "why": np.where(merged, REASON_KEYS.index("ending of few"), of["why"]),
        "children": np.ones(count, np.int64),
        "overlap": np.where(of["overlap"] >= 0, of["overlap"], np.nan),
        "allows_words": np.zeros(count, bool),
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
        "step": [forest.vocabulary[step] if step >= 0 else ANY_METHOD for step in rules["step"].tolist()],
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
        evidence: `host, path_shape, clients, first_day, last_day, calls`, one row per distinct path.
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
    seen = read_evidence(rows)
    guess, own = forest.variants["guess"], None
    for number in range(settings.passes):
        counted = count_children(forest, texts, seen, guess, guess, own)
        scored = score(counted.step, counted.prefix, counted.context).astype(np.float64)
        probability = weigh_arrivals(counted, scored)
        binding = look_up_decisions(rules_by_node, forest, counted, texts, seen.first_day)
        decided = decide_children(counted, texts, probability, binding, settings)
        of_row, before = counted.children.of_row, guess
        own = settle_probability(decided, probability)[of_row]
        guess = np.where(decided.is_variable[of_row], forest.variable, forest.step)
        if number and np.array_equal(guess, before):
            break
    return build_rule_rows(forest, texts, seen, counted, decided, probability)
