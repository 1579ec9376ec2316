"""Turns decisions into rules for steps of the path tree, and into names.

Value layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from pipelines.decisions import template_parsing
from pipelines.decisions.model import Decision, Merge, NeverTemplate, OnPath, Pin, Rename, Split
from pipelines.http.segment_formats import VARIABLE_STEP

StepDecision = Literal["literal", "variable"]


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """An operator's rule: whether a step is a literal or a variable.

    It holds after `prefix` (resolved, "" for the root) on the hosts that `host` covers. The step "/{}" means every other segment
    there; a rule for the step itself wins over it.
    """

    host: str
    prefix: str
    step: str
    decision: StepDecision
    reason: str


@dataclass(frozen=True, slots=True)
class PlaceholderNames:
    """Names that an operator gave to the placeholders of a shape.

    `last_only`: the operator named the last placeholder only; the others keep their inferred names. Even then `template` has
    a name for each: all of it is used if an inferred name equals that of the last placeholder.
    """

    template: str
    last_only: bool


def collect_rules(decisions: Sequence[Decision]) -> tuple[OperatorRule, ...]:
    """Returns one rule per (host pattern, prefix, step).

    Its reason is the first decision that asks for it.
    """
    collected: dict[tuple[str, str, str], OperatorRule] = {}
    for decision in decisions:
        for rule in derive_rules(decision):
            collected.setdefault((rule.host, rule.prefix, rule.step), rule)
    return tuple(collected.values())


def derive_rules(decision: Decision) -> Iterator[OperatorRule]:
    """Yields the rules of one decision; none for names, endpoints and hosts."""
    if not isinstance(decision, OnPath):
        return
    reason = f"operators' decision: {decision}" + (f" ({decision.note})" if decision.note else "")
    for prefix, step, decided in _decided_steps(decision):
        yield OperatorRule(decision.host, prefix, step, decided, reason)


def collect_names(decisions: Sequence[Decision]) -> dict[tuple[str, str], PlaceholderNames]:
    """Returns names by (host pattern, shape).

    A rename wins over a pin, a pin over a merge.
    """
    collected: dict[tuple[str, str], PlaceholderNames] = {}
    for kind in (Merge, Pin, Rename):
        for decision in decisions:
            if isinstance(decision, kind) and isinstance(decision, OnPath):
                template = decision.to if isinstance(decision, Rename) else decision.subject
                if template_parsing.list_placeholders(template):
                    collected[decision.host, decision.shape] = PlaceholderNames(
                        template, isinstance(decision, Merge)
                    )
    return collected


def _decided_steps(decision: OnPath) -> Iterator[tuple[str, str, StepDecision]]:
    steps = template_parsing.split_steps(decision.shape)
    above = "".join(steps[:-1])
    match decision:
        case Pin():
            for prefix, step in zip(accumulate(steps, initial=""), steps, strict=False):
                yield prefix, step, "variable" if step == VARIABLE_STEP else "literal"
        case Split(into=segments):
            for segment in segments:
                # several parts: an extension is a step of its own
                parts = template_parsing.split_steps(f"{above}/{segment}")[len(steps) - 1 :]
                for prefix, step in zip(accumulate(parts, initial=above), parts, strict=False):
                    yield prefix, step, "literal"
        case Merge():
            yield above, VARIABLE_STEP, "variable"
        case NeverTemplate():
            yield decision.shape.removesuffix("/"), VARIABLE_STEP, "literal"
