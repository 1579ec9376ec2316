"""Request bodies against documents: JSON at any depth, forms, media types."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance_examples import check_request, checker, get, openapi, post, rules

INTEGER = {"type": "integer", "minimum": 0, "maximum": 100}
NODE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "child": {"$ref": "#/components/schemas/Node"}},
    "required": ["id"],
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"id":1}', []),
        ('{"id":"x"}', [("/id", "type", "text", "high")]),
        ('{"child":{"id":1}}', [("/id", "required", "", "medium")]),
        ('{"id":1,"child":{"id":1,"child":{"id":[]}}}', [("/child/child/id", "type", "array", "high")]),
        ('{"id":1,"extra":"a"}', [("/extra", "unknown-parameter", "text", "info")]),
        ('{"id":1,"a b\'--":1}', [("/(unnamed)", "unknown-parameter", "integer", "info")]),
        ('{"id":"redacted"}', []),
        ('{"id":', [("", "unparsable-body", "", "medium")]),
        ("[" * 900 + "]" * 900, [("", "unparsable-body", "", "medium")]),
        ("[]", [("", "type", "array", "high")]),
    ],
)
def test_json_body_is_checked_at_any_depth(body: str, expected: list[tuple[str, ...]]) -> None:
    tree = openapi(
        {"/n": post({"$ref": "#/components/schemas/Node"})}, components={"schemas": {"Node": NODE}}
    )
    result = check_request(checker(tree), "/n", "POST", body, "application/json")
    assert [(one.name, one.rule, one.value_class, one.severity) for one in result.findings] == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object"}, []),
        ({"type": "object", "properties": {"a": {"type": "object"}}}, []),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "object", "additionalProperties": {"type": "integer"}}},
            },
            [],
        ),
        (
            {"type": "object", "properties": {"a": {"type": "object", "properties": {"c": {}}}}},
            ["unknown-parameter"],
        ),
        (
            {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": False}}},
            ["additionalProperties"],
        ),
    ],
)
def test_members_are_unknown_only_where_a_schema_names_some(schema: Any, expected: list[str]) -> None:
    result = check_request(
        checker(openapi({"/x": post(schema)})), "/x", "POST", '{"a":{"b":1}}', "application/json"
    )
    assert [one.rule for one in result.findings] == expected


def test_masked_member_does_not_break_the_alternative_that_it_is_in() -> None:
    first = {"type": "object", "properties": {"pin": {"type": "integer"}, "kind": {"enum": ["card"]}}}
    check = checker(openapi({"/x": post({"oneOf": [first, {"type": "array"}]})}))
    sent = '{"pin":"redacted","kind":"card"}'
    assert rules(check_request(check, "/x", "POST", sent, "application/json")) == []
    assert rules(check_request(check, "/x", "POST", sent.replace("card", "cash"), "application/json")) == [
        ("body", "/kind", "enum")
    ]


def test_read_only_members_are_not_required_of_requests() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
        "required": ["id", "name"],
    }
    check = checker(openapi({"/x": post(schema)}))
    assert rules(check_request(check, "/x", "POST", '{"name":"a"}', "application/json")) == []
    assert rules(check_request(check, "/x", "POST", '{"id":1}', "application/json")) == [
        ("body", "/name", "required")
    ]


def test_form_body_is_checked_field_by_field() -> None:
    schema = {
        "type": "object",
        "properties": {"age": INTEGER, "tag": {"type": "array", "items": {"type": "string"}}},
        "required": ["age"],
        "additionalProperties": False,
    }
    media = "application/x-www-form-urlencoded"
    check = checker(openapi({"/x": post(schema, media)}))
    assert rules(check_request(check, "/x", "POST", "age=5&tag=a&tag=b", media)) == []
    assert rules(check_request(check, "/x", "POST", "age=500", media)) == [("form", "age", "maximum")]
    assert rules(check_request(check, "/x", "POST", "tag=a&who=me", media)) == [
        ("form", "who", "additionalProperties"),
        ("form", "age", "required"),
    ]


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ("application/json", []),
        ("application/vnd.api+json", []),
        (None, []),
        ("text/plain", []),  # it looks like JSON, and learning reads such bodies too
        ("application/x-www-form-urlencoded", [("body", "", "unknown-content-type")]),
    ],
)
def test_media_type_counts_as_much_as_the_look_of_the_body(media: str | None, expected: list[Any]) -> None:
    check = checker(openapi({"/x": post({"type": "object"})}))
    assert rules(check_request(check, "/x", "POST", "{}", media)) == expected


def test_undescribed_body_is_information() -> None:
    result = check_request(checker(openapi({"/x": get()})), "/x", "GET", "{}", "application/json")
    assert (rules(result), result.outcome) == ([("body", "", "unknown-body")], "conform")
