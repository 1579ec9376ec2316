"""Learned schemas accept the values they were learned from. No Spark.

Values of any kind, through the checker that `validate` uses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.conformance.value_check import compile_schema
from pipelines.requests.json_body import read_json_values
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.constraints import Constraints
from pipelines.schemas.inference.infer import Alternative, InferredSchema
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from pipelines.schemas.validation import backtest
from pipelines.schemas.validation.backtest import REQUEST, EvidenceBySplit, run_backtest
from pipelines.schemas.validation.violations import find_contradicted_keywords
from tests.inferred_schemas import DAY, SETTINGS, infer_values, schema_of
from tests.oracles.parameter_state import fold, observe

EDGES = (
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    -(2**63),
    1e300,
    1.7e308,
    5e-324,
    1234567890123456.7,
    0.00012345678901234567,
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from(EDGES)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["", "2026-11-27T00:00:00+02:00", "007", "null", "true", "1.5", "9" * 30, "a,b", "x|y"])
)
Place = tuple[str, str]
VALUES: tuple[object, ...] = (1, "a", None, {"b": []})


def schema_of_member(values: Sequence[object], doublings: int = 0) -> dict[str, Any]:
    """Returns the schema of member `v` of bodies, after all tests.

    Each body is sent by the clients in turn, and all of it again and again.
    """
    observed: dict[Place, list[Any]] = {}
    for i, value in enumerate(values):
        for name, text, json_type, is_first in read_json_values(json.dumps({"v": value})):
            one = observe(text, f"c{i % 60}", DAY, hour=i % 24, is_first=is_first, json_type=json_type)
            observed.setdefault(("body", name), []).append(one)
    observed[REQUEST] = [observe("", f"c{i % 60}", DAY) for i in range(len(values))]
    merged = {place: fold(states) for place, states in observed.items()}
    for _ in range(doublings):
        merged = {place: state + state for place, state in merged.items()}
    known = {place: state.evidence() for place, state in merged.items()}
    by_split: EvidenceBySplit = dict.fromkeys(Split, known)
    found: dict[str, Any] = without_evidence(
        to_json_schema(run_backtest(by_split, SETTINGS).parameters["body", "/v"].inferred)
    )
    return found


def is_accepted(schema: dict[str, Any], value: object) -> bool:
    return bool(compile_schema(json.dumps(schema)).is_valid(value))


@given(st.lists(scalars, min_size=1, max_size=3), st.sampled_from([0, 2, 4, 8]))
def test_every_value_of_a_body_conforms_to_the_schema_learned_from_it(
    values: list[object], doublings: int
) -> None:
    schema = schema_of_member([value for value in values for _ in range(60 if doublings else 1)], doublings)
    for value in values:
        assert is_accepted(schema, value), (schema, value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2**63 + n for n in range(40)], {"type": "integer"}),
        ([1, 2**64 - 1] * 20, {"type": "integer"}),
        ([2**63, 0.5] * 20, {"type": "number"}),
        ([1234567890123456.7, 5e-324] * 20, {"type": "number"}),
        ([None] * 40, {}),
        ([None] * 39 + [7], {"anyOf": [{"type": "null"}, {"type": "integer", "format": "int32"}]}),
        ([""] * 40, {"type": "string"}),
        (["", None] * 20, {"anyOf": [{"type": "null"}, {"type": "string"}]}),
        ([[]] * 40, {"type": "array"}),
    ],
)  # fmt: skip
def test_types_of_json_are_those_that_were_sent(values: list[object], expected: dict[str, Any]) -> None:
    limits = ("minimum", "maximum")
    schema = schema_of_member(values, 3)
    written = {key: part for key, part in schema.items() if key not in limits}
    assert {**written, **({"anyOf": sorted(written["anyOf"], key=str)} if "anyOf" in written else {})} == {
        **expected, **({"anyOf": sorted(expected["anyOf"], key=str)} if "anyOf" in expected else {})
    }  # fmt: skip
    assert all(is_accepted(schema, value) for value in values)


def test_first_values_of_a_member_that_was_always_null_are_accepted_and_the_reason_is_given() -> None:
    inferred = infer_values(["null"] * 240)
    assert inferred.rule != "no-value-seen"  # a string in a URL
    schema = schema_of_member([None] * 40, 2)
    assert all(is_accepted(schema, value) for value in VALUES)
    state = fold(observe("null", f"c{i % 60}", DAY, json_type="null") for i in range(240))
    by_split: EvidenceBySplit = {split: {("body", "/v"): state.evidence()} for split in Split}
    evidence = to_json_schema(run_backtest(by_split, SETTINGS).parameters["body", "/v"].inferred)["x-census"]
    assert (evidence["rule"], evidence["n"]) == ("no-value-seen", 240)


def test_parameter_without_values_is_not_an_enum_of_the_empty_string() -> None:
    assert schema_of([""] * 240, clients=60) == {"type": "string"}


def test_constraint_that_refuses_its_own_values_is_left_out_with_the_reason() -> None:
    inferred = infer_values([str(n % 100) for n in range(240)], clients=60)
    form: Alternative = inferred.alternatives[0]
    wrong = replace(form, constraints=Constraints({"minimum": 0, "maximum": 50}))
    contradicted = find_contradicted_keywords(
        replace(inferred, alternatives=(wrong,)), inferred.evidence, "query", SETTINGS
    )
    assert list(contradicted) == ["maximum"]
    assert "learned from violate it" in contradicted["maximum"]
    assert find_contradicted_keywords(inferred, inferred.evidence, "query", SETTINGS) == {}


def test_what_the_replay_refuses_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out a constraint that refuses its own values.

    The replay is the last test before a document is written.
    """
    values = [f"word{i % 90}x" for i in range(600)]
    assert "maxLength" in schema_of_member(values)

    def refusing(inferred: InferredSchema, *_: object) -> dict[str, str]:
        return {} if "maxLength" in inferred.refused else {"maxLength": "values that taught it broke it"}

    monkeypatch.setattr(backtest, "find_contradicted_keywords", refusing)
    assert "maxLength" not in schema_of_member(values)
