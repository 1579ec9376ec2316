"""Constant prefixes: the common start of all values, if intentional. No Spark."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schemas.inference.infer import infer_schema
from pipelines.schemas.inference.json_schema import to_json_schema
from pipelines.schemas.statistics.prefix import constant_prefix, escape_for_pattern, shared_prefix
from tests.inferred_schemas import DAY, SETTINGS, accepts, infer_values, schema_of
from tests.oracles.parameter_state import fold, observe

words = st.text(st.sampled_from("ab_"), max_size=5)


@given(words, words, words)
def test_the_common_prefix_is_associative_and_commutative(one: str, other: str, third: str) -> None:
    assert shared_prefix(one, other) == shared_prefix(other, one)
    assert shared_prefix(one, shared_prefix(other, third)) == shared_prefix(shared_prefix(one, other), third)
    assert shared_prefix(one, one) == one
    assert one.startswith(shared_prefix(one, other))
    assert (
        len(shared_prefix(one, other)) in (len(one), len(other))
        or one[len(shared_prefix(one, other))] != other[len(shared_prefix(one, other))]
    )


@pytest.mark.parametrize(
    ("prefix", "written"),
    [
        ("ord_", "ord_"),
        ("ord_1", "ord_"),
        ("urn:isbn:97", "urn:isbn:"),
        ("abc", ""),
        ("-", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_prefix_ends_with_a_separator_that_something_precedes(prefix: str | None, written: str) -> None:
    assert constant_prefix(prefix) == written


@given(st.text(st.sampled_from("a.*+?()[]{}|^$-_\\/"), max_size=9), st.text(max_size=9))
def test_prefix_stands_for_itself_in_a_pattern(prefix: str, rest: str) -> None:
    assert re.match(escape_for_pattern(prefix), prefix + rest)
    assert re.fullmatch(escape_for_pattern(prefix), prefix)


def ids(count: int, prefix: str = "ord_") -> list[str]:
    return [f"{prefix}{7919 * n % 10007:05}x" for n in range(count)]


def test_prefix_of_many_values_of_many_clients_is_written_and_enforced() -> None:
    schema = schema_of(ids(200), clients=40)
    assert schema["pattern"].startswith("^ord_[")
    assert accepts(schema, "ord_99999zz")
    assert not accepts(schema, "usr_99999zz")


def test_prefix_of_few_values_or_few_clients_is_not_written() -> None:
    assert schema_of(ids(SETTINGS.prefix_observations - 1), clients=40)["pattern"].startswith("^[")
    assert schema_of(ids(200), clients=SETTINGS.required_clients - 1)["pattern"].startswith("^[")
    assert schema_of([*ids(200), "other"], clients=40)["pattern"].startswith("^[")


def test_prefix_that_the_back_test_refuses_leaves_the_classes() -> None:
    state = fold(observe(text, f"c{i % 40}", DAY) for i, text in enumerate(ids(200)))
    judgement = infer_schema("q", state.evidence(), SETTINGS, refused={"prefix": "broken"})
    assert to_json_schema(judgement)["pattern"].startswith("^[")
    assert infer_values(ids(200), clients=40).alternatives[0].constraints.prefix == "ord_"
