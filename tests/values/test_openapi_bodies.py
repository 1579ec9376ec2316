"""Values under JSON Pointers → one schema of the body, as a validator reads it. No Spark."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator

from pipelines.openapi.bodies import request_body
from pipelines.openapi.document import Origin, document
from pipelines.openapi.endpoint import Endpoint, Parameter


def parameter(name: str, schema: dict[str, Any], required: bool = False, location: str = "body") -> Parameter:
    return Parameter(location, name, schema, required, 10)


BODY = (
    parameter("", {"type": "object"}),
    parameter("/id", {"type": "integer"}, required=True),
    parameter("/items", {"type": "array", "maxItems": 3}),
    parameter("/items/*", {"anyOf": [{"type": "object"}, {"type": "null"}]}),
    parameter("/items/*/a~1b", {"type": "string"}, required=True),
    parameter("/empty", {"type": "object"}),
)


def test_members_and_items_stand_in_what_holds_them() -> None:
    built = request_body(BODY)
    assert built is not None
    schema = built["content"]["application/json"]["schema"]
    assert schema["required"] == ["id"]
    assert schema["properties"]["empty"] == {"type": "object"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"id": 1, "items": [{"a/b": "x"}, None], "unknown": True})
    assert not validator.is_valid({"items": []})
    assert not validator.is_valid({"id": 1, "items": [{"a/b": 5}]})
    assert not validator.is_valid({"id": 1, "items": [{}]})
    assert not validator.is_valid({"id": 1, "items": [None] * 4})


def test_what_holds_a_value_may_have_been_left_out() -> None:
    built = request_body([parameter("/a", {"type": "string"})])
    assert built == {
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
        }
    }


def test_forms_have_fields_and_no_body_is_none() -> None:
    fields = [
        parameter("b", {"type": "integer"}, location="form"),
        parameter("a", {"type": "string"}, required=True, location="form"),
    ]
    assert request_body(fields) == {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
                    "required": ["a"],
                }
            }
        }
    }
    assert request_body([parameter("q", {"type": "string"}, location="query")]) is None


def test_path_is_doubled_only_where_all_requests_began_so() -> None:
    when = datetime(2026, 6, 1)
    get, post = (
        Endpoint("a.example", method, "/x", 5, 2, when, when, is_doubled=True) for method in ("GET", "POST")
    )
    assert list(document("a.example", [get, post], Origin("1", "ml"))["paths"]) == ["//x"]
    assert list(
        document("a.example", [get, replace(post, is_doubled=False)], Origin("1", "ml"))["paths"]
    ) == ["/x"]
