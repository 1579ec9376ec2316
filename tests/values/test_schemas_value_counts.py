"""Counted values: the laws of their merges, and the clients of extreme values.

No Spark.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schemas.statistics.value_counts import (
    MAX_DISTINCT_VALUES,
    MAX_EXTREME_VALUES,
    SUPPORTING_CLIENTS,
    DistinctValues,
    ExtremeValues,
    ValueCount,
    client_bit,
)
from tests import laws

Sent = tuple[str, str]
sent = st.lists(st.tuples(st.integers(0, 90).map(str), st.sampled_from("abcdefg")), max_size=120)


def distinct_values(rows: Sequence[Sent]) -> DistinctValues:
    """Counts the values that are kept."""
    return sum(
        (DistinctValues({value: ValueCount(1, client_bit(client))}) for value, client in rows),
        DistinctValues(),
    )


def extreme_values(rows: Sequence[Sent], largest: bool) -> ExtremeValues:
    """Collects the extreme values."""
    whole = ExtremeValues(largest)
    for value, client in rows:
        whole = whole + ExtremeValues(largest, {(float(value), value): ValueCount(1, client_bit(client))})
    return whole


@given(sent, sent)
def test_kept_values_of_parts_are_those_of_the_whole(left: list[Sent], right: list[Sent]) -> None:
    laws.assert_merging_parts_equals_the_whole(distinct_values, left, right)
    laws.assert_merging_is_commutative(distinct_values(left), distinct_values(right))
    laws.assert_zero_is_neutral(DistinctValues(), distinct_values(left))


@pytest.mark.parametrize("largest", [True, False])
@given(left=sent, right=sent)
def test_outermost_of_parts_are_those_of_the_whole(
    left: list[Sent], right: list[Sent], largest: bool
) -> None:
    def learned(rows: Sequence[Sent]) -> ExtremeValues:
        return extreme_values(rows, largest)

    laws.assert_merging_parts_equals_the_whole(learned, left, right)
    laws.assert_merging_is_commutative(learned(left), learned(right))
    assert len(learned([*left, *right]).counts) <= MAX_EXTREME_VALUES


def test_more_values_than_are_kept_never_become_an_enum() -> None:
    many = distinct_values([(str(n), "a") for n in range(MAX_DISTINCT_VALUES + 1)])
    assert many.counts is None
    assert (many + distinct_values([("1", "b")])).counts is None


@given(st.sets(st.text(max_size=8), max_size=40))
def test_clients_of_a_value_are_never_counted_for_more_than_they_are(clients: set[str]) -> None:
    values = distinct_values([("x", client) for client in clients])
    counted = sum(one.clients.bit_count() for one in (values.counts or {}).values())
    assert counted <= len(clients)
    assert counted >= min(1, len(clients))


def test_three_clients_are_distinguished_in_nine_cases_of_ten() -> None:
    """Of three clients on 63 bits, two share one in 5 %."""
    trios = [[f"client {i} {place}" for place in range(SUPPORTING_CLIENTS)] for i in range(2000)]
    apart = sum(len({client_bit(client) for client in trio}) == SUPPORTING_CLIENTS for trio in trios)
    assert apart >= 0.93 * len(trios)


def test_what_fewer_than_three_clients_reach_is_left_out_up_to_the_allowance() -> None:
    honest = [(str(n), client) for n, client in zip((10, 9, 8, 7), "abcd", strict=True)]
    one, two = [("99999", "x")], [("99999", "x"), ("88888", "y")]
    assert extreme_values([*honest, *one], largest=True).supported(3, 2)[0][0] == 9  # x, a and b reach it
    assert extreme_values([*honest, *two], largest=True).supported(3, 2)[0][0] == 10
    assert extreme_values([*honest, *two], largest=True).supported(3, 1)[0][0] == 99999
    # no value has enough clients
    assert extreme_values([("5", "x"), ("4", "y")], largest=True).supported(3, 2)[0][0] == 5
