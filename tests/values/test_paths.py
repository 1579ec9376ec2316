"""Typed segments and names of placeholders."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.http.segment_formats import LITERAL, SEGMENT_FORMATS, VARIABLE, detect_segment_format
from pipelines.paths.placeholder_names import derive_name, name_placeholders, singularise


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("42", "integer"),
        ("-7", "integer"),
        ("7f577081-7003-451e-9abe-eb2e8a0f103d", "uuid"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid"),
        ("507f1f77bcf86cd799439011", "hex"),
        ("2024-05-31", "date"),
        ("2024-05-31T12:00:00Z", "datetime"),
        ("ann@mail.example", "email"),
        ("ann%40mail.example", "email"),
        ("52.5200,13.4050", "coordinates"),
        ("id12345-abc", "mixed"),
        ("users", None),
        ("deadbeefdeadbeef", None),  # letters only: its format does not distinguish it from a word
        ("me", None),
        ("v2", None),
        ("", None),
        ("oauth2", None),
        ("a" * 5000, None),
    ],
)
def test_format_of_a_segment(segment: str, expected: str | None) -> None:
    assert detect_segment_format(segment) == expected


@pytest.mark.parametrize("version", ["v1", "v2.1", "2015-05-01-preview", "2024-01-01"])
def test_versions_are_literals(version: str) -> None:
    assert re.match(LITERAL, version)


@given(st.text(max_size=80))
def test_the_joined_pattern_takes_what_some_recogniser_takes(segment: str) -> None:
    assert (detect_segment_format(segment) is not None) == (re.fullmatch(VARIABLE[1:-1], segment) is not None)


def test_every_recogniser_names_its_source() -> None:
    assert all(recogniser.source for recogniser in SEGMENT_FORMATS)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("/users/{}", "/users/{userId}"),
        ("/users/{}/friends/{}", "/users/{userId}/friends/{friendId}"),
        ("/users/{}/users/{}", "/users/{userId}/users/{userId2}"),
        ("/users/{}/{}", "/users/{userId}/{userId2}"),
        ("/api/v1/{}", "/api/v1/{id}"),
        ("/v1/categories/{}", "/v1/categories/{categoryId}"),
        ("/v1/addresses/{}", "/v1/addresses/{addressId}"),
        ("/user-groups/{}", "/user-groups/{userGroupId}"),
        ("/UserGroups/{}", "/UserGroups/{userGroupId}"),
        ("/news/{}.json", "/news/{newsId}.json"),
        ("/{}", "/{id}"),
        ("/", "/"),
        ("/people/{}", "/people/{personId}"),
        ("/%D0%BF/{}", "/%D0%BF/{d0BfId}"),
    ],
)
def test_placeholders_are_named_by_the_literal_before(shape: str, expected: str) -> None:
    assert name_placeholders(shape) == expected


@given(st.lists(st.sampled_from(["users", "orders", "{}", "v1", "{}.json", "Ünï", "2x"]), max_size=8))
def test_names_are_unique_within_the_path_and_nothing_else_changes(segments: list[str]) -> None:
    shape = "/" + "/".join(segments)
    template = name_placeholders(shape)
    names = re.findall(r"\{([^}]*)\}", template)
    assert len(set(names)) == len(names) == shape.count("{}")
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) for name in names)
    assert re.sub(r"\{[^}]*\}", "{}", template) == shape


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("users", "user"),
        ("boxes", "box"),
        ("status", "status"),
        ("class", "class"),
        ("cities", "city"),
        ("houses", "house"),
    ],
)
def test_singular(plural: str, one: str) -> None:
    assert singularise(plural) == one


def test_a_name_is_cut_to_a_readable_length() -> None:
    assert len(derive_name("x" * 500)) <= 42
