"""Laws that every mergeable state obeys.

Each is written once: a test draws the states, the law says what must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self, TypeVar


class Mergeable(Protocol):
    """A state with `+`."""

    def __add__(self, other: Self) -> Self: ...


State = TypeVar("State", bound=Mergeable)
Item = TypeVar("Item")


def assert_zero_is_neutral(zero: State, state: State) -> None:
    """Asserts that adding the zero changes nothing, on either side."""
    assert zero + state == state
    assert state + zero == state


def assert_merging_is_commutative(left: State, right: State) -> None:
    """Asserts that the order of two states does not matter."""
    assert left + right == right + left


def assert_merging_is_associative(first: State, second: State, third: State) -> None:
    """Asserts that the grouping of three states does not matter."""
    assert (first + second) + third == first + (second + third)


def assert_merging_parts_equals_the_whole(
    fold: Callable[[Sequence[Item]], State], left: Sequence[Item], right: Sequence[Item]
) -> None:
    """Asserts that merged parts equal the state of all items together."""
    assert fold(left) + fold(right) == fold([*left, *right])
