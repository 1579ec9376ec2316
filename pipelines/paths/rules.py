"""Vocabulary of path rules, and the rules that bind what is inferred next.

Value layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.http.segment_formats import VARIABLE_STEP
from pipelines.paths.children import Children, ChildStatistics
from pipelines.paths.forest import Flags, Forest, Integers
from pipelines.paths.step_texts import StepTexts

ANY_METHOD = ":"
"""The step of a rule for every word behind a colon that has no rule of its own."""
RULE_KEY = ("host", "prefix", "step")
LITERAL, VARIABLE, MERGED_INTO_VARIABLE = "literal", "variable", "merged_into_variable"
INFERRED, KEPT_FROM_PUBLICATION, OPERATOR = "inferred", "kept_from_publication", "operator"


NEVER = np.iinfo(np.int64).min
NO_DECISION, OPERATOR_LITERAL, OPERATOR_VARIABLE = 0, 1, 2


@dataclass(slots=True)
class NodeRules:
    """Binding decisions at one node.

    `..._of_step`: for single steps · `..._of_node`: for every other step · `decided_...`: operators' · `published_...`: earlier
    results · `last_published`: the last day on which a variable of the node was published.
    """

    decided_of_step: dict[str, str] = field(default_factory=dict)
    decided_of_node: str | None = None
    published_of_step: dict[str, str] = field(default_factory=dict)
    published_of_node: str | None = None
    last_published: int = NEVER


BindingRules = Mapping[tuple[str, str], NodeRules]
"""(host, prefix) → the rules that bind there."""


@dataclass(frozen=True, slots=True)
class BindingDecisions:
    """Binding decisions for each child: operators', and published ones.

    `existed_at_publication`: it was seen before the variable of its node was published.
    """

    is_operator_decision: Flags
    is_operator_variable: Flags
    is_published_literal: Flags
    is_published_variable: Flags
    existed_at_publication: Flags


def index_rules(binding_rules: pa.Table | None) -> BindingRules:
    """Groups binding rows of path_rules (None for none) by node."""
    rules_by_node: dict[tuple[str, str], NodeRules] = {}
    if binding_rules is None:
        return rules_by_node
    days = binding_rules.column("last_day").cast(pa.int32()).to_pylist()
    names = ("host", "prefix", "step", "decision", "origin")
    columns = [binding_rules.column(name).to_pylist() for name in names]
    for host, prefix, step, decision, origin, day in zip(*columns, days, strict=True):
        at = rules_by_node.setdefault((host, prefix), NodeRules())
        if step == VARIABLE_STEP and origin == OPERATOR:
            at.decided_of_node = max(decision, at.decided_of_node or "")
        elif step == VARIABLE_STEP:
            at.published_of_node = max(decision, at.published_of_node or "")
            at.last_published = max(day, at.last_published)
        else:
            of_step = at.decided_of_step if origin == OPERATOR else at.published_of_step
            of_step[step] = max(decision, of_step.get(step, ""))
    return rules_by_node


def look_up_decisions(
    rules_by_node: BindingRules,
    forest: Forest,
    counted: ChildStatistics,
    texts: StepTexts,
    first_day: Integers,
) -> BindingDecisions:
    """Looks up the binding decisions for each child.

    Args:
        rules_by_node: Rules by node.
        forest: Paths of hosts.
        counted: Their children.
        texts: Properties of their steps: "every other segment" does not mean parts of segments.
        first_day: First day of each path, days since 1970.
    """
    children = counted.children
    operator = np.full(children.count, NO_DECISION)
    literal, variable, existed_at_publication = (np.zeros(children.count, bool) for _ in range(3))
    if rules_by_node:
        first_days = find_first_days(children, forest, first_day)
        whole = texts.is_segment & ~texts.is_masked
        hosts = [forest.hosts[host] for host in children.nodes.host[children.node].tolist()]
        for child, key in enumerate(zip(hosts, counted.prefix, strict=True)):
            rules = rules_by_node.get(key)
            if rules is None:
                continue
            step = counted.step[child]
            node_decision = rules.decided_of_node if whole[children.step[child]] else None
            decision = rules.decided_of_step.get(step, node_decision)
            if decision is not None:
                operator[child] = OPERATOR_VARIABLE if decision == VARIABLE else OPERATOR_LITERAL
            literal[child] = rules.published_of_step.get(step) == LITERAL
            variable[child] = rules.published_of_node == VARIABLE
            existed_at_publication[child] = first_days[child] <= rules.last_published
    return BindingDecisions(
        operator != NO_DECISION, operator == OPERATOR_VARIABLE, literal, variable, existed_at_publication
    )


def find_first_days(children: Children, forest: Forest, first_day: Integers) -> Integers:
    """Returns the first day of each child, days since 1970.

    A child that existed when a template was published stays in it.
    """
    first_days = np.full(children.count, np.iinfo(np.int64).max)
    np.minimum.at(first_days, children.of_row, first_day[forest.path])
    return first_days
