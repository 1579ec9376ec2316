"""Decisions that cannot hold together. Those of different host patterns can: the more specific one wins. Value layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.decisions.checks import shown
from pipelines.decisions.hosts import covers, is_pattern, most_specific_first
from pipelines.decisions.model import Decision, HostAlias, Ignore, Merge, OnEndpoint, OnPath, Save, Split
from pipelines.decisions.rules import OperatorRule, rules_of
from pipelines.paths.segments import VARIABLE_STEP


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`later` (an index) cannot hold beside `earlier`; why, and the way out."""

    earlier: int
    later: int
    problem: str


def contradictions(decisions: Sequence[Decision]) -> list[Contradiction]:
    """All of them, in the order of the later decision; none for decisions that can be applied."""
    found = [*_repeated(decisions), *_disagreeing(decisions), *_opposed(decisions), *_aliased(decisions)]
    return sorted(found, key=lambda each: (each.later, each.earlier))


def _repeated(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    seen: dict[tuple[str, ...], int] = {}
    for index, decision in enumerate(decisions):
        for key in _identities(decision):
            first = seen.setdefault(key, index)
            if first != index:
                same = decisions[first].model_copy(update={"note": None}) == decision.model_copy(
                    update={"note": None}
                )
                problem = "says the same again" if same else "says otherwise, or part of it again"
                yield Contradiction(first, index, f"{problem}. Keep one of the two")
                break


def _identities(decision: Decision) -> Iterator[tuple[str, ...]]:
    """What a file may hold one decision about."""
    host = decision.host if isinstance(decision, OnPath) else ""
    shape = decision.shape if isinstance(decision, OnPath) else decision.subject
    method = decision.method or "" if isinstance(decision, OnEndpoint) else ""
    for segment in decision.into if isinstance(decision, Split) else ("",):
        yield decision.kind, host, method, shape, segment


def _disagreeing(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    """Literal and variable at one place. Merge means every segment there, so a literal beside it contradicts it too."""
    told = [(index, rule) for index, decision in enumerate(decisions) for rule in rules_of(decision)]
    first: dict[tuple[str, str, str, str], tuple[int, OperatorRule]] = {}
    literals: dict[tuple[str, str], int] = {}
    pairs: dict[tuple[int, int], str] = {}
    for index, rule in told:
        first.setdefault((rule.host, rule.prefix, rule.step, rule.decision), (index, rule))
        if rule.decision == "literal" and rule.step.startswith("/") and rule.step != VARIABLE_STEP:
            literals.setdefault((rule.host, rule.prefix), index)
    for index, rule in told:
        other = "variable" if rule.decision == "literal" else "literal"
        opposite = first.get((rule.host, rule.prefix, rule.step, other))
        if opposite is not None:
            place = shown(rule.prefix + rule.step)
            pairs[_in_order(index, opposite[0])] = (
                f"one takes {place} for a literal, the other for a variable. Delete one"
            )
        literal = literals.get((rule.host, rule.prefix))
        if isinstance(decisions[index], Merge) and literal is not None:
            pairs[_in_order(index, literal)] = (
                f"merge makes every segment after {shown(rule.prefix or '/')} a variable. "
                "Write pin in its place to keep literals beside the variable"
            )
    for (earlier, later), problem in pairs.items():
        yield Contradiction(earlier, later, problem)


def _in_order(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _opposed(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    """Ignored and saved."""
    seen: dict[tuple[str, str, str], tuple[int, str]] = {}
    for index, decision in enumerate(decisions):
        if isinstance(decision, Ignore | Save):
            key = (decision.host, decision.method or "", decision.shape)
            first, kind = seen.setdefault(key, (index, decision.kind))
            if kind != decision.kind:
                yield Contradiction(first, index, "an endpoint is either left out or listed. Delete one")


def _aliased(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    """Hosts that an alias leaves no traffic: those of other decisions, and names of other aliases."""
    aliases = {each.host_alias: (i, each) for i, each in enumerate(decisions) if isinstance(each, HostAlias)}
    order = most_specific_first(set(aliases))
    for index, decision in enumerate(decisions):
        host = decision.name if isinstance(decision, HostAlias) else getattr(decision, "host", "*")
        pattern = next((each for each in order if covers(each, host)), None)
        if is_pattern(host) or pattern is None or aliases[pattern][1].name == host:
            continue
        alias_index, alias = aliases[pattern]
        yield Contradiction(
            *_in_order(alias_index, index),
            f"host {shown(host)} is counted as {shown(alias.name)} (host_alias {alias.host_alias}). Write that name",
        )
