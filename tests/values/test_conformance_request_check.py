"""Checks of one request against documents: findings, places, rules, severities.

And the requests that have none.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance_examples import (
    check_request,
    checker,
    get,
    openapi,
    post,
    query,
    query_findings,
    rules,
)

INTEGER = {"type": "integer", "minimum": 0, "maximum": 100}


@pytest.mark.parametrize(
    ("schema", "sent", "expected"),
    [
        (INTEGER, "q=7", []),
        (INTEGER, "q=700", [("maximum", "medium")]),
        (INTEGER, "q=-1", [("minimum", "medium")]),
        (INTEGER, "q=seven", [("type", "high")]),
        (INTEGER, "q=", [("type", "medium")]),
        (INTEGER, "q=1%27%20OR%201=1", [("type", "high")]),
        (INTEGER, "q=1&q=2", []),
        (INTEGER, "q=1&q=200", [("maximum", "medium")]),
        ({"type": "string", "maxLength": 3}, "q=1234", [("maxLength", "medium")]),
        ({"type": "string", "maxLength": 3}, "q=12", []),
        ({"type": "string", "pattern": "^[a-z]+$"}, "q=%3Cscript%3E", [("pattern", "high")]),
        ({"type": "string", "format": "uuid"}, "q=x", [("format", "medium")]),
        ({"type": "boolean"}, "q=true", []),
        ({"type": "boolean"}, "q=yes", [("type", "high")]),
        ({"type": "number"}, "q=1.5e3", []),
        ({"enum": ["a", "b"]}, "q=c", [("enum", "medium")]),
        ({"enum": [1, 2]}, "q=2", []),
        ({"anyOf": [INTEGER, {"type": "string", "enum": ["all"]}]}, "q=all", []),
        ({"anyOf": [INTEGER, {"type": "string", "enum": ["all"]}]}, "q=none", [("enum", "medium")]),
        ({"anyOf": [INTEGER, {"type": "string", "maxLength": 0}]}, "q=text", [("type", "high")]),
        ({"allOf": [INTEGER, {"multipleOf": 5}]}, "q=7", [("multipleOf", "medium")]),
        ({"enum": ["a b"]}, "q=a+b", []),
        ({"enum": ["100%+"]}, "q=100%+", []),  # characters that are not percent-encoded stay as they are
        ({"type": "string"}, "q=redacted", []),
        (INTEGER, "q=redacted-0a1b2c3d", []),  # masked values cannot be checked
        (INTEGER, "q=redacted-token", []),
        (
            {"enum": ["ann@x.example"]},
            "q=redacted@example.invalid",
            [],
        ),  # of a masked address the format is known
        ({"type": "string", "pattern": "^[a-z]+@x$", "maxLength": 9}, "q=redacted@example.invalid", []),
        (INTEGER, "q=redacted@example.invalid", [("type", "high")]),
        (
            {"type": "string", "pattern": "^.41"},
            "q=%2B99999999999",
            [],
        ),  # of a masked number the shape is known
        ({"type": "string", "maxLength": 3}, "q=%2B99999999999", [("maxLength", "medium")]),
        (INTEGER, "other=1", [("unknown-parameter", "info")]),
    ],
)
def test_text_conforms_if_any_reading_does(schema: Any, sent: str, expected: list[tuple[str, str]]) -> None:
    assert query_findings(schema, sent) == expected


LIST = {"type": "array", "items": INTEGER, "maxItems": 3}
OBJECT = {"type": "object", "properties": {"min": INTEGER, "max": INTEGER}, "required": ["min"]}


@pytest.mark.parametrize(
    ("schema", "style", "sent", "expected"),
    [
        (LIST, {}, "q=1&q=2", []),
        (LIST, {}, "q=1&q=200", ["maximum"]),
        (LIST, {}, "q=1&q=2&q=3&q=4", ["maxItems"]),
        (LIST, {}, "q=1,2", ["type"]),
        (LIST, {"explode": False}, "q=1,2", []),
        (LIST, {"explode": False}, "q=1,x", ["type"]),
        (LIST, {"style": "pipeDelimited", "explode": False}, "q=1%7C2", []),
        (LIST, {"style": "spaceDelimited", "explode": False}, "q=1+2", []),
        (LIST, {"style": "spaceDelimited", "explode": False}, "q=1%20200", ["maximum"]),
        (OBJECT, {"style": "deepObject", "explode": True}, "q[min]=1&q[max]=2", []),
        (OBJECT, {"style": "deepObject", "explode": True}, "q[min]=1&q[max]=200", ["maximum"]),
        (OBJECT, {"style": "deepObject", "explode": True}, "q%5Bmax%5D=2", ["required"]),
        (OBJECT, {}, "min=1&max=2", []),
        (OBJECT, {}, "min=x", ["type"]),
        (OBJECT, {"explode": False}, "q=min,1,max,2", []),
        (OBJECT, {"explode": False}, "q=min,1,max,200", ["maximum"]),
        ({"anyOf": [INTEGER, LIST]}, {"explode": False}, "q=5", []),
        ({"anyOf": [INTEGER, LIST]}, {"explode": False}, "q=5,6", []),
        (INTEGER, {"allowEmptyValue": True}, "q=", []),
    ],
)
def test_lists_and_objects_follow_the_style(
    schema: Any, style: dict[str, Any], sent: str, expected: list[str]
) -> None:
    assert [rule for rule, _ in query_findings(schema, sent, **style)] == expected


@pytest.mark.parametrize(
    ("schema", "sent", "expected"),
    [
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, "q=0", ["exclusiveMinimum"]),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": False}, "q=5", []),
        ({"type": "array", "items": {"type": "integer"}, "nullable": True}, "q=1", []),
        (
            {"$ref": "#/components/schemas/Age", "maximum": 1},
            "q=2",
            [],
        ),  # siblings of $ref are ignored
        ({"$ref": "#/components/schemas/Age"}, "q=101", ["maximum"]),
    ],
)
def test_keywords_of_openapi_30_keep_their_meaning(schema: Any, sent: str, expected: list[str]) -> None:
    results = query_findings(schema, sent, "3.0.3", components={"Age": INTEGER})
    assert [rule for rule, _ in results] == expected


def test_siblings_of_a_reference_count_in_openapi_31() -> None:
    results = query_findings(
        {"$ref": "#/components/schemas/Age", "maximum": 1}, "q=2", components={"Age": INTEGER}
    )
    assert results == [("maximum", "medium")]


def test_parameter_in_json_is_parsed() -> None:
    given = {"name": "q", "in": "query", "content": {"application/json": {"schema": OBJECT}}}
    check = checker(openapi({"/x": get(given)}))
    assert rules(check_request(check, "/x?q=%7B%22min%22:1%7D")) == []
    assert rules(check_request(check, "/x?q=%7B%22min%22:%22a%22%7D")) == [("query", "q", "type")]
    assert rules(check_request(check, "/x?q=%7B")) == [("query", "q", "type")]


def test_required_parameter_is_missed_and_parameters_of_the_path_hold_for_all_methods() -> None:
    path = {"name": "id", "in": "path", "required": True, "schema": INTEGER}
    both = query("q", {"type": "string"}, required=True)
    item = {
        "parameters": [path, both],
        **get(query("q", INTEGER, required=False)),
        **post({"type": "object"}),
    }
    check = checker(openapi({"/users/{id}": item}))
    assert rules(check_request(check, "/users/5")) == []  # the method's own parameter replaces the path's
    assert rules(check_request(check, "/users/500?q=1", "POST")) == [("path", "id", "maximum")]
    assert rules(check_request(check, "/users/5", "POST")) == [("query", "q", "required")]


def test_confidence_of_the_violated_constraint_is_reported() -> None:
    schema = {**INTEGER, "x-census": {"n": 9, "constraints": {"maximum": {"risk": 1e-5, "confidence": 0.97}}}}
    listed = {"type": "array", "items": schema}
    tree = openapi({"/x": get(query("q", schema), query("l", listed), query("m", {**INTEGER}))})
    result = check_request(checker(tree), "/x?q=1000&l=1000&m=1000")
    assert [one.confidence for one in result.findings] == [0.97, 0.97, None]


def test_names_that_learning_would_not_use_are_not_reported() -> None:
    check = checker(openapi({"/x": get()}))
    names = [one.name for one in check_request(check, "/x?page=1&jane@example.com=1&1%27OR=1").findings]
    assert names == ["page", "(unnamed)"]
