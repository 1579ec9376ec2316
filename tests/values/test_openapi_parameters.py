"""Parameter Objects: locations, list styles, objects in the query. No Spark.

Files of multipart bodies as well; the documents are valid OpenAPI.
"""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from pipelines.openapi.document import build_document
from pipelines.openapi.endpoint import Parameter
from pipelines.openapi.profiles import convert_to_profile
from tests.values.test_openapi_document import ORIGIN, endpoint

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}


def operation(*parameters: Parameter, profile: Any = "openapi-3.1") -> dict[str, Any]:
    """Returns the operation of an endpoint with these parameters.

    The document is valid in its version.
    """
    built = build_document(
        "a.example", [endpoint("POST", "/x", learned_from=10, parameters=parameters)], ORIGIN
    )
    OpenAPIV31SpecValidator(built).validate()
    OpenAPIV30SpecValidator(convert_to_profile(built, "cloudflare")).validate()
    found: dict[str, Any] = convert_to_profile(built, profile)["paths"]["/x"]["post"]
    return found


def query(name: str, schema: dict[str, Any] = TEXT, required: bool = False) -> Parameter:
    return Parameter("query", name, schema, required, 5)


@pytest.mark.parametrize(
    ("rule", "style"),
    [("comma-list", "form"), ("pipe-list", "pipeDelimited"), ("space-list", "spaceDelimited")],
)
def test_lists_have_the_style_of_their_separator(rule: str, style: str) -> None:
    schema = {"type": "array", "items": TEXT, "x-census": {"rule": rule}}
    (parameter,) = operation(query("ids", schema))["parameters"]
    assert (parameter["style"], parameter["explode"]) == (style, False)


def test_members_of_an_object_are_one_parameter() -> None:
    sent = [
        query("a"),
        query("filter[age]", WHOLE),
        query("filter[name]", required=True),
        query("ids[]"),
        query("m[0]"),
    ]
    parameters = operation(*sent)["parameters"]
    assert [one["name"] for one in parameters] == ["a", "filter", "ids[]", "m[0]"]
    assert parameters[1] == {
        "name": "filter", "in": "query", "required": True, "style": "deepObject", "explode": True,
        "schema": {"type": "object", "properties": {"age": WHOLE, "name": TEXT}, "required": ["name"]},
        "x-census": {"requests": 5, "share": 0.5},
    }  # fmt: skip


def test_members_stay_separate_next_to_a_parameter_of_the_same_name_and_where_they_are_deeper() -> None:
    sent = [query("f"), query("f[a]"), query("g[a][b]")]
    assert [one["name"] for one in operation(*sent)["parameters"]] == ["f", "f[a]", "g[a][b]"]


def test_cloudflare_gets_members_apart() -> None:
    sent = [query("filter[age]", WHOLE), query("filter[name]", required=True)]
    parameters = operation(*sent, profile="cloudflare")["parameters"]
    assert [(one["name"], one["schema"]["type"], one["required"]) for one in parameters] == [
        ("filter[age]", "integer", False),
        ("filter[name]", "string", True),
    ]
    assert not any("style" in one for one in parameters)


def test_headers_and_cookies_are_parameters() -> None:
    sent = [Parameter("header", "x-version", TEXT, True, 10), Parameter("cookie", "sid", TEXT, False, 4)]
    found = [(one["in"], one["name"], one["required"]) for one in operation(*sent)["parameters"]]
    assert found == [("cookie", "sid", False), ("header", "x-version", True)]


def test_parts_of_a_multipart_body_are_properties_and_files_are_binary() -> None:
    several = {"type": "array", "items": TEXT}
    sent = [
        Parameter("part", "title", TEXT, True, 10),
        Parameter("part", "doc", TEXT, False, 1),
        Parameter("file", "doc", TEXT, False, 9),
        Parameter("file", "pages", several, False, 9),
    ]
    (media, content), *rest = operation(*sent)["requestBody"]["content"].items()
    binary = {"type": "string", "format": "binary"}
    assert (media, rest) == ("multipart/form-data", [])
    assert content["schema"] == {
        "type": "object",
        "properties": {"doc": binary, "pages": {"type": "array", "items": binary}, "title": TEXT},
        "required": ["title"],
    }
