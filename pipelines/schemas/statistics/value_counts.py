"""Mergeable counts of values: all of them while they are few, and extreme ones.

Both keep who sent a value, as bits of clients: inference asks whether three different clients sent it, never which
(docs/methods.md, 2.2 and 2.5).
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
SUPPORTING_CLIENTS = 3
"""Different clients that make a value more than one attacker's or one mistake."""
CLIENT_BITS = 63
"""Number of bits that stand for clients.

Of three clients two share a bit in 5 % of cases; then they count as fewer, which is safe.
"""
MAX_DISTINCT_VALUES = 64
"""Most different values that are kept.

With more, a parameter is not an enum for the whole window (docs/methods.md, 2.7).
"""
MAX_VALUE_CHARACTERS = 64
"""Most characters of a kept value.

A longer value is identified by its beginning and a digest: it is distinguished from others, but never a member of an enum.
"""
DIGEST_CHARACTERS = 8
ELLIPSIS = "\u2026"
MAX_EXTREME_VALUES = 32
"""Most largest (and smallest) sizes that are kept; a tail is fitted to them.

docs/methods.md, 2.3.
"""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How often a value was sent, and the bits (`client_bit`) of its clients.

    There are at least as many clients as bits.
    """

    n: int = 0
    clients: int = 0

    def __add__(self, other: ValueCount) -> ValueCount:
        return ValueCount(self.n + other.n, self.clients | other.clients)


@dataclass(frozen=True, slots=True)
class DistinctValues:
    """All different values with their counts.

    `counts` is None once there are more than `MAX_DISTINCT_VALUES`; values are never kept again then.
    """

    counts: Mapping[str, ValueCount] | None = field(default_factory=dict)

    def __add__(self, other: DistinctValues) -> DistinctValues:
        if self.counts is None or other.counts is None:
            return DistinctValues(None)
        merged = _add_counts(self.counts, other.counts.items())
        return DistinctValues(merged if len(merged) <= MAX_DISTINCT_VALUES else None)


@dataclass(frozen=True, slots=True)
class ExtremeValues:
    """The `MAX_EXTREME_VALUES` different values of largest size, or of smallest.

    Exact under merging: a value among the largest of the whole is among the largest of every part that has it.

    Attributes:
        largest: Whether the values are the largest or the smallest.
        counts: (size, digest of the value) → its count.
    """

    largest: bool = True
    counts: Mapping[tuple[float, str], ValueCount] = field(default_factory=dict)

    def __add__(self, other: ExtremeValues) -> ExtremeValues:
        merged = _add_counts(self.counts, other.counts.items())
        kept = sorted(merged, reverse=self.largest)[:MAX_EXTREME_VALUES]
        return ExtremeValues(self.largest, {key: merged[key] for key in kept})

    def supported(self, least: int, allowance: int) -> list[tuple[float, int]]:
        """Returns (size, n) from the most extreme inwards, without unsupported ones.

        Sizes beyond what `least` clients reach are unsupported (docs/methods.md, 2.5). At most `allowance` values are left out;
        if that is not enough, none is.
        """
        ordered = sorted(self.counts.items(), reverse=self.largest)
        clients = 0
        left_out = 0
        for place, (_, seen) in enumerate(ordered):
            clients |= seen.clients
            if clients.bit_count() >= least:
                rest = ordered[place:] if left_out <= allowance else ordered
                return [(size, seen.n) for (size, _), seen in rest]
            left_out += seen.n
        return [(size, seen.n) for (size, _), seen in ordered]

    def estimated_clients(self) -> float:
        """Returns the estimated number of clients that sent the kept values."""
        return estimate_clients(reduce(or_, (seen.clients for seen in self.counts.values()), 0))


def estimate_clients(bits: int) -> float:
    """Returns the estimated number of clients whose bits (`client_bit`) are set.

    k clients leave a bit unset with probability (1 - 1/63)^k, so their number follows from the unset ones (linear counting: Whang
    et al., "A linear-time probabilistic counting algorithm", 1990). At most 261, where one bit is unset or none.
    """
    unset = max(CLIENT_BITS - bits.bit_count(), 1)
    return math.log(unset / CLIENT_BITS) / math.log(1 - 1 / CLIENT_BITS)


def shorten_value(text: str, digest: str) -> str:
    """Returns a value as `DistinctValues` keeps it.

    That is the value, or its beginning, `CUT` and its digest.
    """
    if len(text) <= MAX_VALUE_CHARACTERS:
        return text
    return text[: MAX_VALUE_CHARACTERS - DIGEST_CHARACTERS - 1] + ELLIPSIS + digest


def is_shortened(text: str) -> bool:
    """Returns whether `shorten_value` shortened a text.

    A value may happen to end like that; it is then taken for a shortened one, which is safe.
    """
    return len(text) == MAX_VALUE_CHARACTERS and text[-DIGEST_CHARACTERS - 1] == ELLIPSIS


def client_bit(client: str) -> int:
    """Returns the bit that stands for a client."""
    return 1 << (zlib.crc32(client.encode("utf-8", "surrogatepass")) % CLIENT_BITS)


def merge_distinct_values(rows: Iterable[Mapping[str, Any]], is_open: bool) -> DistinctValues:
    """Merges rows of value, n and clients of any number of days."""
    if is_open:
        return DistinctValues(None)
    return DistinctValues() + DistinctValues(
        _add_counts({}, ((row["value"], _count_from(row)) for row in rows))
    )


def merge_extreme_values(rows: Iterable[Mapping[str, Any]], largest: bool) -> ExtremeValues:
    """Merges rows of size, digest, n and clients of any number of days."""
    merged = _add_counts({}, (((row["size"], row["digest"]), _count_from(row)) for row in rows))
    return ExtremeValues(largest) + ExtremeValues(largest, merged)


def _add_counts(
    known: Mapping[Key, ValueCount], more: Iterable[tuple[Key, ValueCount]]
) -> dict[Key, ValueCount]:
    merged = dict(known)
    for key, seen in more:
        merged[key] = merged.get(key, ValueCount()) + seen
    return merged


def _count_from(row: Mapping[str, Any]) -> ValueCount:
    return ValueCount(row["n"], row["clients"])


def digest(value: str, characters: int = DIGEST_CHARACTERS) -> str:
    """Returns digits that distinguish values of one size.

    They reveal nothing about the value: they are the first hexadecimal digits of MD5, which Spark has, too.
    """
    return hashlib.md5(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:characters]
