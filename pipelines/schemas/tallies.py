"""How many values hold characters of each class: what a pattern would have refused can be counted later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.schemas.characters import BITS

NOTHING = (0,) * len(BITS)


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts[i]` values hold a character of the i-th class of `characters.CLASSES`."""

    counts: tuple[int, ...] = NOTHING

    def __add__(self, other: Tally) -> Tally:
        return Tally(tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)))

    @property
    def bits(self) -> int:
        """The classes that occurred (`characters.BITS`)."""
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
