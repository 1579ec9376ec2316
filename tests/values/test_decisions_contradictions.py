"""Contradictory decisions are refused; those of different hosts can coexist."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.decisions.file import find_contradictions
from pipelines.decisions.model import Decision
from pipelines.decisions.rules import collect_rules
from pipelines.runtime.errors import SettingsError
from tests.decision_examples import decisions, parse_entries

CONTRADICTIONS = [
    # the same twice
    ("pin: /a, host: x", "pin: /a, host: X, note: n", "both decide the same"),
    ("pin: '/a/{b}', host: x", "pin: '/a/{c}', host: x", "they decide differently on the same subject"),
    ("merge: '/a/{b}', host: x", "merge: '/a/{c}', host: x", "they decide differently on the same subject"),
    ("never_template: /a, host: x", "never_template: /a, host: x", "both decide the same"),
    (
        "rename: '/a/{b}', to: '/a/{c}', host: x",
        "rename: '/a/{d}', to: '/a/{e}', host: x",
        "they decide differently on the same subject",
    ),
    (
        "rename: '/a/{b}', to: '/a/{c}', host: x",
        "rename: '/a/{b}', to: '/a/{c}', host: x",
        "both decide the same",
    ),
    (
        "split: '/a/{b}', into: [c, d], host: x",
        "split: '/a/{e}', into: [f, d], host: x",
        "or partly the same",
    ),
    ("ignore: /a, method: GET, host: x", "ignore: /a, method: get, host: x", "both decide the same"),
    ("save: '/a/{b}', host: x", "save: '/a/{c}', host: x", "Keep one of the two"),
    (
        "host_alias: '*.x', name: x",
        "host_alias: '*.x', name: 'y.x'",
        "they decide differently on the same subject",
    ),
    # literal here, variable there
    ("pin: '/a/{b}/c', host: x", "never_template: /a, host: x", "'/a/{}' a literal"),
    ("never_template: '/a/{b}', host: x", "merge: '/a/{c}/{d}', host: x", "'/a/{}/{}' a literal"),
    ("never_template: /, host: x", "pin: '/{a}', host: x", "'/{}' a literal"),
    ("pin: /a/b, host: x", "merge: '/a/{c}', host: x", "Write pin in its place"),
    ("merge: '/a/{c}', host: x", "pin: /a/b/c/d, host: x", "every segment after '/a'"),
    ("merge: '/{c}', host: x", "pin: /b, host: x", "every segment after '/'"),
    ("split: '/a/{b}', into: [c], host: x", "merge: '/a/{b}', host: x", "Write pin in its place"),
    # listed and ignored
    ("ignore: /a, host: x", "save: /a, host: x", "either ignored or saved"),
    ("save: '/a/{b}', method: GET, host: x", "ignore: '/a/{c}', method: GET, host: x", "either ignored"),
    # no traffic is left under that name
    ("host_alias: '*.x', name: '{t}.x'", "ignore: /a, host: a.x", "counted as '{t}.x'"),
    ("pin: /a, host: a.x", "host_alias: '*.x', name: '{t}.x'", "Write that name"),
    ("host_alias: a, name: b", "host_alias: b, name: c", "host 'b' is counted as 'c'"),
    ("host_alias: a, name: b", "host_alias: b, name: a", "is counted as"),
]


@pytest.mark.parametrize(("first", "second", "expected"), CONTRADICTIONS)
def test_decisions_that_contradict_each_other_are_refused_with_both_lines(
    first: str, second: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_entries("ignore: /other, host: other", first, "ignore: /more, host: other", second)
    message = str(caught.value)
    assert message.startswith("decisions.yaml:5: ")
    assert "contradicts line 3 (" in message
    assert expected in message
    assert message.splitlines() == [message]


@pytest.mark.parametrize(
    "entries",
    [
        # other hosts: the more specific pattern wins
        ("pin: '/a/{b}', host: x", "never_template: /a, host: '*'"),
        ("ignore: /a, host: '*'", "save: /a, host: x"),
        ("rename: '/a/{b}', to: '/a/{c}', host: x", "rename: '/a/{b}', to: '/a/{d}', host: y"),
        # literals next to a variable
        ("pin: '/a/{b}', host: x", "pin: /a/me, host: x"),
        ("pin: '/a/{b}', host: x", "split: '/a/{b}', into: [me], host: x"),
        ("never_template: /a, host: x", "pin: /a/b, host: x"),
        # what is below, what is above
        ("merge: '/a/{b}', host: x", "never_template: '/a/{b}', host: x"),
        ("merge: '/a/{b}', host: x", "pin: '/a/{b}/c', host: x"),
        # another extension of the same segment is not another segment
        ("merge: '/a/{b}', host: x", "pin: '/a/{b}.json', host: x"),
        # by method
        ("ignore: /a, host: x", "save: /a, method: GET, host: x"),
        ("ignore: /a, method: PUT, host: x", "ignore: /a, method: GET, host: x"),
        # aliases
        ("host_alias: '*.x', name: '{t}.x'", "pin: /a, host: '{t}.x'"),
        ("host_alias: '*.x', name: '{t}.x'", "pin: /a, host: '*.x'"),
        ("host_alias: '*.x', name: y", "host_alias: a.x, name: a.x", "pin: /a, host: a.x"),
        ("host_alias: '*.x', name: y", "host_alias: '*.z', name: y"),
        ("pin: '/a/{b}', host: x", "rename: '/a/{b}', to: '/a/{c}', host: x", "merge: '/a/{d}', host: x"),
    ],
)
def test_decisions_that_can_hold_together_are_taken(entries: tuple[str, ...]) -> None:
    assert len(parse_entries(*entries)) == len(entries)


@given(st.lists(decisions(), max_size=6))
def test_rules_of_a_file_that_is_taken_never_disagree(given_decisions: list[Decision]) -> None:
    assume(not find_contradictions(given_decisions))
    verdicts: dict[tuple[str, str, str], set[str]] = {}
    for decision in given_decisions:
        for rule in collect_rules([decision]):
            verdicts.setdefault((rule.host, rule.prefix, rule.step), set()).add(rule.decision)
    assert all(len(each) == 1 for each in verdicts.values())


@given(st.lists(decisions(), max_size=5), st.randoms())
def test_whether_decisions_contradict_does_not_depend_on_their_order(
    given_decisions: list[Decision], dice: Random
) -> None:
    shuffled = list(given_decisions)
    dice.shuffle(shuffled)
    assert bool(find_contradictions(shuffled)) == bool(find_contradictions(given_decisions))
