"""Texts that read as numbers: one rule for learning, checking and comparing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.changes.schema_inclusion import accepts
from pipelines.conformance.parameter_values import read_scalars
from pipelines.http.numbers import parse_number
from pipelines.http.value_formats import NUMBER_KINDS, detect_kind

NONE = [
    "007",
    "-007",
    "00",
    "+5",
    ".5",
    "5.",
    "0x1f",
    "1e",
    "1_000",
    "",
    "-",
    " 1",
    "1\n",
    "1e400",
    "NaN",
    "Infinity",
    "٣",
]


@pytest.mark.parametrize("text", NONE)
def test_text_that_is_not_a_number_is_not_one_anywhere(text: str) -> None:
    assert parse_number(text) is None
    assert list(read_scalars(text)) == [text]
    assert not accepts({"type": "number"}, text, in_url=True)
    assert not accepts({"type": "integer"}, text, in_url=True)
    assert detect_kind(text) not in NUMBER_KINDS


@given(st.from_regex(r"-?[0-9]{1,21}(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_numbers_are_those_of_json(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    number = parse_number(text)
    assert (number is None) == (expected is None)
    assert number is None or number == pytest.approx(expected)
    assert detect_kind(text) not in NUMBER_KINDS or number is not None
    assert accepts({"type": "number"}, text, in_url=True) == (number is not None)
