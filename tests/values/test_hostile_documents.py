"""YAML bombs are refused by name before they are loaded.

Costs are counted: no test waits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.conformance.documents import DocumentLimits, load_documents
from pipelines.conformance.openapi_schema import validation_cost
from pipelines.decisions.file import read_decisions
from pipelines.runtime import settings
from pipelines.runtime.bounded_yaml import HAND_WRITTEN_BOUNDS, Bounds, find_exceeded_bound
from pipelines.runtime.errors import InputError, SettingsError
from tests.conformance_examples import check_request, checker, get, openapi, post, query, rules

LEVELS = 11


def alias_bomb() -> str:
    """Returns nine aliases of nine aliases ... in a list."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, LEVELS)]
    return "\n".join(lines)


def merge_key_bomb() -> str:
    lines = ["m0: &m0 {a: 1, b: 2}"]
    lines += [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, LEVELS)]
    return "\n".join(lines)


HOSTILE = {
    "aliases": (alias_bomb(), "values and keys, aliases written out"),
    "merge keys": (merge_key_bomb(), "values and keys, aliases written out"),
    "brackets": ("a: " + "[" * 200_000, "levels deep"),
    "braces": ("{a: " * 50_000, "levels deep"),
    "hyphens": ("- " * 50_000, "levels deep"),
    "keys": ("? " * 50_000, "levels deep"),
    "a circle": ("a: &a [*a]", r"the alias \*a refers to a list or mapping that contains it"),
}
CASES = pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE)


@CASES
def test_a_document_that_is_too_costly_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "api.yaml").write_text(text)
    with pytest.raises(
        InputError, match=rf"api\.yaml: is too costly to read: .*{message}.*raise conformance\.document"
    ):
        load_documents(tmp_path)


@CASES
def test_settings_and_decisions_are_bounded_too(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(SettingsError, match=rf"own\.yaml: .*{message}"):
        settings.load_settings(tmp_path / "own.yaml")
    with pytest.raises(SettingsError, match=rf"own\.yaml: .*{message}"):
        read_decisions(tmp_path / "own.yaml")


@pytest.mark.parametrize("text", ["a: " + "9" * 10_000, "a: 2024-99-99"])
def test_values_that_no_loader_takes_are_errors_with_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"own\.yaml: not YAML"):
        settings.load_settings(tmp_path / "own.yaml")
    if "-" not in text:  # dates are strings in documents
        with pytest.raises(InputError, match=r"own\.yaml.* is not YAML"):
            load_documents(tmp_path)


def test_settings_of_any_size_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("#" * (1 << 21))
    with pytest.raises(SettingsError, match="expected at most 1,048,576 bytes"):
        settings.load_settings(tmp_path / "own.yaml")


def test_aliases_count_what_they_hold_and_honest_ones_pass() -> None:
    text = "a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a}\n"
    # the document; key and mapping; key and alias; key, mapping, merge key, alias
    nodes = 1 + 1 + 5 + 1 + 5 + 1 + 1 + 1 + 5
    assert find_exceeded_bound(text, Bounds(3, nodes)) is None
    assert find_exceeded_bound(text, Bounds(3, nodes - 1)) is not None
    assert find_exceeded_bound(text, Bounds(2, nodes)) is not None
    assert find_exceeded_bound("a: [", HAND_WRITTEN_BOUNDS) is None  # the loader reports it
    assert yaml.safe_load(text)["d"] == {"b": [1, 2]}


def shared_references(levels: int, keyword: str = "allOf") -> dict[str, Any]:
    """Returns `A0 = allOf [A1, A1]`, `A1 = allOf [A2, A2]`, ...: four kilobytes."""
    schemas: dict[str, Any] = {f"A{levels}": {"type": "integer"}}
    for level in range(levels):
        below = {"$ref": f"#/components/schemas/A{level + 1}"}
        if keyword == "allOf":
            schemas[f"A{level}"] = {"allOf": [below, below]}
        else:
            schemas[f"A{level}"] = {"allOf": [{"properties": {"x": below}}, {"properties": {"x": below}}]}
    return {"schemas": schemas}


@pytest.mark.parametrize("keyword", ["allOf", "properties"])
def test_references_that_are_shared_level_by_level_are_refused(keyword: str) -> None:
    tree = openapi(
        {"/x": post({"$ref": "#/components/schemas/A0"})}, components=shared_references(40, keyword)
    )
    with pytest.raises(
        InputError, match=r"more than 100,000 validations.*raise conformance\.schema_max_work"
    ):
        checker(tree)
    few = openapi({"/x": post({"$ref": "#/components/schemas/A0"})}, components=shared_references(5, keyword))
    assert (
        check_request(checker(few), "/x", "POST", "1", "application/json").findings == ()
        or keyword == "allOf"
    )


def test_schemas_that_reference_each_other_are_not_a_bomb() -> None:
    kinds = {
        f"K{n}": {
            "type": "object",
            "properties": {"left": {"$ref": "#/components/schemas/E"}, "n": {"type": "integer"}},
        }
        for n in range(150)
    }
    one_of = {"E": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in kinds]}}
    check = checker(
        openapi({"/x": post({"$ref": "#/components/schemas/E"})}, components={"schemas": {**kinds, **one_of}})
    )
    assert rules(check_request(check, "/x", "POST", '{"left": {"left": {"n": 1}}}', "application/json")) == []


def test_work_adds_alternatives_and_takes_the_costliest_property() -> None:
    integer = {"type": "integer"}
    assert validation_cost(True) == validation_cost(integer) == 1
    assert (
        validation_cost({"anyOf": [integer, integer], "properties": {"a": integer, "b": {"not": integer}}})
        == 1 + 2 + 2
    )
    assert validation_cost({"$ref": "#/$defs/0", "$defs": {"0": {"allOf": [integer] * 4}}}) == 1 + 5
    assert validation_cost({"$ref": "#/$defs/0", "$defs": {"0": {"items": {"$ref": "#/$defs/0"}}}}) < 50


def test_bounds_of_documents_are_settings() -> None:
    section = settings.load_settings().conformance
    assert DocumentLimits() == tuple(getattr(section, name) for name in DocumentLimits._fields)
    check = checker(openapi({"/x": get(query("q", {"type": "integer"}))}))
    assert rules(check_request(check, "/x?q=a")) == [("query", "q", "type")]
