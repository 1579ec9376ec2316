"""How many values hold characters of each class: what a pattern would have refused can be counted later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from pipelines.http.value_formats import DIGITS, LOCALE, SEMVER, TEXT, UNFORMATTED_KINDS
from pipelines.http.value_patterns import BITS
from pipelines.schemas.statistics.growth import Peaks
from pipelines.schemas.statistics.prefix import shared
from pipelines.schemas.statistics.value_counts import Kept, Outermost

NOTHING = (0,) * len(BITS)


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts[i]` values hold a character of the i-th class of `value_patterns.CLASSES`."""

    counts: tuple[int, ...] = NOTHING

    def __add__(self, other: Tally) -> Tally:
        return Tally(tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)))

    @property
    def bits(self) -> int:
        """The classes that occurred (`value_patterns.BITS`)."""
        return sum(bit for bit, count in zip(BITS.values(), self.counts, strict=True) if count)

    def outside(self, allowed: int) -> int:
        """At most so many values hold a character of a class that is not `allowed`."""
        return sum(count for bit, count in zip(BITS.values(), self.counts, strict=True) if not bit & allowed)


def tally(classes: int, n: int = 1) -> Tally:
    """`n` values that hold characters of `classes`."""
    return Tally(tuple(n if bit & classes else 0 for bit in BITS.values()))


def tally_of(counts: Iterable[int] | None) -> Tally:
    """A stored array of counts."""
    return Tally(tuple(counts)) if counts else Tally()


Part = TypeVar("Part", int, float, str)
NAMED_KINDS = (TEXT, DIGITS, LOCALE, SEMVER)
"""Kinds whose values may be a closed set and are kept; others are numbers, formats, secrets or personal."""
SIZED_KINDS = (*UNFORMATTED_KINDS, DIGITS)
"""Kinds of text whose lengths say something; a format has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What values of one kind have shown, as it merges exactly and as it is judged.

    `low` and `high` are exact (64-bit) integers, `classes` counts those of `value_patterns.BITS`, `highest`, `lowest` are
    outermost numbers, or lengths of texts, `peaks` the largest numbers by hour, `prefix` is what all texts begin with.
    """

    low: int | None = None
    high: int | None = None
    classes: Tally = field(default_factory=Tally)
    common: Kept = field(default_factory=Kept)
    highest: Outermost = field(default_factory=Outermost)
    lowest: Outermost = field(default_factory=lambda: Outermost(largest=False))
    peaks: Peaks = field(default_factory=Peaks)
    prefix: str | None = None

    def shown(self) -> dict[str, Any]:
        """The fields of this class alone, by name."""
        return {name: getattr(self, name) for name in Shown.__dataclass_fields__}

    def shown_with(self, other: Shown) -> dict[str, Any]:
        """The same of both together."""
        return {
            "low": outer(min, self.low, other.low),
            "high": outer(max, self.high, other.high),
            "classes": self.classes + other.classes,
            "common": self.common + other.common,
            "highest": self.highest + other.highest,
            "lowest": self.lowest + other.lowest,
            "peaks": self.peaks + other.peaks,
            "prefix": outer(shared, self.prefix, other.prefix),
        }


@dataclass(frozen=True, slots=True)
class KindEvidence(Shown):
    """The numbers of one kind."""

    kind: str
    n: int
    clients: int
    distinct: int
    days: int

    def __add__(self, other: KindEvidence) -> KindEvidence:
        """Of the same kind in another place: clients and days may be shared, values may be equal."""
        return KindEvidence(
            self.kind,
            self.n + other.n,
            max(self.clients, other.clients),
            self.distinct + other.distinct,
            max(self.days, other.days),
            **self.shown_with(other),
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers of a parameter: values, requests that carried it, clients, days, and each kind's; between which days."""

    n: int
    requests: int
    clients: int
    days: int
    kinds: tuple[KindEvidence, ...]
    first_day: date | None = None
    last_day: date | None = None

    @property
    def distinct(self) -> int:
        """Different values: the kinds share none, so theirs add up."""
        return sum(kind.distinct for kind in self.kinds)


NO_EVIDENCE = Evidence(0, 0, 0, 0, ())


def outer(of: Callable[[Part, Part], Part], one: Part | None, other: Part | None) -> Part | None:
    """Both as `of` has it (the smaller, the larger, what they share); one that is not there counts for nothing."""
    return other if one is None else one if other is None else of(one, other)
