"""Objects whose member names are data are learned as a map.

One schema of the values, a pattern of the names, and no name anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines.http.value_formats import BY_KIND, detect_kind
from pipelines.openapi.endpoint import Parameter
from pipelines.openapi.parameters import parameter_objects
from pipelines.openapi.profiles import to_schema_30
from pipelines.openapi.request_body import build_request_body
from pipelines.requests.json_body import read_json_values
from pipelines.requests.parameter_names import anonymise_key, is_member_name, is_name
from pipelines.requests.urlencoded import parameter_name
from pipelines.runtime.settings import load_settings
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.json_schema import to_json_schema
from pipelines.schemas.validation.backtest import run_backtest
from tests import strategies
from tests.oracles.parameter_state import ParameterState, observe
from tests.oracles.requests import Request, observe_request

SETTINGS: SchemaSettings = load_settings().schemas
DAY = date(2026, 6, 1)
DATA = [
    "2026-11-03", "2026-11", "2026-W07", "10:30", "12345", "4711-2", "anna.maier@example.com", "+49 170 1234567",
    "(030) 123-4567", "0170/1234567", "550e8400-e29b-41d4-a716-446655440000", "user:550e8400-e29b-41d4-a716-446655440000",
    '{"sku": 1}', "[1,2]", "10.0.0.7", "https://a.example/x", "order-2026-11-03",
    "507f1f77bcf86cd799439011", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "2026-11-03T10:00:00Z", "mailto:anna@example.com", "c/o anna@example.com <x>",
]  # fmt: skip
NAMES = [
    "name", "Address Line 2", "userAccountId", "sha256", "@type", "$ref", "xml:lang", "my_ID", "x-api-version", "größe", "a.b",
    "oauth2_scope1", "is_true", "utf8mb4", "", "H264Profile", "ip_v4",
]  # fmt: skip


def learn_parameters(requests: Iterable[tuple[str, Request]]) -> list[Parameter]:
    """Learns parameters from requests of clients.

    Inferred without Spark, as `learn` infers them.
    """
    states: dict[tuple[str, str], ParameterState] = {}
    for client, request in requests:
        for location, name, value, json_type, is_first in observe_request(request):
            one = observe(value, client, DAY, is_first=is_first, json_type=json_type)
            states[location, name] = states.get((location, name), ParameterState()) + one
    evidence = {place: state.evidence() for place, state in states.items() if place[0] != "media"}
    result = run_backtest({Split.WHOLE.value: evidence}, SETTINGS)
    return [
        Parameter(*place, to_json_schema(one.inferred), one.is_required, one.inferred.evidence.requests)
        for place, one in sorted(result.parameters.items())
    ]


def learn_from_bodies(bodies: Iterable[Any]) -> list[Parameter]:
    return learn_parameters(
        (f"client {number % 40}", Request("/", "/", None, "application/json", json.dumps(body)))
        for number, body in enumerate(bodies)
    )


def schema_of(parameters: list[Parameter]) -> dict[str, Any]:
    built = build_request_body(parameters)
    assert built is not None
    schema: dict[str, Any] = built["content"]["application/json"]["schema"]
    return schema


def day(number: int) -> str:
    return f"2026-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"


@pytest.mark.parametrize("text", DATA)
def test_data_are_not_names(text: str) -> None:
    assert not is_member_name(text)
    [leaf] = [leaf for leaf in read_json_values(json.dumps({text: True})) if leaf.json_type == "boolean"]
    assert leaf.name == "/{}"


@pytest.mark.parametrize("text", NAMES)
def test_names_are_names(text: str) -> None:
    assert is_member_name(text)
    assert is_name(text) or text == ""


@given(st.text() | st.sampled_from([*DATA, *NAMES, *strategies.HOSTILE]))
def test_what_is_kept_of_a_key_has_its_kind_and_reveals_nothing_else(key: str) -> None:
    kept = anonymise_key(key)
    assert detect_kind(kept) == detect_kind(key[:128])
    assert set(kept) <= set('zU0-_.+ é",a|3rduetcnok:/AeyJT12Z5@')
    assert anonymise_key(kept) == kept or kept in {"true", "3", "-3"} or len(kept) == len(key[:128])


def test_a_stand_in_is_known_for_each_kind() -> None:
    assert {detect_kind(anonymise_key(text)) for text in [*DATA, *NAMES]} <= set(BY_KIND)


def test_a_map_of_dates_is_one_schema_with_a_pattern_of_its_names() -> None:
    bodies = [
        {"prices": {day(number + more): {"amount": more + 1} for more in range(3)}} for number in range(400)
    ]
    parameters = learn_from_bodies(bodies)
    assert [one.name for one in parameters if one.location == "body"] == [
        "",
        "/prices",
        "/prices/{}",
        "/prices/{}/amount",
    ]
    prices = schema_of(parameters)["properties"]["prices"]
    assert "properties" not in prices
    assert "required" not in prices
    assert prices["additionalProperties"]["properties"]["amount"]["type"] == "integer"
    validator = Draft202012Validator(schema_of(parameters))
    assert all(map(validator.is_valid, bodies))
    assert validator.is_valid({"prices": {"2031-01-31": {"amount": 2}}})
    assert validator.is_valid({"prices": {}})
    assert not validator.is_valid({"prices": {"2031-01-31": {"amount": "2"}}})
    assert not validator.is_valid({"prices": {"anna@example.com": {"amount": 2}}})
    assert len(json.dumps(schema_of(parameters))) < 6_000
    older = to_schema_30(prices)
    assert older["additionalProperties"]["properties"]["amount"]["type"] == "integer"
    assert not older.keys() & {"propertyNames", "patternProperties"}


def test_people_are_in_no_name_of_any_document() -> None:
    people = [f"person{number}.maier@example.com" for number in range(24)]
    numbers = [f"+49 170 {1234567 + number}" for number in range(41)]
    bodies = [{"invited": {person: True}, "phones": {number: "x"}} for person in people for number in numbers]
    forms = (
        Request(
            "/",
            "/",
            f"filter[{person}]=1&{person}=2",
            "application/x-www-form-urlencoded",
            f"to[{person}]=1&{person}=1",
        )
        for person in people
    )
    parameters = [*learn_from_bodies(bodies), *learn_parameters(("c", form) for form in forms)]
    rendered = (
        repr(parameters) + repr(build_request_body(parameters)) + repr(parameter_objects(parameters, 10))
    )
    assert "maier" not in rendered
    assert "12345" not in rendered


@pytest.mark.parametrize(("name", "is_closed"), [("size", True), ("nick_names", False), ("passwords", False)])
def test_items_and_entries_of_personal_or_secret_members_never_become_enums(
    name: str, is_closed: bool
) -> None:
    bodies = [{name: ["red", "blue"], "more": {name: {day(number): "red"}}} for number in range(400)]
    requests = (Request("/", "/", None, "application/json", json.dumps(body)) for body in bodies)
    found = {
        one.name: one.schema
        for one in learn_parameters(
            (f"client {number % 60}", request) for number, request in enumerate(requests)
        )
        if one.location == "body"
    }
    assert ("enum" in found[f"/{name}/*"], "enum" in found[f"/more/{name}/{{}}"]) == (is_closed, is_closed)


def test_names_and_keys_side_by_side_leave_other_names_alone() -> None:
    bodies = [{"total": 5, day(number): 1.5, day(number + 1): 2.5} for number in range(200)]
    validator = Draft202012Validator(schema_of(learn_from_bodies(bodies)))
    assert all(map(validator.is_valid, bodies))
    assert validator.is_valid({"total": 5, "note": "x"})
    assert not validator.is_valid({"total": 5, "2030-01-01": "x"})


@pytest.mark.parametrize(
    ("sent", "learned_as"),
    [
        ("items[0][qty]", "items[*][qty]"), ("items[12]", "items[*]"), ("ids[]", "ids[]"), ("filter[name]", "filter[name]"),
        ("filter[2026-11-03]", "filter[{}]"), ("a[anna@example.com][x]", "a[{}][x]"), ("a[12345678]", "a[{}]"), ("[1]", "[1]"),
        ("anna@example.com[x]", None), ("", None), ("+491701234567", None), ("_1732545100", None), ("2024", "2024"),
    ],
)  # fmt: skip
def test_an_index_is_a_place_and_a_datum_in_brackets_a_key(sent: str, learned_as: str | None) -> None:
    assert parameter_name(sent) == learned_as


def test_indexed_fields_are_one_optional_array() -> None:
    requests = (
        (f"c{number % 40}", Request("/", "/", f"items[0][qty]={number}&items[1][qty]=2&items[2][qty]=3"))
        for number in range(8000)
    )
    [one] = [one for one in learn_parameters(requests) if one.location == "query"]
    assert (one.name, one.schema["type"], one.schema["items"]["type"]) == (
        "items[*][qty]",
        "array",
        "integer",
    )
    [written] = parameter_objects([one], 8000)
    assert not written["required"]
