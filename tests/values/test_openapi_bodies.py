"""Values under JSON Pointers become one schema of the body. No Spark."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator

from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import Endpoint, Parameter
from pipelines.openapi.request_body import build_request_body


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
    built = build_request_body(BODY)
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
    built = build_request_body([parameter("/a", {"type": "string"})])
    assert built == {
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
        }
    }


def test_forms_have_fields_and_without_a_body_there_is_none() -> None:
    fields = [
        parameter("b", {"type": "integer"}, location="form"),
        parameter("a", {"type": "string"}, required=True, location="form"),
    ]
    assert build_request_body(fields) == {
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
    assert build_request_body([parameter("q", {"type": "string"}, location="query")]) is None


def test_paths_are_written_as_requests_write_them() -> None:
    when = datetime(2026, 6, 1)
    get, post = (
        Endpoint("a.example", method, "/x/{id}", 5, 2, when, when, path_variants=("//x",))
        for method in ("GET", "POST")
    )
    assert list(build_document("a.example", [get, post], Origin("1", "ml"))["paths"]) == ["//x/{id}"]
    written = build_document(
        "a.example", [get, replace(post, path_variants=("/x/", "/x"))], Origin("1", "ml")
    )["paths"]
    assert {path: list(item) for path, item in written.items()} == {
        "//x/{id}": ["get"], "/x/{id}": ["post"], "/x/{id}/": ["post"],
    }  # fmt: skip
    assert len({one["operationId"] for item in written.values() for one in item.values()}) == 3


def test_counts_are_given_once_however_many_variants_a_path_has() -> None:
    when = datetime(2026, 6, 1)
    get = Endpoint(
        "a.example", "GET", "/x/{id}", 5, 2, when, when, statuses={"2XX": 5}, path_variants=("/x", "/x/")
    )
    written = build_document(
        "a.example", [get, replace(get, method="PUT", path_variants=("/x/",))], Origin("1", "ml")
    )
    first, other = (written["paths"][path] for path in ("/x/{id}", "/x/{id}/"))
    assert first["get"]["x-census"]["requests"] == 5
    assert other["get"]["x-census"]["counted_at"] == "/x/{id}"
    assert not {"requests", "clients", "learned_from"} & set(other["get"]["x-census"])
    assert other["get"]["responses"]["2XX"]["description"] == "counted at /x/{id}"
    counts = [one["x-census"].get("requests", 0) for item in (first, other) for one in item.values()]
    assert sum(counts) == written["x-census"]["transactions"] == 10


def test_bodies_stand_under_the_media_types_that_were_sent() -> None:
    body = [parameter("", {"type": "object"}, location="body")]
    known: dict[str, Any] = {"schema": {"type": "object"}}
    unread: dict[str, Any] = {"schema": {}}
    assert build_request_body(body, ["a/b+json", "text/plain", "application/json"]) == {
        "content": {"a/b+json": known, "application/json": known, "text/plain": unread}
    }
    assert build_request_body(body, ["a/b+json"]) == {"content": {"a/b+json": known}}
    assert build_request_body(body, ["text/json"]) == {
        "content": {"application/json": known, "text/json": unread}
    }
    assert build_request_body([], ["application/xml"]) == {"content": {"application/xml": unread}}
