"""The Cloudflare profile of documents. No Spark.

Placeholders are named by position, every schema has one type, and nothing is refused that the 3.0 document accepts.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from pipelines.openapi.profiles import (
    COMBINED,
    add_types,
    convert_to_profile,
    reduce_to_one_type,
    to_cloudflare,
    to_schema_30,
)

Schema = dict[str, Any]
SCHEMAS: st.SearchStrategy[Schema] = st.recursive(
    st.sampled_from(
        [
            {},
            {"type": "integer", "minimum": 1},
            {"type": "number"},
            {"type": ["integer", "string"]},
            {"type": ["integer", "null"]},
            {"type": "boolean"},
            {"type": "string", "format": "uuid", "x-census": {"requests": 3}},
            {"type": ["array", "string"]},
            {"enum": ["a", "b"]},
        ]
    ),
    lambda below: (
        st.lists(below, min_size=1, max_size=3).map(lambda members: {"anyOf": members})
        | below.map(lambda items: {"type": "array", "items": items})
        | below.map(lambda schema: {"type": "object", "properties": {"p": schema}})
    ),
    max_leaves=5,
)


def schemas_in(schema: Schema) -> list[Schema]:
    """Returns the schema and all schemas below it."""
    below = [schema["items"]] if "items" in schema else []
    below += schema.get("properties", {}).values()
    return [schema, *(found for each in below for found in schemas_in(each))]


@given(SCHEMAS)
def test_every_schema_has_one_type_and_none_is_combined(schema: Schema) -> None:
    for found in schemas_in(reduce_to_one_type(to_schema_30(schema))):
        assert isinstance(found["type"], str)
        assert not found.keys() & set(COMBINED)


def choices_in(schema: Schema) -> list[Schema]:
    """Returns all schemas except those that only choose between others."""
    below = [schema["items"]] if "items" in schema else []
    below += schema.get("properties", {}).values()
    chosen = [one for group in COMBINED[:3] for one in schema.get(group, ())]
    mine = [] if chosen else [schema]
    return [*mine, *(found for each in (*below, *chosen) for found in choices_in(each))]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", "", 1.5]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("pq"), below, max_size=2),
    max_leaves=4,
)


@given(SCHEMAS, JSON)
def test_body_keeps_its_choices_gets_types_and_refuses_nothing_more(schema: Schema, body: Any) -> None:
    before = to_schema_30(schema)
    after = add_types(before)
    assert all(isinstance(found.get("type"), str) for found in choices_in(after))
    if OAS30Validator(before).is_valid(body):
        assert OAS30Validator(after).is_valid(body)
    elif before.get("type"):
        assert not OAS30Validator(after).is_valid(body)


def read_as(text: str, kind: str) -> Any:
    """Returns the value that a validator reads from a text for this type."""
    if kind in ("integer", "number"):
        return float(text) if "." in text else int(text)
    return {"true": True, "false": False}[text] if kind == "boolean" else text


@pytest.mark.parametrize("text", ["1", "7", "2.5", "true", "abc", ""])
@given(schema=SCHEMAS.filter(lambda schema: "object" not in repr(schema) and "array" not in repr(schema)))
def test_no_text_is_refused_that_some_alternative_accepts(text: str, schema: Schema) -> None:
    def takes(one: Schema) -> bool:
        if "anyOf" in one:
            return any(takes(member) for member in one["anyOf"])
        try:
            return bool(OAS30Validator(one).is_valid(read_as(text, one.get("type", "string"))))
        except (KeyError, ValueError):
            return False

    if takes(to_schema_30(schema)):
        assert takes(reduce_to_one_type(to_schema_30(schema)))


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["integer", "number"], "number"),
        (["integer", "string"], "string"),
        (["boolean", "integer"], "string"),
        (["integer", "integer"], "integer"),
    ],
)
def test_several_types_become_the_one_that_takes_them_all(types: list[str], expected: str) -> None:
    assert reduce_to_one_type({"anyOf": [{"type": name} for name in types]}) == {"type": expected}


def document() -> dict[str, Any]:
    parameters = [
        {"name": "userId", "in": "path", "required": True, "schema": {"type": ["integer", "string"]}},
        {"name": "day", "in": "path", "required": True, "schema": {"type": "string", "format": "date"}},
        {"name": "day", "in": "query", "schema": {"type": "integer"}, "x-census": {"requests": 1}},
        {"name": "ids", "in": "query", "style": "pipeDelimited", "schema": {"type": "array"}},
    ]
    answer = {"responses": {"200": {"description": "ok"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/users/{userId}/r-{day}.json": {"get": {"parameters": parameters, **answer}, "put": answer}
        },
    }


def test_placeholders_are_named_by_place_and_query_parameters_keep_their_names() -> None:
    given_document = document()
    converted = convert_to_profile(given_document, "cloudflare")
    assert converted["openapi"] == "3.0.0"
    assert list(converted["paths"]) == ["/users/{var1}/r-{var2}.json"]
    parameters = converted["paths"]["/users/{var1}/r-{var2}.json"]["get"]["parameters"]
    assert [(p["in"], p["name"]) for p in parameters] == [
        ("path", "var1"), ("path", "var2"), ("query", "day"), ("query", "ids"),
    ]  # fmt: skip
    assert [p["schema"]["type"] for p in parameters] == ["string", "string", "integer", "string"]
    assert "style" not in parameters[3]
    assert parameters[2]["x-census"] == {"requests": 1}
    assert given_document == document()


def test_the_document_is_valid_openapi() -> None:
    converted = convert_to_profile(document(), "cloudflare")
    del converted["paths"]["/users/{var1}/r-{var2}.json"]["put"]  # it does not declare the path parameters
    OpenAPIV30SpecValidator(converted).validate()
    assert to_cloudflare(converted) == converted
