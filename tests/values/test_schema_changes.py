"""Changes of schemas: no breaking change is missed, equal schemas do not differ.

A change that widens a schema in one direction narrows it in the other.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.changes.schema_changes import (
    Difference,
    SchemaVersion,
    carry_over,
    compare_versions,
    find_differences,
)
from pipelines.changes.schema_inclusion import contains
from pipelines.openapi.endpoint import Parameter
from tests import schema_pairs
from tests.schema_pairs import BODY_VALUES, URL_VALUES, JsonSchema, fits_url, is_valid

SWAPPED = {"widened": "narrowed", "narrowed": "widened", "changed": "changed"}
INT: JsonSchema = {"type": "integer", "format": "int32"}
WORD: JsonSchema = {"type": "string", "maxLength": 64, "pattern": "^[a-zA-Z0-9_.-]*$"}
COMMA = {"rule": "comma-list"}


@settings(max_examples=400)
@given(schema_pairs.url_pairs)
def test_what_does_not_narrow_accepts_every_text_that_was_accepted(
    pair: tuple[JsonSchema, JsonSchema],
) -> None:
    old, new = pair
    if all(each.effect == "widened" for each in find_differences(old, new, in_url=True)):
        assert [value for value in URL_VALUES if fits_url(old, value) and not fits_url(new, value)] == []


@settings(max_examples=400)
@given(schema_pairs.body_pairs)
def test_what_does_not_narrow_accepts_every_member_that_was_accepted(
    pair: tuple[JsonSchema, JsonSchema],
) -> None:
    old, new = pair
    if all(each.effect == "widened" for each in find_differences(old, new, in_url=False)):
        assert [value for value in BODY_VALUES if is_valid(old, value) and not is_valid(new, value)] == []


@given(schema_pairs.in_url, st.booleans())
def test_equal_schemas_are_not_a_change(schema: JsonSchema, in_url: bool) -> None:
    assert contains(schema, schema, in_url)
    assert find_differences(schema, schema, in_url) == []


@given(schema_pairs.url_pairs, st.booleans())
def test_widened_one_way_is_narrowed_the_other(pair: tuple[JsonSchema, JsonSchema], in_url: bool) -> None:
    old, new = pair
    there = [
        (each.keyword, each.before, each.after, SWAPPED[each.effect])
        for each in find_differences(old, new, in_url)
    ]
    back = [
        (each.keyword, each.after, each.before, each.effect) for each in find_differences(new, old, in_url)
    ]
    assert there == back


CASES: list[tuple[str, JsonSchema, JsonSchema, list[tuple[str, str]]]] = [
    ("wider range", {**INT, "maximum": 100}, {**INT, "maximum": 1000}, [("maximum", "widened")]),
    ("a range where none was", INT, {**INT, "maximum": 1000}, [("maximum", "narrowed")]),
    ("64 bits", INT, {"type": "integer", "format": "int64"}, [("format", "widened")]),
    ("fractions", INT, {"type": "number"}, [("type", "widened")]),
    ("texts beside numbers", INT, WORD, [("type", "widened")]),
    ("only numbers of texts", WORD, INT, [("type", "narrowed")]),
    ("another form", {"type": "string", "format": "uuid"}, {"type": "string", "format": "date"}, [("format", "changed")]),
    ("any word beside UUIDs", {"type": "string", "format": "uuid"}, WORD, [("format", "widened")]),
    ("one more value", {"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a", "b"]}, [("enum", "widened")]),
    ("an open set", {"type": "string", "enum": ["a"]}, WORD, [("enum", "widened")]),
    ("an open set without an old value", {"type": "string", "enum": ["a b"]}, WORD,
     [("enum", "widened"), ("maxLength", "narrowed"), ("pattern", "narrowed")]),
    ("one more form", INT, {"anyOf": [INT, {"type": "string", "format": "uuid"}]}, [("type", "widened")]),
    ("in one of two forms", {"anyOf": [{**INT, "maximum": 9}, WORD]}, {"anyOf": [{**INT, "maximum": 99}, WORD]}, []),
    ("lists of what it was", INT, {"type": "array", "items": INT, "x-census": COMMA}, [("type", "widened")]),
    ("lists of more", {"type": "array", "items": {**INT, "maximum": 9}, "x-census": COMMA},
     {"type": "array", "items": INT, "x-census": COMMA}, [("items/maximum", "widened")]),
    ("names repeated in place of commas", {"type": "array", "items": INT, "x-census": COMMA},
     {"type": "array", "items": INT}, [("type", "changed")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_changes_of_one_value_are_named_by_keyword(
    old: JsonSchema, new: JsonSchema, expected: list[tuple[str, str]]
) -> None:
    assert [(each.keyword, each.effect) for each in find_differences(old, new, in_url=True)] == expected


def test_in_a_body_a_string_is_not_a_number() -> None:
    [only] = find_differences(INT, WORD, in_url=False)
    assert (only.keyword, only.before, only.after, only.effect) == ("type", "integer", "string", "changed")


def probe_of(old: JsonSchema, new: JsonSchema) -> Any:
    """Returns the probe of the only difference that does not narrow the schema."""
    [only] = [each for each in find_differences(old, new, in_url=True) if each.effect != "narrowed"]
    assert isinstance(only, Difference)
    return only.probe


def test_probes_say_which_values_the_old_schema_refused() -> None:
    assert probe_of({**INT, "maximum": 100}, INT).above == 100
    assert probe_of({**INT, "minimum": 0}, INT).below == 0
    assert probe_of(INT, {"type": "integer", "format": "int64"}).above == 2**31 - 1
    assert probe_of({"type": "string", "enum": ["a"]}, WORD).known == ("a",)
    value_kinds = probe_of(INT, WORD).kinds
    assert {"text", "uuid", "number"} <= set(value_kinds)
    assert {"integer", "unix-seconds"} & set(value_kinds) == set()
    classes = probe_of({"type": "string", "pattern": "^[a-z]*$"}, WORD).classes
    assert 0 not in classes
    assert 1 in classes  # upper case


def parameter(location: str, name: str, schema: JsonSchema, *, required: bool = False) -> Parameter:
    return Parameter(location, name, schema, required, 1)


def change_tuples(old: list[Parameter], new: list[Parameter]) -> list[tuple[str, str, str, bool]]:
    """Returns the differences between two versions as tuples."""
    changes = compare_versions(SchemaVersion(tuple(old)), SchemaVersion(tuple(new)))
    return [(each.kind, each.name, each.keyword, each.is_breaking) for each in changes]


def test_parameters_come_go_and_become_required() -> None:
    a, b = parameter("query", "a", INT), parameter("query", "b", INT)
    must = parameter("query", "a", INT, required=True)
    assert change_tuples([a], [a, b]) == [("parameter-new", "b", "", False)]
    assert change_tuples([a, b], [a]) == [("parameter-removed", "b", "", True)]
    assert change_tuples([], [must]) == [("parameter-new", "a", "", True)]
    assert change_tuples([a], [must]) == [("narrowed", "a", "required", True)]
    assert change_tuples([must], [a]) == [("widened", "a", "required", False)]
    assert change_tuples([a], [parameter("query", "a", {**INT, "maximum": 9})]) == [
        ("narrowed", "a", "maximum", True)
    ]


def test_a_required_member_breaks_nobody_where_its_object_is_new_too() -> None:
    whole, member = parameter("body", "", {"type": "object"}), parameter("body", "/a", INT, required=True)
    assert change_tuples([], [whole, member]) == [
        ("parameter-new", "", "", False),
        ("parameter-new", "/a", "", False),
    ]
    assert change_tuples([whole], [whole, member]) == [("parameter-new", "/a", "", True)]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (("/x",), ("/x", "/x/"), "widened"),
        (("/x", "//x"), ("/x",), "narrowed"),
        (("//x",), ("/x",), "changed"),
    ],
)
def test_a_document_that_loses_a_way_to_write_breaks_callers(
    old: tuple[str, ...], new: tuple[str, ...], kind: str
) -> None:
    [path] = compare_versions(SchemaVersion(path_variants=old), SchemaVersion(path_variants=new))
    [media] = compare_versions(SchemaVersion(media_types=old), SchemaVersion(media_types=new))
    for change, location, keyword in ((path, "path", "path"), (media, "body", "content")):
        assert (change.kind, change.location, change.keyword) == (kind, location, keyword)
        assert (change.before, change.after) == (sorted(old), sorted(new))
        assert change.is_breaking == (kind != "widened")


PLACES = st.sampled_from([("query", "a"), ("query", "b"), ("path", "id"), ("form", "f")])
Request = dict[tuple[str, str], Any]


def is_accepted(version: SchemaVersion, request: Request) -> bool:
    """Returns whether a gateway that enforces the document accepts the request.

    Every parameter is described, every required one is there, and every value is valid.
    """
    known = {(one.location, one.name): one for one in version.parameters}
    return (
        request.keys() <= known.keys()
        and all(place in request for place, one in known.items() if one.required)
        and all(fits_url(known[place].schema, value) for place, value in request.items())
    )


@given(
    schema_pairs.parameters(PLACES),
    schema_pairs.parameters(PLACES),
    st.lists(st.dictionaries(PLACES, st.sampled_from(URL_VALUES), max_size=3), max_size=10),
)
def test_where_nothing_breaks_every_request_that_fitted_still_fits(
    old: tuple[Parameter, ...], new: tuple[Parameter, ...], requests: list[Request]
) -> None:
    before, after = SchemaVersion(old), SchemaVersion(new)
    assert compare_versions(before, before) == []
    if not any(change.is_breaking for change in compare_versions(before, after)):
        assert [one for one in requests if is_accepted(before, one) and not is_accepted(after, one)] == []


def test_old_parameters_carry_the_new_evidence_where_nothing_changed() -> None:
    def with_evidence(n: int, **more: Any) -> JsonSchema:
        return {**INT, **more, "x-census": {"n": n}}

    old = [parameter("query", "a", with_evidence(5)), parameter("query", "b", with_evidence(5, maximum=9))]
    new = [parameter("query", "a", with_evidence(7)), parameter("query", "b", with_evidence(7, maximum=99))]
    carried = carry_over(old, new, compare_versions(SchemaVersion(tuple(old)), SchemaVersion(tuple(new))))
    assert carried == [new[0], old[1]]
