"""One request against documents: what is refused, where, by which rule, and how severe; what is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance_examples import asked, checker, get, of_query, openapi, post, query, rules

INTEGER = {"type": "integer", "minimum": 0, "maximum": 100}
NODE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "child": {"$ref": "#/components/schemas/Node"}},
    "required": ["id"],
}


@pytest.mark.parametrize(
    ("schema", "sent", "found"),
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
        ({"enum": ["100%+"]}, "q=100%+", []),  # what is not encoded stays as it is
        ({"type": "string"}, "q=redacted", []),
        (INTEGER, "q=redacted-0a1b2c3d", []),  # what ingest masked cannot be judged
        (INTEGER, "other=1", [("unknown-parameter", "info")]),
    ],
)
def test_text_conforms_if_any_reading_does(schema: Any, sent: str, found: list[tuple[str, str]]) -> None:
    assert of_query(schema, sent) == found


LIST = {"type": "array", "items": INTEGER, "maxItems": 3}
OBJECT = {"type": "object", "properties": {"min": INTEGER, "max": INTEGER}, "required": ["min"]}


@pytest.mark.parametrize(
    ("schema", "style", "sent", "found"),
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
    schema: Any, style: dict[str, Any], sent: str, found: list[str]
) -> None:
    assert [rule for rule, _ in of_query(schema, sent, **style)] == found


@pytest.mark.parametrize(
    ("schema", "sent", "found"),
    [
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, "q=0", ["exclusiveMinimum"]),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": False}, "q=5", []),
        ({"type": "array", "items": {"type": "integer"}, "nullable": True}, "q=1", []),
        (
            {"$ref": "#/components/schemas/Age", "maximum": 1},
            "q=2",
            [],
        ),  # what stands beside a reference is ignored
        ({"$ref": "#/components/schemas/Age"}, "q=101", ["maximum"]),
    ],
)
def test_words_of_openapi_30_mean_what_they_meant(schema: Any, sent: str, found: list[str]) -> None:
    said = of_query(schema, sent, "3.0.3", components={"Age": INTEGER})
    assert [rule for rule, _ in said] == found


def test_what_stands_beside_a_reference_counts_in_openapi_31() -> None:
    said = of_query({"$ref": "#/components/schemas/Age", "maximum": 1}, "q=2", components={"Age": INTEGER})
    assert said == [("maximum", "medium")]


def test_parameter_in_json_is_parsed() -> None:
    given = {"name": "q", "in": "query", "content": {"application/json": {"schema": OBJECT}}}
    check = checker(openapi({"/x": get(given)}))
    assert rules(asked(check, "/x?q=%7B%22min%22:1%7D")) == []
    assert rules(asked(check, "/x?q=%7B%22min%22:%22a%22%7D")) == [("query", "q", "type")]
    assert rules(asked(check, "/x?q=%7B")) == [("query", "q", "type")]


def test_required_parameter_is_missed_and_parameters_of_the_path_hold_for_all_methods() -> None:
    path = {"name": "id", "in": "path", "required": True, "schema": INTEGER}
    both = query("q", {"type": "string"}, required=True)
    item = {
        "parameters": [path, both],
        **get(query("q", INTEGER, required=False)),
        **post({"type": "object"}),
    }
    check = checker(openapi({"/users/{id}": item}))
    assert rules(asked(check, "/users/5")) == []  # the method's own parameter replaces the path's
    assert rules(asked(check, "/users/500?q=1", "POST")) == [("path", "id", "maximum")]
    assert rules(asked(check, "/users/5", "POST")) == [("query", "q", "required")]


@pytest.mark.parametrize(
    ("body", "found"),
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
def test_json_body_is_judged_at_any_depth(body: str, found: list[tuple[str, ...]]) -> None:
    tree = openapi(
        {"/n": post({"$ref": "#/components/schemas/Node"})}, components={"schemas": {"Node": NODE}}
    )
    verdict = asked(checker(tree), "/n", "POST", body, "application/json")
    assert [(one.name, one.rule, one.value_class, one.severity) for one in verdict.findings] == found


@pytest.mark.parametrize(
    ("schema", "found"),
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
def test_members_are_unknown_only_where_a_schema_names_some(schema: Any, found: list[str]) -> None:
    verdict = asked(checker(openapi({"/x": post(schema)})), "/x", "POST", '{"a":{"b":1}}', "application/json")
    assert [one.rule for one in verdict.findings] == found


def test_masked_member_does_not_break_the_alternative_that_it_is_in() -> None:
    first = {"type": "object", "properties": {"pin": {"type": "integer"}, "kind": {"enum": ["card"]}}}
    check = checker(openapi({"/x": post({"oneOf": [first, {"type": "array"}]})}))
    sent = '{"pin":"redacted","kind":"card"}'
    assert rules(asked(check, "/x", "POST", sent, "application/json")) == []
    assert rules(asked(check, "/x", "POST", sent.replace("card", "cash"), "application/json")) == [
        ("body", "/kind", "enum")
    ]


def test_read_only_members_are_not_required_of_requests() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
        "required": ["id", "name"],
    }
    check = checker(openapi({"/x": post(schema)}))
    assert rules(asked(check, "/x", "POST", '{"name":"a"}', "application/json")) == []
    assert rules(asked(check, "/x", "POST", '{"id":1}', "application/json")) == [
        ("body", "/name", "required")
    ]


def test_form_body_is_judged_field_by_field() -> None:
    schema = {
        "type": "object",
        "properties": {"age": INTEGER, "tag": {"type": "array", "items": {"type": "string"}}},
        "required": ["age"],
        "additionalProperties": False,
    }
    media = "application/x-www-form-urlencoded"
    check = checker(openapi({"/x": post(schema, media)}))
    assert rules(asked(check, "/x", "POST", "age=5&tag=a&tag=b", media)) == []
    assert rules(asked(check, "/x", "POST", "age=500", media)) == [("form", "age", "maximum")]
    assert rules(asked(check, "/x", "POST", "tag=a&who=me", media)) == [
        ("form", "who", "additionalProperties"),
        ("form", "age", "required"),
    ]


@pytest.mark.parametrize(
    ("media", "found"),
    [
        ("application/json", []),
        ("application/vnd.api+json", []),
        (None, []),
        ("text/plain", []),  # it looks like JSON: learning reads such bodies too
        ("application/x-www-form-urlencoded", [("body", "", "unknown-content-type")]),
    ],
)
def test_type_of_content_is_as_good_as_what_the_body_looks_like(media: str | None, found: list[Any]) -> None:
    check = checker(openapi({"/x": post({"type": "object"})}))
    assert rules(asked(check, "/x", "POST", "{}", media)) == found


def test_body_that_no_document_knows_is_information() -> None:
    verdict = asked(checker(openapi({"/x": get()})), "/x", "GET", "{}", "application/json")
    assert (rules(verdict), verdict.outcome) == ([("body", "", "unknown-body")], "conform")


def test_confidence_of_the_broken_constraint_is_told() -> None:
    schema = {**INTEGER, "x-census": {"n": 9, "constraints": {"maximum": {"risk": 1e-5, "confidence": 0.97}}}}
    listed = {"type": "array", "items": schema}
    tree = openapi({"/x": get(query("q", schema), query("l", listed), query("m", {**INTEGER}))})
    verdict = asked(checker(tree), "/x?q=1000&l=1000&m=1000")
    assert [one.confidence for one in verdict.findings] == [0.97, 0.97, None]


def test_names_that_learning_would_not_take_are_not_told() -> None:
    check = checker(openapi({"/x": get()}))
    names = [one.name for one in asked(check, "/x?page=1&jane@example.com=1&1%27OR=1").findings]
    assert names == ["page", "(unnamed)"]
