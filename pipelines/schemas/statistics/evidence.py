"""The evidence of a parameter: numbers of its values by kind, merged from parts."""

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
    """How many values have characters of each class.

    So the values that a pattern would have refused can be counted later.

    Attributes:
        counts: `counts[i]` values have a character of the i-th class of `value_patterns.CLASSES`.
    """

    counts: tuple[int, ...] = NO_COUNTS

    def __add__(self, other: CharacterClassCounts) -> CharacterClassCounts:
        return CharacterClassCounts(
            tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        )

    @property
    def bits(self) -> int:
        """The classes that occurred (`value_patterns.BITS`)."""
        return sum(bit for bit, count in zip(BITS.values(), self.counts, strict=True) if count)

    def counts_of(self, name: str) -> int:
        """Returns how many values have a character of a class (`value_patterns.BITS`)."""
        return self.counts[list(BITS).index(name)]

    def outside(self, allowed: int) -> int:
        """Returns the most values that can have a character of a class not `allowed`."""
        return sum(count for bit, count in zip(BITS.values(), self.counts, strict=True) if not bit & allowed)


def character_class_counts_from(counts: Iterable[int] | None) -> CharacterClassCounts:
    """Reads the counts from a stored array."""
    return CharacterClassCounts(tuple(counts)) if counts else CharacterClassCounts()


Value = TypeVar("Value", int, float, str)
NAMED_KINDS = (TEXT, DIGITS, LOCALE, SEMVER)
"""Kinds whose values may form an enum and are kept.

Others are numbers, formats, secrets or personal.
"""
SIZED_KINDS = (*UNFORMATTED_KINDS, DIGITS)
"""Kinds of text whose lengths are informative; a format implies its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindStatistics:
    """Statistics of the values of one kind that merge exactly.

    Attributes:
        low: The least exact (64-bit) integer.
        high: The greatest exact integer.
        classes: How many values have characters of each class of `value_patterns.BITS`.
        common: The different values, while they are few.
        highest: The largest numbers or lengths of texts.
        lowest: The smallest numbers.
        peaks: The largest number of each hour.
        prefix: The beginning that all texts share.
    """

    low: int | None = None
    high: int | None = None
    classes: CharacterClassCounts = field(default_factory=CharacterClassCounts)
    common: DistinctValues = field(default_factory=DistinctValues)
    highest: ExtremeValues = field(default_factory=ExtremeValues)
    lowest: ExtremeValues = field(default_factory=lambda: ExtremeValues(largest=False))
    peaks: Peaks = field(default_factory=Peaks)
    prefix: str | None = None

    def statistics(self) -> dict[str, Any]:
        """Returns the fields of this class alone, by name."""
        return {name: getattr(self, name) for name in KindStatistics.__dataclass_fields__}

    def merged_statistics(self, other: KindStatistics) -> dict[str, Any]:
        """Returns the fields of both together, by name."""
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
    """The evidence of the values of one kind."""

    kind: str
    n: int
    clients: int
    distinct: int
    days: int

    def __add__(self, other: KindEvidence) -> KindEvidence:
        """Adds values of the same kind from elsewhere.

        Clients and days may be the same, and values may be equal.
        """
        return KindEvidence(
            self.kind,
            self.n + other.n,
            max(self.clients, other.clients),
            self.distinct + other.distinct,
            max(self.days, other.days),
            **self.merged_statistics(other),
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a parameter.

    Attributes:
        n: Values.
        requests: Requests that carried it.
        clients: Clients that sent it.
        days: Days on which it was sent.
        kinds: The evidence of each kind.
        first_day: The first of these days.
        last_day: The last of these days.
    """

    n: int
    requests: int
    clients: int
    days: int
    kinds: tuple[KindEvidence, ...]
    first_day: date | None = None
    last_day: date | None = None

    @property
    def distinct(self) -> int:
        """The number of different values: kinds have none in common, so theirs add up."""
        return sum(kind.distinct for kind in self.kinds)


NO_EVIDENCE = Evidence(0, 0, 0, 0, ())


def combine_optional(
    combine: Callable[[Value, Value], Value], one: Value | None, other: Value | None
) -> Value | None:
    """Combines two optional values; None if both are missing, the other if one is."""
    return other if one is None else one if other is None else combine(one, other)
