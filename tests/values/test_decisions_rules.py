"""Decisions as rules of path steps and as names of placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given

from pipelines.decisions import template_parsing
from pipelines.decisions.checks import covers_host, sort_by_specificity
from pipelines.decisions.file import parse_decisions
from pipelines.decisions.model import Pin
from pipelines.decisions.rules import OperatorRule, PlaceholderNames, collect_names, collect_rules
from tests.decision_examples import ALL_KINDS, parse_entries, templates


def rule_triples(*entries: str) -> list[tuple[str, str, str]]:
    """Returns (prefix, step, decision) of the rules of these entries."""
    return [(rule.prefix, rule.step, rule.decision) for rule in collect_rules(parse_entries(*entries))]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "pin: '/users/{userId}/orders'",
            [
                ("", "/users", "literal"),
                ("/users", "/{}", "variable"),
                ("/users/{}", "/orders", "literal"),
            ],
        ),
        ("pin: /", [("", "/", "literal")]),
        ("pin: '/{tenant}'", [("", "/{}", "variable")]),
        # parts of the last segment are separate steps; elsewhere they are not
        (
            "pin: '/files/{id}.json'",
            [("", "/files", "literal"), ("/files", "/{}", "variable"), ("/files/{}", ".json", "literal")],
        ),
        ("pin: '/a.json/b'", [("", "/a.json", "literal"), ("/a.json", "/b", "literal")]),
        (
            "pin: '/jobs/{id}:cancel'",
            [("", "/jobs", "literal"), ("/jobs", "/{}", "variable"), ("/jobs/{}", ":cancel", "literal")],
        ),
        # a variable that masking has replaced already is part of the text of a step, which is a literal
        ("pin: '/report-{date}.pdf'", [("", "/report-{}", "literal"), ("/report-{}", ".pdf", "literal")]),
        ("pin: '/Products({key})/x'", [("", "/Products({})", "literal"), ("/Products({})", "/x", "literal")]),
        (
            "split: '/users/{userId}', into: [me, search.json]",
            [
                ("/users", "/me", "literal"),
                ("/users", "/search", "literal"),
                ("/users/search", ".json", "literal"),
            ],
        ),
        ("split: '/{a}/{b}', into: [me]", [("/{}", "/me", "literal")]),
        ("split: '/{a}', into: [me]", [("", "/me", "literal")]),
        ("merge: '/catalog/{item}'", [("/catalog", "/{}", "variable")]),
        ("merge: '/{item}'", [("", "/{}", "variable")]),
        ("never_template: /settings", [("/settings", "/{}", "literal")]),
        ("never_template: '/users/{id}/settings'", [("/users/{}/settings", "/{}", "literal")]),
        ("never_template: /", [("", "/{}", "literal")]),
        ("rename: '/a/{b}', to: '/a/{c}'", []),
        ("ignore: '/a/{b}'", []),
        ("save: '/a/{b}'", []),
    ],
)
def test_a_decision_gives_rules_of_steps(entry: str, expected: list[tuple[str, str, str]]) -> None:
    assert rule_triples(f"{entry}, host: a.example") == expected


def test_a_rule_says_who_decided_and_why() -> None:
    [rule] = collect_rules(parse_entries("merge: '/catalog/{item}', host: '*.example.com', note: slugs"))
    reason = "operators' decision: merge /catalog/{item} (slugs)"
    assert rule == OperatorRule("*.example.com", "/catalog", "/{}", "variable", reason)


def test_what_two_decisions_ask_for_is_one_rule_of_the_first() -> None:
    rules = collect_rules(parse_entries("pin: /a/b, host: x", "pin: /a/c, host: x", "pin: /a/b, host: y"))
    assert [(rule.host, rule.prefix + rule.step) for rule in rules] == [
        ("x", "/a"),
        ("x", "/a/b"),
        ("x", "/a/c"),
        ("y", "/a"),
        ("y", "/a/b"),
    ]
    assert rules[0].reason.endswith("pin /a/b")


@given(templates())
def test_steps_of_a_template_are_its_shape_again(template: str) -> None:
    path_shape = template_parsing.derive_shape(template)
    assert "".join(template_parsing.split_steps(path_shape)) == path_shape
    last = collect_rules([Pin(pin=template, host="x")])[-1]
    assert last.prefix + last.step == path_shape


def test_names_come_from_pins_merges_and_renames() -> None:
    assert collect_names(parse_decisions(ALL_KINDS, "x")) == {
        ("shop.example.com", "/users/{}/orders"): PlaceholderNames("/users/{userId}/orders", last_only=False),
        ("*.example.com", "/catalog/{}"): PlaceholderNames("/catalog/{item}", last_only=True),
        ("shop.example.com", "/users/{}"): PlaceholderNames("/users/{login}", last_only=False),
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_rename_wins_over_a_pin_and_a_pin_over_a_merge(order: tuple[int, ...]) -> None:
    entries = (
        "merge: '/a/{m}', host: x",
        "pin: '/a/{p}', host: x",
        "rename: '/a/{q}', to: '/a/{r}', host: x",
    )
    all_kinds = [entries[index] for index in order]
    assert collect_names(parse_entries(*all_kinds))["x", "/a/{}"].template == "/a/{r}"
    without_rename = [entry for entry in all_kinds if "rename" not in entry]
    assert collect_names(parse_entries(*without_rename))["x", "/a/{}"] == PlaceholderNames(
        "/a/{p}", last_only=False
    )


def test_a_template_without_variables_gives_no_names() -> None:
    assert collect_names(parse_entries("pin: /a, host: x")) == {}


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("*", "a.example", True),
        ("*.example", "a.example", True),
        ("*.example", "a.b.example", True),
        ("*.example", "example", False),
        ("*.example", "badexample", False),
        ("*.example", "a.example:8443", False),
        ("*.example:8443", "a.example:8443", True),
        ("a.example", "a.example", True),
        ("a.example", "b.a.example", False),
    ],
)
def test_a_pattern_stands_for_leftmost_labels(pattern: str, host: str, expected: bool) -> None:
    assert covers_host(pattern, host) is expected


def test_exact_hosts_come_before_longer_patterns_before_shorter_ones() -> None:
    assert sort_by_specificity({"*", "*.b.example", "a.b.example", "*.example"}) == [
        "a.b.example",
        "*.b.example",
        "*.example",
        "*",
    ]
