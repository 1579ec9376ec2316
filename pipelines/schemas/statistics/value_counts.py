"""Values themselves as mergeable evidence: all of them while they are few, and the outermost of any number.

Both keep who sent a value, as bits of clients: a judgement asks for three different ones (METHODS B2, B5), never which.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
SUPPORTING_CLIENTS = 3
"""Different clients that make a value more than one attacker's or one mistake."""
CLIENT_BITS = 63
"""Bits that clients fall on: of three clients two share one in 5 % of cases, then they count as fewer, which is safe."""
MAX_DISTINCT_VALUES = 64
"""Different values that are kept; with more, a parameter is open for the whole window (METHODS B7)."""
KEPT_CHARACTERS = 64
"""Of a kept value; a longer one is known by its beginning and a digest: told apart from others, never a member of a set."""
DIGEST_CHARACTERS = 8
CUT = "\u2026"
MAX_EXTREME_VALUES = 32
"""Largest (and smallest) sizes that are kept: what a tail is fitted to (METHODS B3)."""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How often something was seen, and the bits (`client_bit`) of those that sent it: there are at least so many clients."""

    n: int = 0
    clients: int = 0

    def __add__(self, other: ValueCount) -> ValueCount:
        return ValueCount(self.n + other.n, self.clients | other.clients)


@dataclass(frozen=True, slots=True)
class DistinctValues:
    """All different values, `None` once they are more than `COMMON`; then none is ever kept again."""

    counts: Mapping[str, ValueCount] | None = field(default_factory=dict)

    def __add__(self, other: DistinctValues) -> DistinctValues:
        if self.counts is None or other.counts is None:
            return DistinctValues(None)
        merged = _added(self.counts, other.counts.items())
        return DistinctValues(merged if len(merged) <= MAX_DISTINCT_VALUES else None)


@dataclass(frozen=True, slots=True)
class ExtremeValues:
    """The `OUTERMOST` different values of largest size; `largest=False`: of smallest. Keys are (size, digest of the value).

    Exact under merging: what is among the largest of the whole is among the largest of every part that holds it.
    """

    largest: bool = True
    counts: Mapping[tuple[float, str], ValueCount] = field(default_factory=dict)

    def __add__(self, other: ExtremeValues) -> ExtremeValues:
        merged = _added(self.counts, other.counts.items())
        kept = sorted(merged, reverse=self.largest)[:MAX_EXTREME_VALUES]
        return ExtremeValues(self.largest, {key: merged[key] for key in kept})

    def supported(self, least: int, allowance: int) -> list[tuple[float, int]]:
        """(size, n) from the outermost inwards, without those beyond what `least` clients reach (METHODS B5).

        At most `allowance` values are left out; where that is not enough, none is.
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


def shorten_value(text: str, digest: str) -> str:
    """What `Kept` has of a value (`columns.kept_text` on Spark): the value, or its beginning, `CUT` and its digest."""
    if len(text) <= KEPT_CHARACTERS:
        return text
    return text[: KEPT_CHARACTERS - DIGEST_CHARACTERS - 1] + CUT + digest


def is_shortened(text: str) -> bool:
    """Whether `kept_text` shortened it (a value may end like that by itself: then it is taken for a cut one, which is safe)."""
    return len(text) == KEPT_CHARACTERS and text[-DIGEST_CHARACTERS - 1] == CUT


def client_bit(client: str) -> int:
    """The bit that stands for a client; Spark computes the same (`columns.client_bit`)."""
    return 1 << (zlib.crc32(client.encode("utf-8", "surrogatepass")) % CLIENT_BITS)


def merge_distinct_values(rows: Iterable[Mapping[str, Any]], is_open: bool) -> DistinctValues:
    """Rows of value, n, clients of any number of days → their merge."""
    if is_open:
        return DistinctValues(None)
    return DistinctValues() + DistinctValues(_added({}, ((row["value"], _seen(row)) for row in rows)))


def merge_extreme_values(rows: Iterable[Mapping[str, Any]], largest: bool) -> ExtremeValues:
    """Rows of size, digest, n, clients of any number of days → their merge."""
    merged = _added({}, (((row["size"], row["digest"]), _seen(row)) for row in rows))
    return ExtremeValues(largest) + ExtremeValues(largest, merged)


def _added(known: Mapping[Key, ValueCount], more: Iterable[tuple[Key, ValueCount]]) -> dict[Key, ValueCount]:
    merged = dict(known)
    for key, seen in more:
        merged[key] = merged.get(key, ValueCount()) + seen
    return merged


def _seen(row: Mapping[str, Any]) -> ValueCount:
    return ValueCount(row["n"], row["clients"])


def digest(value: str, characters: int = DIGEST_CHARACTERS) -> str:
    """Tells values of one size apart, and says nothing of them: the first hexadecimal digits of MD5, which Spark has, too."""
    return hashlib.md5(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:characters]
