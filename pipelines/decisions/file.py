"""The file of operators' decisions, and contradictions between decisions.

Value layer. Decisions of different host patterns never contradict each other: the more specific one wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.decisions.checks import covers_host, is_pattern, quote, sort_by_specificity
from pipelines.decisions.model import (
    KINDS,
    Decision,
    HostAlias,
    Ignore,
    Merge,
    OnEndpoint,
    OnPath,
    Save,
    Split,
)
from pipelines.decisions.rules import OperatorRule, derive_rules
from pipelines.http.segment_formats import VARIABLE_STEP
from pipelines.runtime.bounded_yaml import HAND_WRITTEN_BOUNDS, HAND_WRITTEN_MAX_BYTES, find_exceeded_bound
from pipelines.runtime.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two decisions (by index) that cannot both hold, why, and the way out."""

    earlier: int
    later: int
    problem: str


def find_contradictions(decisions: Sequence[Decision]) -> list[Contradiction]:
    """Returns all contradictions, in the order of the later decision."""
    every = [
        *_repeated(decisions),
        *_literal_and_variable(decisions),
        *_ignored_and_saved(decisions),
        *_without_traffic(decisions),
    ]
    return sorted(every, key=lambda each: (each.later, each.earlier))


def _repeated(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    seen: dict[tuple[str, ...], int] = {}
    for index, decision in enumerate(decisions):
        for key in _identities(decision):
            first = seen.setdefault(key, index)
            if first != index:
                same = decisions[first].model_copy(update={"note": None}) == decision.model_copy(
                    update={"note": None}
                )
                problem = (
                    "both decide the same"
                    if same
                    else "they decide differently on the same subject, or partly the same"
                )
                yield Contradiction(first, index, f"{problem}. Keep one of the two")
                break


def _identities(decision: Decision) -> Iterator[tuple[str, ...]]:
    """Yields the subjects that a file may hold only one decision about."""
    host = decision.host if isinstance(decision, OnPath) else ""
    shape = decision.shape if isinstance(decision, OnPath) else decision.subject
    method = decision.method or "" if isinstance(decision, OnEndpoint) else ""
    for segment in decision.into if isinstance(decision, Split) else ("",):
        yield decision.kind, host, method, shape, segment


def _literal_and_variable(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    """Finds decisions for a literal and for a variable at one place.

    Merge covers every segment at its place, so a literal next to it contradicts it as well.
    """
    rules = [(index, rule) for index, decision in enumerate(decisions) for rule in derive_rules(decision)]
    first: dict[tuple[str, str, str, str], tuple[int, OperatorRule]] = {}
    literals: dict[tuple[str, str], int] = {}
    pairs: dict[tuple[int, int], str] = {}
    for index, rule in rules:
        first.setdefault((rule.host, rule.prefix, rule.step, rule.decision), (index, rule))
        if rule.decision == "literal" and rule.step.startswith("/") and rule.step != VARIABLE_STEP:
            literals.setdefault((rule.host, rule.prefix), index)
    for index, rule in rules:
        other = "variable" if rule.decision == "literal" else "literal"
        opposite = first.get((rule.host, rule.prefix, rule.step, other))
        if opposite is not None:
            place = quote(rule.prefix + rule.step)
            pairs[_in_order(index, opposite[0])] = (
                f"one makes {place} a literal, the other makes it a variable. Delete one"
            )
        literal = literals.get((rule.host, rule.prefix))
        if isinstance(decisions[index], Merge) and literal is not None:
            pairs[_in_order(index, literal)] = (
                f"merge makes every segment after {quote(rule.prefix or '/')} a variable. "
                "Write pin in its place to keep literals next to the variable"
            )
    for (earlier, later), problem in pairs.items():
        yield Contradiction(earlier, later, problem)


def _in_order(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _ignored_and_saved(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    """Finds endpoints that are both ignored and saved."""
    seen: dict[tuple[str, str, str], tuple[int, str]] = {}
    for index, decision in enumerate(decisions):
        if isinstance(decision, Ignore | Save):
            key = (decision.host, decision.method or "", decision.shape)
            first, kind = seen.setdefault(key, (index, decision.kind))
            if kind != decision.kind:
                yield Contradiction(first, index, "an endpoint is either ignored or saved. Delete one")


def _without_traffic(decisions: Sequence[Decision]) -> Iterator[Contradiction]:
    """Finds hosts without traffic, because an alias counts it elsewhere.

    These may be the hosts of other decisions and the names of other aliases.
    """
    aliases = {each.host_alias: (i, each) for i, each in enumerate(decisions) if isinstance(each, HostAlias)}
    order = sort_by_specificity(set(aliases))
    for index, decision in enumerate(decisions):
        host = decision.name if isinstance(decision, HostAlias) else getattr(decision, "host", "*")
        pattern = next((each for each in order if covers_host(each, host)), None)
        if is_pattern(host) or pattern is None or aliases[pattern][1].name == host:
            continue
        alias_index, alias = aliases[pattern]
        yield Contradiction(
            *_in_order(alias_index, index),
            f"host {quote(host)} is counted as {quote(alias.name)} (host_alias {alias.host_alias}). Write that name",
        )


REPORTED = 3
TOP = "decisions"
HELP = "See docs/decisions.md for the format of each kind."
_AFTER_KIND = ("into", "to", "method", "name", "host", "note")
_LINE_ENDS = "\x85\u2028\u2029"
"""PyYAML writes them as they are and reads some of them as a line feed; only escapes survive a round trip."""
_TEXT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"


class _EntryError(ValueError):
    """A problem in an entry, without its place."""


def read_decisions(file: Path) -> tuple[Decision, ...]:
    """Reads the decisions of a file, in its order.

    Raises:
        SettingsError: The file cannot be read, is not in the right format, or holds decisions that contradict each other.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(HAND_WRITTEN_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: cannot be read ({error}). Give a YAML file in UTF-8.") from error
    if len(content) > HAND_WRITTEN_MAX_BYTES:
        raise SettingsError(
            f"{file}: expected at most {HAND_WRITTEN_MAX_BYTES:,} bytes, found more. Is it the right file?"
        )
    return parse_decisions(text, str(file))


def parse_decisions(text: str, name: str) -> tuple[Decision, ...]:
    """Parses the decisions of a YAML text.

    Args:
        text: The text.
        name: Name of the text in errors.

    Raises:
        SettingsError: As `read_decisions`; it names the first three wrong entries.
    """
    decisions: list[Decision] = []
    lines: list[int] = []
    problems: list[str] = []
    for node in _list_entries(text, name):
        lines.append(_line(node))
        try:
            decisions.append(_parse_decision(node))
        except _EntryError as problem:
            problems.append(f"{name}:{lines[-1]}: {problem}. {HELP}")
    if not problems:  # else the indices of decisions would not be those of lines
        problems = [
            f"{name}:{lines[each.later]}: {decisions[each.later]} contradicts line {lines[each.earlier]} "
            f"({decisions[each.earlier]}): {each.problem}."
            for each in find_contradictions(decisions)
        ]
    if problems:
        more = f" | and {len(problems) - REPORTED} more" if len(problems) > REPORTED else ""
        raise SettingsError(" | ".join(problems[:REPORTED]) + more)
    return tuple(decisions)


def format_decisions(decisions: Sequence[Decision]) -> str:
    """Formats decisions as YAML that `parse_decisions` reads back unchanged."""
    tree = {TOP: [to_entry(decision) for decision in decisions]}
    unusual = any(end in (decision.note or "") for decision in decisions for end in _LINE_ENDS)
    text: str = yaml.safe_dump(tree, sort_keys=False, allow_unicode=not unusual, width=1 << 30)
    return text


def to_entry(decision: Decision) -> dict[str, Any]:
    """Returns a decision as an entry of the file.

    The key of its kind comes first; fields that were not given are left out.
    """
    given = decision.model_dump(mode="json", exclude_none=True)
    return {key: given[key] for key in (decision.kind, *_AFTER_KIND) if key in given}


def _list_entries(text: str, name: str) -> list[yaml.Node]:
    root = _compose(text, name)
    if root is None:
        raise SettingsError(
            f'{name}:1: expected the key "{TOP}" with a list, found an empty file. Write "{TOP}: []" for none.'
        )
    place = f"{name}:{_line(root)}"
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError(
            f'{place}: expected the key "{TOP}" with a list, found {_describe_node(root)}. {HELP}'
        )
    keys = [key.value if isinstance(key, yaml.ScalarNode) else _describe_node(key) for key, _ in root.value]
    if keys != [TOP]:
        raise SettingsError(
            f'{place}: expected the key "{TOP}" and no other, once, found {", ".join(map(quote, keys[:5])) or "no key"}. {HELP}'
        )
    ((key, entries),) = root.value
    if not isinstance(entries, yaml.SequenceNode):
        raise SettingsError(
            f'{name}:{_line(key)}: expected a list after "{TOP}:", found {_describe_node(entries)}. Begin each entry with "- ", '
            f'or write "{TOP}: []" for none. {HELP}'
        )
    return list(entries.value)


def _compose(text: str, name: str) -> yaml.Node | None:
    costs = find_exceeded_bound(text, HAND_WRITTEN_BOUNDS)
    if costs is not None:
        raise SettingsError(f"{name}: not YAML that can be read: {costs}. {HELP}")
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError(
            f"{name}:{line}: not YAML: a control character, {quote(text[error.position : error.position + 1])}. Delete it."
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = "; ".join(part for part in (error.context, error.problem) if part)
        raise SettingsError(
            f'{name}:{line}: not YAML: {" ".join(problem.split())}. Text that begins with "*", and templates inside {{...}}, '
            f"need quotes. {HELP}"
        ) from error
    except (RecursionError, ArithmeticError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(
            f"{name}: not YAML that can be read: {type(error).__name__} (nested too deeply, or a number out of range). "
            f"{HELP}"
        ) from error


def _parse_decision(node: yaml.Node) -> Decision:
    if not isinstance(node, yaml.MappingNode):
        raise _EntryError(f"expected a decision (keys and values), found {_describe_node(node)}")
    entry = dict(_items(node))
    kinds = [key for key in entry if key in KINDS]
    if len(kinds) != 1:
        keys = ", ".join(map(quote, list(entry)[:5])) or "no key"
        raise _EntryError(f"expected one of {', '.join(KINDS)} in an entry, found {keys}")
    try:
        return KINDS[kinds[0]].model_validate(entry)
    except ValidationError as error:
        raise _EntryError(f"{kinds[0]}: {_first_problem(kinds[0], error)}") from error


def _items(node: yaml.MappingNode) -> Iterator[tuple[str, str | tuple[str, ...] | None]]:
    seen: set[str] = set()
    for key_node, value in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _EntryError(
                f"expected a word as key, found {_describe_node(key_node)}. Put quotes around templates"
            )
        key = key_node.value
        if key in seen:
            raise _EntryError(f"expected each key once in an entry, found {quote(key)} twice")
        seen.add(key)
        if isinstance(value, yaml.SequenceNode):
            yield key, tuple(_text(key, each) or "" for each in value.value)
        else:
            yield key, _text(key, value)


def _text(key: str, node: yaml.Node) -> str | None:
    """Returns a text, or None for an empty value.

    YAML reads `no` as false and 12 as a number: text like that needs quotes.
    """
    if isinstance(node, yaml.ScalarNode) and node.tag in (_TEXT, _NULL):
        text: str = node.value
        return text if node.tag == _TEXT else None
    if isinstance(node, yaml.ScalarNode):
        raise _EntryError(
            f"{quote(key)}: expected text, found {quote(node.value)}, which YAML reads as {_describe_node(node)}. "
            "Put it in quotes"
        )
    raise _EntryError(
        f"{quote(key)}: expected text, found {_describe_node(node)}. Put quotes around templates"
    )


def _first_problem(kind: str, error: ValidationError) -> str:
    """Returns the first validation problem in one line."""
    item = error.errors()[0]
    key = str(item["loc"][0]) if item["loc"] else ""
    if item["type"] == "extra_forbidden":
        return f"unknown key {quote(key)} (allowed with {kind}: {', '.join(_allowed(kind))})"
    if item["type"] == "missing":
        return f"expected the key {key!r}, found none (allowed with {kind}: {', '.join(_allowed(kind))})"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] != "value_error":
        return f"{key}: expected {message.removeprefix('Input should be ')}, found {quote(item['input'])}"
    return message if key in ("", kind) else f"{key}: {message}"


def _allowed(kind: str) -> list[str]:
    return [name for name in (kind, *_AFTER_KIND) if name in KINDS[kind].model_fields]


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line + 1
    return line


def _describe_node(node: yaml.Node) -> str:
    """Describes the type of a node in words."""
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if node.tag == _NULL else quote(node.tag.removeprefix("tag:yaml.org,2002:")).strip("'")
