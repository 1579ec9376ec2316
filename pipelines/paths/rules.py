"""Rules of the path tree: their words, and those that bind what is inferred next. Value layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.http.segment_formats import VARIABLE_STEP
from pipelines.paths.children import Children, ChildStatistics
from pipelines.paths.forest import Flags, Forest, Integers
from pipelines.paths.step_texts import StepTexts

RULE_KEY = ("host", "prefix", "step")
LITERAL, VARIABLE, MERGED_INTO_VARIABLE = "literal", "variable", "absorbed"
INFERRED, KEPT_FROM_PUBLICATION, OPERATOR = "inferred", "held", "operator"


NEVER = np.iinfo(np.int64).min
NO_DECISION, OPERATOR_LITERAL, OPERATOR_VARIABLE = 0, 1, 2


@dataclass(slots=True)
class NodeRules:
    """What binds at one node: of its steps (`of_step`) and of every other (`of_node`); `since`: the last day published."""

    said_of_step: dict[str, str] = field(default_factory=dict)
    said_of_node: str | None = None
    published_of_step: dict[str, str] = field(default_factory=dict)
    published_of_node: str | None = None
    since: int = NEVER


BindingRules = Mapping[tuple[str, str], NodeRules]
"""(host, prefix) → what binds there."""


@dataclass(frozen=True, slots=True)
class BindingDecisions:
    """Of each child: what an operator said, what was published, and whether it `was_there` by then."""

    is_said: Flags
    is_said_variable: Flags
    is_published_literal: Flags
    is_published_variable: Flags
    was_there: Flags


def index_rules(known: pa.Table | None) -> BindingRules:
    """Rows of path_rules that bind (None for none), by node."""
    bound: dict[tuple[str, str], NodeRules] = {}
    if known is None:
        return bound
    days = known.column("last_day").cast(pa.int32()).to_pylist()
    names = ("host", "prefix", "step", "decision", "origin")
    columns = [known.column(name).to_pylist() for name in names]
    for host, prefix, step, decision, origin, day in zip(*columns, days, strict=True):
        at = bound.setdefault((host, prefix), NodeRules())
        if step == VARIABLE_STEP and origin == OPERATOR:
            at.said_of_node = max(decision, at.said_of_node or "")
        elif step == VARIABLE_STEP:
            at.published_of_node = max(decision, at.published_of_node or "")
            at.since = max(day, at.since)
        else:
            of_step = at.said_of_step if origin == OPERATOR else at.published_of_step
            of_step[step] = max(decision, of_step.get(step, ""))
    return bound


def look_up_decisions(
    bound: BindingRules, forest: Forest, counted: ChildStatistics, texts: StepTexts, first_day: Integers
) -> BindingDecisions:
    """Looks up what binds each child.

    Args:
        bound: Rules by node.
        forest: Paths of hosts.
        counted: Their children.
        texts: What their steps say: "every other segment" means no part of one.
        first_day: Of each path, days.
    """
    children = counted.children
    said = np.full(children.count, NO_DECISION)
    literal, variable, was_there = (np.zeros(children.count, bool) for _ in range(3))
    if bound:
        since = find_first_days(children, forest, first_day)
        whole = texts.is_segment & ~texts.is_masked
        hosts = [forest.hosts[host] for host in children.nodes.host[children.node].tolist()]
        for child, key in enumerate(zip(hosts, counted.prefix, strict=True)):
            rules = bound.get(key)
            if rules is None:
                continue
            step = counted.step[child]
            node_says = rules.said_of_node if whole[children.step[child]] else None
            says = rules.said_of_step.get(step, node_says)
            if says is not None:
                said[child] = OPERATOR_VARIABLE if says == VARIABLE else OPERATOR_LITERAL
            literal[child] = rules.published_of_step.get(step) == LITERAL
            variable[child] = rules.published_of_node == VARIABLE
            was_there[child] = since[child] <= rules.since
    return BindingDecisions(said != NO_DECISION, said == OPERATOR_VARIABLE, literal, variable, was_there)


def find_first_days(children: Children, forest: Forest, first_day: Integers) -> Integers:
    """Since when each child is seen: what was there when a template was published stays in it."""
    since = np.full(children.count, np.iinfo(np.int64).max)
    np.minimum.at(since, children.of_row, first_day[forest.path])
    return since
