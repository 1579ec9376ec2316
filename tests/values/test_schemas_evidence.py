"""Evidence of a parameter: the laws of its states, and their counts. No Spark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.http.value_formats import MAX_CHARACTERS
from pipelines.http.value_patterns import BITS
from pipelines.schemas.statistics.evidence import Evidence, KindEvidence
from pipelines.schemas.statistics.growth import Peaks
from pipelines.schemas.statistics.value_counts import (
    DistinctValues,
    ExtremeValues,
    ValueCount,
    client_bit,
    digest,
)
from tests import laws, strategies
from tests.oracles import parameter_state
from tests.oracles.parameter_state import (
    CAPACITY,
    Distinct,
    ParameterState,
    count_character_classes,
    fold,
    hours_since_1970,
    observe,
)

DAY, NEXT_DAY = date(2026, 6, 1), date(2026, 6, 2)
Observation = tuple[str, str, date, bool]


def learn_state(observations: Sequence[Observation]) -> ParameterState:
    return fold(
        observe(value, client, day, is_first=is_first) for value, client, day, is_first in observations
    )


def count_distinct(texts: Sequence[str]) -> Distinct:
    return sum((parameter_state.distinct_of(text) for text in texts), Distinct())


many_texts = st.integers(0, 3 * CAPACITY).map(lambda n: [f"text {i}" for i in range(n)])


@given(strategies.observations)
def test_empty_evidence_changes_nothing(observations: list[Observation]) -> None:
    laws.assert_zero_is_neutral(ParameterState(), learn_state(observations))


@given(strategies.observations, strategies.observations)
def test_order_of_merging_is_irrelevant(left: list[Observation], right: list[Observation]) -> None:
    laws.assert_merging_is_commutative(learn_state(left), learn_state(right))


@given(strategies.observations, strategies.observations, strategies.observations)
def test_grouping_of_merges_is_irrelevant(
    first: list[Observation], second: list[Observation], third: list[Observation]
) -> None:
    laws.assert_merging_is_associative(learn_state(first), learn_state(second), learn_state(third))


@given(strategies.observations, strategies.observations)
def test_merging_parts_equals_learning_the_whole(left: list[Observation], right: list[Observation]) -> None:
    laws.assert_merging_parts_equals_the_whole(learn_state, left, right)


@settings(max_examples=15)
@given(many_texts, many_texts)
def test_merging_counts_beyond_their_capacity_equals_counting_the_whole(
    left: list[str], right: list[str]
) -> None:
    laws.assert_merging_parts_equals_the_whole(count_distinct, left, [f"{text}'" for text in right])
    laws.assert_merging_is_commutative(count_distinct(left), count_distinct(right))


@given(st.lists(strategies.texts, max_size=50))
def test_few_texts_are_counted_exactly(texts: list[str]) -> None:
    assert count_distinct(texts).estimate() == len(set(texts))


def test_many_texts_are_counted_within_four_standard_errors() -> None:
    n = 5_000
    assert abs(count_distinct([str(i) for i in range(n)]).estimate() - n) < 4 * n / (CAPACITY - 2) ** 0.5


def test_evidence_counts_values_requests_clients_days_and_kinds() -> None:
    observed: list[Observation] = [
        ("5", "alice", DAY, True),
        ("-7", "alice", DAY, False),
        ("5", "bob", NEXT_DAY, True),
        ("abc", "carol", NEXT_DAY, True),
    ]
    five, seven = (5.0, digest("5")), (-7.0, digest("-7"))
    both = {
        five: ValueCount(2, client_bit("alice") | client_bit("bob")),
        seven: ValueCount(1, client_bit("alice")),
    }
    integers = KindEvidence(
        "integer", n=3, clients=2, distinct=2, days=2, low=-7, high=5, common=DistinctValues(None),
        highest=ExtremeValues(True, both), lowest=ExtremeValues(False, both),
        peaks=Peaks({hours_since_1970(DAY, 0): 5.0, hours_since_1970(NEXT_DAY, 0): 5.0}),
    )  # fmt: skip
    by_carol = ValueCount(1, client_bit("carol"))
    text = KindEvidence(
        "text", n=1, clients=1, distinct=1, days=1, classes=count_character_classes(BITS["lower"]),
        common=DistinctValues({"abc": by_carol}), highest=ExtremeValues(True, {(3.0, digest("abc")): by_carol}), prefix="abc",
    )  # fmt: skip
    assert learn_state(observed).evidence() == Evidence(
        n=4, requests=3, clients=3, days=2, kinds=(integers, text), first_day=DAY, last_day=NEXT_DAY
    )
    assert learn_state(observed).evidence().distinct == 3


def test_extremes_are_exact_for_64_bits_and_lengths_are_characters() -> None:
    ((_, state),) = learn_state([("9007199254740993", "c", DAY, True), ("-1", "c", DAY, True)]).kinds
    assert (state.low, state.high) == (-1, 9007199254740993)  # no double represents the latter exactly
    ((_, text),) = learn_state([("é😀", "c", DAY, True)]).kinds
    assert text.highest.counts.keys() == {(2.0, digest("é😀"))}


def test_long_value_is_cut_so_that_it_costs_no_more() -> None:
    ((kind, state),) = learn_state([("1" * 10**6, "c", DAY, True)]).kinds
    assert kind == "text"
    assert all(len(value) <= MAX_CHARACTERS for value in state.common.counts or ())
    assert [size for size, _ in state.highest.counts] == [MAX_CHARACTERS]
