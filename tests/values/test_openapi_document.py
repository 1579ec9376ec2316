"""Documents are valid OpenAPI whatever the traffic was. No Spark.

Nothing is lost, and the order of endpoints has no influence.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from pipelines.openapi.document import CLIENT, Document, Origin, build_document
from pipelines.openapi.endpoint import Endpoint, Parameter, endpoint_from_row
from pipelines.openapi.profiles import to_openapi_30
from tests import strategies

START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, 12, tzinfo=UTC)
ORIGIN = Origin(version="1.0", variant="ml")
SCHEMAS = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer", "format": "int32", "x-census": {"n": 5}},
        {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 0}]},
        {"type": "array", "items": {"type": "string", "format": "uuid"}},
        {"type": "string", "pattern": "^[0-9a-fA-F]{24}$"},
    ]
)
PARAMETERS = st.lists(
    st.builds(
        Parameter,
        st.sampled_from(["path", "query", "header", "cookie", "form", "part", "file"]),
        strategies.names | st.sampled_from(["f", "f[a]", "f[b]", "f[a][b]", "f[]", "f[0]"]),
        SCHEMAS,
        st.booleans(),
        st.integers(0, 9),
    ),
    max_size=4,
)
ENDPOINTS = st.builds(
    Endpoint,
    host=st.just("a.example"),
    method=strategies.methods,
    path_template=strategies.path_templates,
    requests=st.integers(1, 1000),
    clients=st.integers(1, 9),
    first_seen=st.just(START),
    last_seen=st.datetimes(datetime(2026, 6, 1), datetime(2026, 7, 1)).map(
        lambda moment: moment.replace(tzinfo=UTC)
    ),
    probability=st.none() | st.floats(0, 1),
    schemes=st.sampled_from([(), ("http",), ("http", "https"), ("ws",)]),
    statuses=st.dictionaries(
        st.sampled_from(["2XX", "3XX", "404", "5XX", "6XX", "x"]), st.integers(1, 9), max_size=3
    ),
    learned_from=st.integers(0, 9),
    parameters=PARAMETERS.map(tuple),
)


def endpoint(method: str, path_template: str, requests: int = 10, **rest: Any) -> Endpoint:
    return Endpoint(
        "a.example", method, path_template, requests, 2, START, END, statuses={"2XX": requests}, **rest
    )


def validated_document(*endpoints: Endpoint) -> Document:
    """Returns the document of the endpoints, validated in both versions."""
    built = build_document("a.example", endpoints, ORIGIN)
    OpenAPIV31SpecValidator(built).validate()
    OpenAPIV30SpecValidator(to_openapi_30(built)).validate()
    return built


def operations(built: Document) -> list[tuple[str, str, dict[str, Any]]]:
    """Returns (path, method, operation), including methods unknown to OpenAPI."""
    listed = []
    for path, item in built["paths"].items():
        others = item.get("x-census-methods", {})
        known = {field.upper(): value for field, value in item.items() if field != "x-census-methods"}
        listed += [(path, method, operation) for method, operation in {**known, **others}.items()]
    return listed


@settings(max_examples=60)
@given(strategies.hosts, st.lists(ENDPOINTS, min_size=1, max_size=5))
def test_document_is_valid_openapi_whatever_the_traffic_was(host: str, endpoints: list[Endpoint]) -> None:
    built = build_document(host, endpoints, ORIGIN)
    OpenAPIV31SpecValidator(built).validate()
    OpenAPIV30SpecValidator(to_openapi_30(built)).validate()


@settings(max_examples=60)
@given(st.lists(ENDPOINTS, min_size=1, max_size=6), st.randoms())
def test_order_of_endpoints_does_not_change_the_document(endpoints: list[Endpoint], random: Any) -> None:
    distinct = list({(one.method, one.path_template): one for one in endpoints}.values())
    shuffled = random.sample(distinct, len(distinct))
    assert build_document("h", shuffled, ORIGIN) == build_document("h", distinct, ORIGIN)


@settings(max_examples=60)
@given(st.lists(ENDPOINTS, min_size=1, max_size=6))
def test_no_request_is_lost_and_no_operation_id_is_used_twice(endpoints: list[Endpoint]) -> None:
    listed = operations(build_document("h", endpoints, ORIGIN))
    assert sum(op["x-census"]["requests"] for _, _, op in listed) == sum(one.requests for one in endpoints)
    ids = [op["operationId"] for _, _, op in listed]
    assert len(set(ids)) == len(ids)


def test_templates_that_differ_by_names_only_become_one_path_named_by_the_busiest() -> None:
    number, text = {"type": "integer"}, {"type": "string"}
    built = validated_document(
        endpoint(
            "GET", "/users/{id}", 5, learned_from=5, parameters=(Parameter("path", "id", text, True, 5),)
        ),
        endpoint(
            "GET",
            "/users/{userId}",
            50,
            learned_from=50,
            parameters=(Parameter("path", "userId", number, True, 50),),
        ),
        endpoint("POST", "/users/{name}", 1, parameters=(Parameter("path", "name", number, True, 1),)),
    )
    ((path, item),) = built["paths"].items()
    assert path == "/users/{userId}"
    assert item["get"]["parameters"][0]["schema"] == {"anyOf": [number, text]}
    assert item["get"]["x-census"]["requests"] == 55
    assert item["get"]["x-census"]["merged_templates"] == ["/users/{id}", "/users/{userId}"]
    assert [parameter["name"] for parameter in item["post"]["parameters"]] == ["userId"]
    assert item["post"]["x-census"]["merged_templates"] == ["/users/{name}"]


def test_placeholder_without_a_learned_schema_is_still_a_parameter() -> None:
    (_, _, operation), *_ = operations(validated_document(endpoint("GET", "/a/{x}/b/{x}")))
    assert [(p["name"], p["in"], p["required"], p["schema"]) for p in operation["parameters"]] == [
        ("x", "path", True, {"type": "string"}),
        ("x2", "path", True, {"type": "string"}),
    ]


def test_literal_braces_and_characters_that_no_uri_has_are_encoded() -> None:
    built = validated_document(endpoint("GET", "/a{ b}/100%/é?#"))
    assert list(built["paths"]) == ["/a%7B%20b%7D/100%25/%C3%A9%3F%23"]


def test_methods_that_openapi_does_not_know_are_kept_next_to_the_others() -> None:
    built = validated_document(endpoint("CONNECT", "/a"), endpoint("GET", "/a"), endpoint("get", "/b"))
    assert set(built["paths"]["/a"]) == {"get", "x-census-methods"}
    assert set(built["paths"]["/a"]["x-census-methods"]) == {"CONNECT"}
    assert set(built["paths"]["/b"]) == {"x-census-methods"}  # methods are case-sensitive (RFC 9110 s. 9.1)


def test_servers_are_the_schemes_that_were_seen_and_https_where_none_was() -> None:
    assert build_document("a.example:8443", [endpoint("GET", "/")], ORIGIN)["servers"] == [
        {"url": "https://a.example:8443"}
    ]
    both = [endpoint("GET", "/", schemes=("http",)), endpoint("GET", "/b", schemes=("https", "ws"))]
    assert build_document("a.example", both, ORIGIN)["servers"] == [
        {"url": "https://a.example"},
        {"url": "http://a.example"},
    ]
    assert build_document("{evil}/x", [endpoint("GET", "/")], ORIGIN)["servers"] == [
        {"url": "https://%7Bevil%7D%2Fx"}
    ]


def test_document_says_where_it_comes_from() -> None:
    built = build_document("a.example", [endpoint("GET", "/")], replace(ORIGIN, merged_hosts=("b.example",)))
    assert built["x-census"] == {
        "generator": {"name": "API Census", "version": "1.0"},
        "variant": "ml",
        "window": {"first_seen": "2026-06-01T00:00:00Z", "last_seen": "2026-06-02T12:00:00Z"},
        "transactions": 10,
        "endpoints": 1,
        "client": CLIENT,
        "hosts": ["a.example", "b.example"],
    }


def test_title_of_a_hostile_host_shows_no_control_character() -> None:
    title = build_document("\u202e\0evil\n" + "x" * 999, [endpoint("GET", "/")], ORIGIN)["info"]["title"]
    assert title.isprintable()
    assert len(title) <= 200


def test_parameters_carry_their_presence_and_secrets_are_no_different() -> None:
    query = Parameter("query", "q", {"type": "string"}, False, 3)
    (_, _, operation), *_ = operations(
        validated_document(endpoint("GET", "/s", learned_from=4, parameters=(query,)))
    )
    assert operation["parameters"] == [
        {
            "name": "q",
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "x-census": {"requests": 3, "share": 0.75},
        }
    ]


def test_answers_of_no_known_class_are_counted_as_default() -> None:
    (_, _, operation), *_ = operations(
        validated_document(replace(endpoint("GET", "/s"), statuses={"2XX": 8, "999": 2}))
    )
    assert operation["responses"] == {
        "2XX": {"description": "8 of 10 responses seen"},
        "default": {"description": "2 of 10 responses seen"},
    }


def test_endpoint_is_read_from_rows_of_the_tables() -> None:
    row = {
        "host": "a.example",
        "method": "GET",
        "path_template": "/u/{id}",
        "requests": 12,
        "successful": 8,
        "redirects": 1,
        "not_modified": 1,
        "client_errors": 2,
        "server_errors": 0,
        "clients": 3,
        "probability": 0.9,
        "first_seen": datetime(2026, 6, 1),
        "last_seen": datetime(2026, 6, 2),
        "state": "new",
        "schema": {
            "requests": 7,
            "left_out": 1,
            "parameters": [
                {
                    "location": "path",
                    "name": "id",
                    "required": True,
                    "requests": 7,
                    "schema": '{"type":"integer"}',
                }
            ],
        },
    }
    known = endpoint_from_row(row)
    assert known.statuses == {"2XX": 8, "3XX": 1, "304": 1, "4XX": 2}
    assert known.parameters == (Parameter("path", "id", {"type": "integer"}, True, 7),)
    assert (known.learned_from, known.left_out) == (7, 1)
    assert endpoint_from_row({**row, "schema": None}).statuses == known.statuses
    validated_document(known)


def test_document_without_endpoints_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one endpoint"):
        build_document("a.example", [], ORIGIN)
