"""Recognises numbers that grow with time: their largest is not a maximum.

docs/methods.md, 2.3, drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

HOURS = 24
SPANS = 24
"""Equal parts of the window whose largest numbers are compared.

docs/methods.md, 2.3.
"""
SIGNIFICANCE = 1e-3
"""Probability of mistaking numbers that do not grow for growing ones.

At most 0.4 % in simulations (docs/methods.md, 2.3).
"""


@dataclass(frozen=True, slots=True)
class Peaks:
    """The largest number of each hour, counted from 1970 in UTC; merging is exact."""

    by_hour: Mapping[int, float] = field(default_factory=dict)

    def __add__(self, other: Peaks) -> Peaks:
        return Peaks(_highest([*self.by_hour.items(), *other.by_hour.items()]))

    def grow(self) -> bool:
        """Returns whether later peaks are higher, by Kendall's rank correlation.

        Mann, "Nonparametric tests against trend", 1945. Fewer than seven peaks are never enough: chance alone puts six in perfect
        order with a probability of 1 in 720.
        """
        # loading takes half a second, which only workers that infer schemas need
        from scipy.stats import kendalltau

        peaks = self._of_spans()
        if len(peaks) < 2 or min(peaks) == max(peaks):
            return False
        return bool(kendalltau(range(len(peaks)), peaks, alternative="greater").pvalue < SIGNIFICANCE)

    def _of_spans(self) -> list[float]:
        if not self.by_hour:
            return []
        first, last = min(self.by_hour), max(self.by_hour)
        width = -(-(last - first + 1) // SPANS)
        highest = _highest(((hour - first) // width, size) for hour, size in self.by_hour.items())
        return [highest[span] for span in sorted(highest)]


def merge_peaks(rows: Iterable[Mapping[str, Any]] | None) -> Peaks:
    """Merges rows of hour and size of any number of days."""
    return Peaks(_highest((row["hour"], row["size"]) for row in rows or ()))


def _highest(sizes: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Returns the largest size at each place."""
    found: dict[int, float] = {}
    for place, size in sizes:
        found[place] = max(size, found.get(place, size))
    return found
