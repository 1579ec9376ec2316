"""How many values hold characters of each class: what a pattern would have refused can be counted later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from pipelines.http.value_formats import DIGITS, LOCALE, SEMVER, TEXT, UNFORMATTED_KINDS
from pipelines.http.value_patterns import BITS
from pipelines.schemas.statistics.growth import Peaks
from pipelines.schemas.statistics.prefix import shared_prefix
from pipelines.schemas.statistics.value_counts import DistinctValues, ExtremeValues

NO_COUNTS = (0,) * len(BITS)


@dataclass(frozen=True, slots=True)
class CharacterClassCounts:
    """`counts[i]` values hold a character of the i-th class of `value_patterns.CLASSES`."""

    counts: tuple[int, ...] = NO_COUNTS

    def __add__(self, other: CharacterClassCounts) -> CharacterClassCounts:
        return CharacterClassCounts(
            tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        )

    @property
    def bits(self) -> int:
        """The classes that occurred (`value_patterns.BITS`)."""
        return sum(bit for bit, count in zip(BITS.values(), self.counts, strict=True) if count)

    def outside(self, allowed: int) -> int:
        """At most so many values hold a character of a class that is not `allowed`."""
        return sum(count for bit, count in zip(BITS.values(), self.counts, strict=True) if not bit & allowed)


def count_character_classes(classes: int, n: int = 1) -> CharacterClassCounts:
    """`n` values that hold characters of `classes`."""
    return CharacterClassCounts(tuple(n if bit & classes else 0 for bit in BITS.values()))


def character_class_counts_from(counts: Iterable[int] | None) -> CharacterClassCounts:
    """A stored array of counts."""
    return CharacterClassCounts(tuple(counts)) if counts else CharacterClassCounts()


Part = TypeVar("Part", int, float, str)
NAMED_KINDS = (TEXT, DIGITS, LOCALE, SEMVER)
"""Kinds whose values may be a closed set and are kept; others are numbers, formats, secrets or personal."""
SIZED_KINDS = (*UNFORMATTED_KINDS, DIGITS)
"""Kinds of text whose lengths say something; a format has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindStatistics:
    """What values of one kind have shown, as it merges exactly and as it is judged.

    `low` and `high` are exact (64-bit) integers, `classes` counts those of `value_patterns.BITS`, `highest`, `lowest` are
    outermost numbers, or lengths of texts, `peaks` the largest numbers by hour, `prefix` is what all texts begin with.
    """

    low: int | None = None
    high: int | None = None
    classes: CharacterClassCounts = field(default_factory=CharacterClassCounts)
    common: DistinctValues = field(default_factory=DistinctValues)
    highest: ExtremeValues = field(default_factory=ExtremeValues)
    lowest: ExtremeValues = field(default_factory=lambda: ExtremeValues(largest=False))
    peaks: Peaks = field(default_factory=Peaks)
    prefix: str | None = None

    def shown(self) -> dict[str, Any]:
        """The fields of this class alone, by name."""
        return {name: getattr(self, name) for name in KindStatistics.__dataclass_fields__}

    def shown_with(self, other: KindStatistics) -> dict[str, Any]:
        """The same of both together."""
        return {
            "low": combine_optional(min, self.low, other.low),
            "high": combine_optional(max, self.high, other.high),
            "classes": self.classes + other.classes,
            "common": self.common + other.common,
            "highest": self.highest + other.highest,
            "lowest": self.lowest + other.lowest,
            "peaks": self.peaks + other.peaks,
            "prefix": combine_optional(shared_prefix, self.prefix, other.prefix),
        }


@dataclass(frozen=True, slots=True)
class KindEvidence(KindStatistics):
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


def combine_optional(of: Callable[[Part, Part], Part], one: Part | None, other: Part | None) -> Part | None:
    """Both as `of` has it (the smaller, the larger, what they share); one that is not there counts for nothing."""
    return other if one is None else one if other is None else of(one, other)
