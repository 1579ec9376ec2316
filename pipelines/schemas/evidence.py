"""What a parameter's values have shown: a mergeable state per kind of value, and the numbers that are judged.

State and judgement are apart: states add up without loss (days, partitions), thresholds come later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from pipelines.schemas import distinct
from pipelines.schemas.characters import classes_of
from pipelines.schemas.distinct import NONE, Distinct
from pipelines.schemas.recognisers import (
    ARRAY,
    DIGITS,
    LOCALE,
    MAX_CHARACTERS,
    SEMVER,
    TEXT,
    TEXTUAL,
    kind_of,
    type_of,
)
from pipelines.schemas.seen import Kept, Outermost, Seen

Number = TypeVar("Number", int, float)
NAMED_KINDS = (TEXT, DIGITS, LOCALE, SEMVER)
"""Kinds whose values may be a closed set and are kept; others are numbers, formats, secrets or personal."""
SIZED_KINDS = (*TEXTUAL, DIGITS)
"""Kinds of text whose lengths say something; a format has its own."""
CLIENT_CHARACTERS = 16
"""Of a client's name, which ingest hashed: enough to tell three of them apart."""


@dataclass(frozen=True, slots=True)
class Span:
    """Smallest and largest of the numbers seen; both None when there was none."""

    low: float | None = None
    high: float | None = None

    def __add__(self, other: Span) -> Span:
        return Span(_outer(min, self.low, other.low), _outer(max, self.high, other.high))


NOTHING = Span()


@dataclass(frozen=True, slots=True)
class KindState:
    """The values of one kind. Invariant: `0 <= requests <= n`.

    `n` counts values, `requests` those that were the first of their name in their request (so `n > requests`
    means that names were repeated). `integers` is exact (within 64 bits), `numbers` are doubles, `lengths`
    are characters, `classes` those of `characters.BITS`. `high` and `low` are outermost numbers, or lengths of texts.
    """

    n: int = 0
    requests: int = 0
    clients: Distinct = NONE
    values: Distinct = NONE
    days: frozenset[date] = frozenset()
    integers: Span = NOTHING
    numbers: Span = NOTHING
    lengths: Span = NOTHING
    classes: int = 0
    common: Kept = field(default_factory=Kept)
    high: Outermost = field(default_factory=Outermost)
    low: Outermost = field(default_factory=lambda: Outermost(largest=False))

    def __add__(self, other: KindState) -> KindState:
        return KindState(
            self.n + other.n,
            self.requests + other.requests,
            self.clients + other.clients,
            self.values + other.values,
            self.days | other.days,
            self.integers + other.integers,
            self.numbers + other.numbers,
            self.lengths + other.lengths,
            self.classes | other.classes,
            self.common + other.common,
            self.high + other.high,
            self.low + other.low,
        )


@dataclass(frozen=True, slots=True)
class ParameterState:
    """A parameter's states, sorted by kind. `ParameterState()` is the zero; `+` is exact and commutative."""

    kinds: tuple[tuple[str, KindState], ...] = ()

    def __add__(self, other: ParameterState) -> ParameterState:
        merged = dict(self.kinds)
        for kind, state in other.kinds:
            merged[kind] = merged.get(kind, KindState()) + state
        return ParameterState(tuple(sorted(merged.items())))

    def evidence(self) -> Evidence:
        """The numbers that a judgement needs."""
        whole = sum((state for _, state in self.kinds), KindState())
        kinds = tuple(_kind_evidence(kind, state) for kind, state in self.kinds)
        return Evidence(whole.n, whole.requests, whole.clients.estimate(), len(whole.days), kinds)


@dataclass(frozen=True, slots=True)
class KindEvidence:
    """The numbers of one kind. `low`, `high`: smallest and largest integer, None where there is none."""

    kind: str
    n: int
    clients: int
    distinct: int
    days: int
    low: int | None = None
    high: int | None = None
    classes: int = 0
    common: Kept = field(default_factory=Kept)
    highest: Outermost = field(default_factory=Outermost)
    lowest: Outermost = field(default_factory=lambda: Outermost(largest=False))

    def __add__(self, other: KindEvidence) -> KindEvidence:
        """Of the same kind in another place: clients and days may be shared, values may be equal."""
        return KindEvidence(
            self.kind,
            self.n + other.n,
            max(self.clients, other.clients),
            self.distinct + other.distinct,
            max(self.days, other.days),
            _outer(min, self.low, other.low),
            _outer(max, self.high, other.high),
            self.classes | other.classes,
            self.common + other.common,
            self.highest + other.highest,
            self.lowest + other.lowest,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers of a parameter: values, requests that carried it, clients, days, and each kind's."""

    n: int
    requests: int
    clients: int
    days: int
    kinds: tuple[KindEvidence, ...]

    @property
    def distinct(self) -> int:
        """Different values: the kinds share none, so theirs add up."""
        return sum(kind.distinct for kind in self.kinds)


def observe(
    value: str, client: str, day: date, *, is_first: bool = True, json_type: str | None = None
) -> ParameterState:
    """One value of a parameter; `is_first` unless its request had already given one under the same name."""
    cut = value[:MAX_CHARACTERS]
    kind = kind_of(cut, json_type)
    kind_type = type_of(kind)
    integer = int(cut) if kind_type == "integer" else None
    number = float(cut) if kind_type == "number" else None
    seen = Seen(1, frozenset({client[:CLIENT_CHARACTERS]}))
    is_number = kind_type in ("integer", "number")
    has_size = is_number or kind in SIZED_KINDS or kind == ARRAY
    size = float(len(cut) if kind in SIZED_KINDS else cut) if has_size else 0.0
    sized = {(size, digest(cut)): seen}
    state = KindState(
        n=1,
        requests=int(is_first),
        clients=distinct.one(client),
        values=distinct.one(cut),
        days=frozenset({day}),
        integers=Span(integer, integer),
        numbers=Span(number, number),
        lengths=Span(len(cut), len(cut)),
        classes=classes_of(cut) if kind in TEXTUAL else 0,
        common=Kept({cut: seen}) if kind in NAMED_KINDS else Kept(None),
        high=Outermost(True, sized if has_size else {}),
        low=Outermost(False, sized if is_number else {}),
    )
    return ParameterState(((kind, state),))


def _outer(of: Callable[[Number, Number], Number], one: Number | None, other: Number | None) -> Number | None:
    """The smaller or the larger of two numbers; one that is not there counts for nothing."""
    return other if one is None else one if other is None else of(one, other)


def digest(value: str) -> str:
    """Tells values of one size apart, and says nothing of them."""
    return hashlib.md5(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:8]


def fold(states: Iterable[ParameterState]) -> ParameterState:
    """The merge of all states."""
    return sum(states, ParameterState())


def _kind_evidence(kind: str, state: KindState) -> KindEvidence:
    low, high = state.integers.low, state.integers.high
    return KindEvidence(
        kind,
        state.n,
        state.clients.estimate(),
        state.values.estimate(),
        len(state.days),
        None if low is None else int(low),
        None if high is None else int(high),
        state.classes,
        state.common,
        state.high,
        state.low,
    )
