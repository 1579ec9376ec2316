"""Conversion of OpenAPI 3.1.0 to 3.0.3. No Spark.

What the older version cannot express is expressed otherwise, or the schema becomes wider.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS30Validator

from pipelines.openapi.profiles import convert_to_profile, to_openapi_30, to_schema_30

Schema = dict[str, Any]
LEAVES: st.SearchStrategy[Schema] = st.sampled_from(
    [
        {},
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 5},
        {"type": "number", "exclusiveMinimum": 0},
        {"type": ["integer", "null"]},
        {"type": ["integer", "string"]},
        {"type": ["array", "boolean"]},
        {"type": "null"},
        {"type": "boolean"},
        {"const": 3},
        {"const": None},
        {"type": "string", "minLength": 1, "examples": ["a"], "x-census": {"const": 1}},
        {"enum": [1, "a", None]},
    ]
)
GROWN = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda members: {"anyOf": members}),
        st.lists(below, min_size=1, max_size=2).map(lambda members: {"allOf": members}),
        below.map(lambda items: {"type": "array", "items": items}),
        below.map(lambda schema: {"type": "object", "properties": {"const": schema, "type": schema}}),
        st.tuples(LEAVES, st.lists(below, min_size=1, max_size=2)).map(
            lambda pair: {**pair[0], "anyOf": pair[1]}
        ),
    ),
    max_leaves=6,
)
INSTANCES = [
    None,
    True,
    0,
    1,
    3,
    4.5,
    5,
    9,
    "",
    "a",
    [],
    [1],
    [None],
    ["a", True],
    {},
    {"const": 3},
    {"type": None},
]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["integer", "null"]}, {"type": "integer", "nullable": True}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string", "nullable": True}]},
        ),
        (
            {"anyOf": [{"enum": ["a"]}, {"type": "null"}]},
            {"anyOf": [{"enum": ["a", None], "nullable": True}]},
        ),
        (
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null", "x-census": {"n": 3}}]},
            {"anyOf": [{"type": "string", "enum": ["a", None], "nullable": True}]},
        ),
        ({"type": "null"}, {"nullable": True}),
        ({"const": None}, {"nullable": True}),
        ({"const": 3}, {"enum": [3]}),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        (
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        ),
        ({"type": "integer", "exclusiveMinimum": 0, "minimum": 5}, {"type": "integer", "minimum": 5}),
        ({"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "string", "x-census": {"const": 1}}, {"type": "string", "x-census": {"const": 1}}),
        ({"$schema": "x", "if": {}, "then": {}, "type": "string"}, {"type": "string"}),
        (
            {"type": "object", "additionalProperties": False},
            {"type": "object", "additionalProperties": False},
        ),
    ],
)
def test_keyword_of_3_1_is_expressed_in_keywords_of_3_0(schema: Schema, expected: Schema) -> None:
    assert to_schema_30(schema) == expected


@given(GROWN)
def test_converted_schema_accepts_all_that_the_original_accepts(schema: Schema) -> None:
    old = OAS30Validator(to_schema_30(schema))
    new = Draft202012Validator(schema)
    refused = [instance for instance in INSTANCES if new.is_valid(instance) and not old.is_valid(instance)]
    assert refused == []


@given(GROWN)
def test_conversion_leaves_its_argument_alone(schema: Schema) -> None:
    before = repr(schema)
    to_schema_30(schema)
    assert repr(schema) == before


def test_document_loses_what_3_0_does_not_know_and_keeps_extensions() -> None:
    document = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "x",
        "info": {"title": "t", "version": "1", "summary": "s"},
        "paths": {
            "/schema": {
                "get": {"parameters": [{"schema": {"const": 1}}], "x-census": {"schema": {"const": 1}}}
            }
        },
        "webhooks": {},
        "components": {"schemas": {"schema": {"type": ["string", "null"]}}},
    }
    assert to_openapi_30(document) == {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/schema": {
                "get": {"parameters": [{"schema": {"enum": [1]}}], "x-census": {"schema": {"const": 1}}}
            }
        },
        "components": {"schemas": {"schema": {"type": "string", "nullable": True}}},
    }
    assert convert_to_profile(document, "openapi-3.1") is document
    assert convert_to_profile(document, "openapi-3.0") == to_openapi_30(document)
