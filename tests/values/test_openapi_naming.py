"""Names in documents: paths, operation ids and tags. No Spark.

They are unique and the same from run to run.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given

from pipelines.http.path_template import make_names_unique, parse_template
from pipelines.openapi.document import Origin, build_document, operation_id, tag_of
from pipelines.openapi.endpoint import Endpoint
from tests import strategies

MOMENT = datetime(2026, 6, 1, tzinfo=UTC)


def ids(*paths: str) -> set[str]:
    """Returns the operation ids of a document of GET endpoints at `paths`."""
    endpoints = [Endpoint("a.example", "GET", path, 1, 1, MOMENT, MOMENT) for path in paths]
    items = build_document("a.example", endpoints, Origin("1", "ml"))["paths"].values()
    return {item["get"]["operationId"] for item in items}


@given(strategies.path_templates)
def test_path_is_a_uri_path_with_braces_around_parameters_only(path_template: str) -> None:
    template = parse_template(path_template)
    names = make_names_unique(template.names)
    assert len(set(names)) == len(names)
    path = template.path(names)
    assert path.startswith("/")
    assert re.sub(r"\{[^{}]*\}", "", path).translate(str.maketrans("", "", "{}")) == re.sub(
        r"\{[^{}]*\}", "", path
    )
    assert re.fullmatch(r"(?:[A-Za-z0-9/:@!$&'()*+,;=~._-]|%[0-9A-Fa-f]{2}|\{[A-Za-z0-9_.-]+\})*", path)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", "get"),
        ("GET", "/users", "get_users"),
        ("GET", "/users/{userId}/order-items", "get_users_by_userId_orderItems"),
        ("DELETE", "/v1/users/{id}", "delete_v1_users_by_id"),
    ],
)
def test_operation_id_reads_like_the_path(method: str, path: str, expected: str) -> None:
    assert operation_id(method, path) == expected


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/users/{id}", "/users/by/id"),
        ("/order-items", "/orderItems"),
        ("/order_items", "/order/items"),
        ("/users", "/users/"),
        ("/a-1", "/a1"),
        ("/Users", "/users"),
        ("/" + "a" * 200, "/" + "a" * 201),
    ],
)
def test_paths_that_look_alike_get_different_operation_ids(path: str, other: str) -> None:
    assert operation_id("GET", path) != operation_id("GET", other)


def test_operation_id_does_not_change_when_other_endpoints_come() -> None:
    alone = ids("/order_items")
    among = ids("/order_items", "/order/items")
    assert alone < among


def test_path_made_up_to_hit_the_operation_id_of_another_gets_its_own() -> None:
    victims = ((path, operation_id("GET", path)) for path in (f"/order_items{n}" for n in range(1000)))
    path, taken = next((path, taken) for path, taken in victims if taken[-10].isalpha())
    attack = path.replace("_", "-") + "/" + taken[-10:]
    assert operation_id("GET", attack) == taken
    assert len(ids(path, attack)) == 2


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/{id}", "users"),
        ("/api/v2.1/orders", "orders"),
        ("/{tenant}/users", "users"),
        ("/api/{id}.json", None),
        ("/", None),
    ],
)
def test_tag_is_the_first_segment_that_says_something(path: str, expected: str | None) -> None:
    assert tag_of(parse_template(path)) == expected
