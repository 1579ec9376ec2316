"""OpenAPI documents from files: their hosts, and errors that name the place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines.conformance.documents import load_documents
from pipelines.runtime.errors import InputError
from tests.conformance_examples import check_request, checker, get, openapi, post, query, rules


def test_documents_are_found_at_any_depth_and_other_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one.yaml").write_text("openapi: 3.0.3\npaths: {}\n")
    (tmp_path / "two.json").write_bytes(b'\xef\xbb\xbf{"openapi": "3.1.0"}')
    (tmp_path / "settings.yml").write_text("a: 1\n")
    (tmp_path / "notes.txt").write_text("nothing")
    known, others = load_documents(tmp_path)
    assert [(Path(one.source).name, one.is_30) for one in known] == [("one.yaml", True), ("two.json", False)]
    assert [Path(name).name for name in others] == ["settings.yml"]


def test_yaml_has_the_types_of_json(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "openapi: 3.1.0\npaths:\n  /x: &x\n    get: {responses: {200: {description: ok}}}\n  /y: *x\nx-day: 2024-05-31\n"
    )
    tree = load_documents(tmp_path)[0][0].tree
    assert tree["x-day"] == "2024-05-31"
    assert tree["paths"]["/y"]["get"]["responses"] == {"200": {"description": "ok"}}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "openapi: 3.1.0\npaths: [\n", r"a\.yaml:3: is not YAML"),
        ("a.json", '{"openapi": "3.1.0",\n', r"a\.json:\d: is not JSON"),
        ("a.yaml", "swagger: '2.0'\npaths: {}\n", "expected OpenAPI 3.0 or 3.1, found '2.0'"),
        ("a.yaml", "openapi: 3.1.0\npaths: []\n", "a.yaml#/paths: expected a mapping of paths, found a list"),
        ("a.yaml", "a: 1\n", r"holds no OpenAPI document \(1 other"),
        ("a.txt", "", r"holds no OpenAPI document \(0 other"),
    ],
)
def test_broken_file_is_named_with_the_place_and_the_way_out(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        load_documents(tmp_path)


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        load_documents(tmp_path / "nowhere")


def nested_schema(levels: int) -> dict[str, Any]:
    """Returns a schema that is nested this deep."""
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"/x": []}, r"0\.yaml#/paths/~1x: expected a mapping, found a list"),
        (
            {"/x": {"get": {"parameters": {}}}},
            r"#/paths/~1x/get/parameters: expected a list, found a mapping",
        ),
        ({"/x": get({"in": "query"})}, r"parameters/0: expected a parameter with `name` and `in`"),
        ({"/x": get(query("q", []))}, r"parameters/0/schema: expected a schema, found a list"),
        (
            {"/x": get(query("q", {"type": "whole"}))},
            r"parameters/0/schema: invalid JSON Schema at keyword 'type'",
        ),
        (
            {"/x": get(query("q", {"items": {"minimum": "1"}}))},
            r"invalid JSON Schema at keyword 'items/minimum'",
        ),
        ({"/x": get(query("q", {"$ref": "#/nope"}))}, r"\$ref '#/nope' points to nothing"),
        ({"/x": get({"$ref": "#/paths/~1x/get/parameters/0"})}, r"\$ref points to itself"),
        ({"/x": get(query("q", nested_schema(3000)))}, "nested too deeply"),
        ({"/x": get(query("q", {"maximum": 10**30}))}, "numbers of at most 64 bits"),
        ({"/x" * 200: get()}, "a path of at most 100 segments"),
    ],
)
def test_broken_part_is_named_with_its_place(paths: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        checker(openapi(paths))


def test_schema_that_doubles_at_each_level_is_refused() -> None:
    """A bomb of YAML aliases.

    Two to the fortieth schemas in forty lines.
    """
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(40):
        schema = {"anyOf": [schema, schema]}
    with pytest.raises(InputError, match=r"a schema of at most 20,000 parts"):
        checker(openapi({"/x": get(query("q", schema))}))


def test_what_cannot_be_checked_is_counted_and_refuses_nothing() -> None:
    notes = Counter[str]()
    parameters = [
        query("a", {"$ref": "other.yaml#/Age"}),
        query("b", {"pattern": "(unclosed"}),
        query("c", {"$dynamicRef": "#node"}),
        {"$ref": "other.yaml#/q"},
        {"name": "d", "in": "path", "required": True, "style": "label", "schema": {"type": "integer"}},
        {"name": "e", "in": "header", "required": True, "schema": {"type": "integer"}},
    ]
    check = checker(openapi({"/x/{d}": get(*parameters)}), notes=notes)
    assert rules(check_request(check, "/x/.5x?a=1&b=2&c=3")) == []
    assert notes == {
        "a $ref to another document": 2,
        "a pattern that the regex engine does not support": 1,
        "a $dynamicRef": 1,
        "a parameter of style matrix or label": 1,
    }


def test_parts_of_components_are_followed() -> None:
    tree = openapi(
        {"/x": {"$ref": "#/components/pathItems/x"}},
        components={
            "pathItems": {"x": {**get({"$ref": "#/components/parameters/q"}), **post({})}},
            "parameters": {"q": query("q", {"type": "integer"})},
            "requestBodies": {"b": {"content": {"application/json": {"schema": {"type": "array"}}}}},
        },
    )
    tree["components"]["pathItems"]["x"]["post"]["requestBody"] = {"$ref": "#/components/requestBodies/b"}
    check = checker(tree)
    assert rules(check_request(check, "/x?q=a")) == [("query", "q", "type")]
    assert rules(check_request(check, "/x", "POST", "{}", "application/json")) == [("body", "", "type")]
