"""JSON bodies as values under JSON Pointers. No Spark.

Hostile bodies have a bounded cost and raise no error.
"""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from pipelines.requests.json_body import (
    KEY,
    MAX_DEPTH,
    MAX_VALUES,
    Leaf,
    escape_token,
    read_json_values,
    unescape_token,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def test_values_stand_under_the_pointers_of_their_places() -> None:
    assert read_json_values('{"a": 1, "items": [{"qty": 2.5}, {"qty": null}], "ok": true, "s": "7"}') == [
        Leaf("", "", "object", True), Leaf("/a", "1", "number", True), Leaf("/items", "2", "array", True),
        Leaf("/items/*", "", "object", True), Leaf("/items/*/qty", "2.5", "number", True),
        Leaf("/items/*", "", "object", False), Leaf("/items/*/qty", "null", "null", False),
        Leaf("/ok", "true", "boolean", True), Leaf("/s", "7", "string", True),
    ]  # fmt: skip


def test_invalid_json_gives_no_values() -> None:
    assert [read_json_values(text) for text in (None, "", "{", "a=1", "NaN", "\ud800")] == [[]] * 6


def test_names_that_mean_something_in_a_pointer_are_escaped() -> None:
    assert read_json_values('{"a/b": {"*": 1}}')[-1].name == "/a~1b/~2"


@given(st.text())
def test_escaped_names_come_back(name: str) -> None:
    assert unescape_token(escape_token(name)) == name
    assert "/" not in escape_token(name)


@given(JSON)
def test_every_value_is_named_once_a_place(tree: object) -> None:
    found = [leaf for leaf in read_json_values(orjson.dumps(tree).decode()) if leaf.json_type != KEY]
    assert len({leaf.name for leaf in found}) == sum(leaf.is_first for leaf in found)


def test_deep_and_wide_bodies_are_cut() -> None:
    deep = read_json_values("[" * 200 + "]" * 200)
    assert max(leaf.name.count("/") for leaf in deep) == MAX_DEPTH
    assert len(read_json_values(orjson.dumps(list(range(5000))).decode())) == MAX_VALUES
