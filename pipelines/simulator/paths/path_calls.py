"""Calls of simulated API paths: by which method, by whom and on which day.

A test suite calls each template a few times on one day; an API in use has clients that differ in how much they do, and comes
back to some values more than to others. Habits are drawn for each API and vary widely, so that shares and rates can be learned
but no volume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pipelines.http.methods import METHODS, group_method

FIRST_DAY = 20_000
"""Days since 1970 of the first day of all simulated calls."""
CLIENTS, DAYS = (1, 1, 2, 5, 20, 60), (1, 1, 2, 7, 14)
RECORDED_DAYS = 1000
"""Days over which the recordings of a test suite may have been made."""
REUSE = (0.0, 0.3, 0.6, 0.9, 0.97)
"""How often a call reuses the value of an earlier one; drawn for each API."""
SKEW = (0.0, 0.5, 1.0, 1.5)
"""Exponents of Zipf's law for clients and values: 0 is uniform."""
Visit = tuple[str, int, int]
"""Method, client, day."""


@dataclass(slots=True)
class SeenPath:
    """A path with its truth (whether each segment is a variable) and its calls."""

    truth: tuple[bool, ...]
    visits: set[Visit] = field(default_factory=set)

    def row(self) -> dict[str, Any]:
        """Returns the columns of the evidence, with client-days by method."""
        days = [day for _, _, day in self.visits]
        return {
            "clients": len({client for _, client, _ in self.visits}),
            "first_day": min(days),
            "last_day": max(days),
            "calls": [sum(group_method(method) == name for method, _, _ in self.visits) for name in METHODS],
        }


Paths = Mapping[tuple[str, ...], SeenPath]
"""Segments of a path → its truth and calls."""


def draw_rank(rng: Random, size: int, skew: float) -> int:
    """Draws a rank below `size`, low ones more often.

    Frequencies fall about as Zipf's law with an exponent of `skew`.
    """
    return int(size * rng.random() ** (1 + 2 * skew))


@dataclass(frozen=True, slots=True)
class CallHabits:
    """Who calls an API, when, and how often values are used again.

    `is_recorded`: calls of one template were recorded on one day by one client, those of others on other days.
    """

    clients: int
    days: int
    again: float
    client_skew: float
    value_skew: float
    operation_skew: float
    is_recorded: bool

    def visitor(self, rng: Random) -> Callable[[str], Visit]:
        """Returns a function that draws the visit of a template from its method."""
        if self.is_recorded:
            client, day = rng.randrange(self.clients), FIRST_DAY + rng.randrange(self.days)
            return lambda method: (method, client, day)
        return lambda method: (
            method, draw_rank(rng, self.clients, self.client_skew), FIRST_DAY + rng.randrange(self.days)
        )  # fmt: skip

    def value(self, draw: Callable[[], str], used: list[str], rng: Random) -> str:
        """Returns an earlier value with probability `again`, otherwise a new one.

        A new value is added to `used`.
        """
        if used and rng.random() < self.again:
            return used[draw_rank(rng, len(used), self.value_skew)]
        used.append(draw())
        return used[-1]

    def calls(self, low: int, high: int, rng: Random) -> int:
        """Draws the number of calls of a template, which differs much."""
        share: float = rng.random() ** self.operation_skew
        return max(1, round(rng.randint(low, high) * share))


def draw_habits(rng: Random, is_test_suite: bool) -> CallHabits:
    """Draws the habits of an API's clients.

    A test suite is run once, or its parts were recorded one after the other.
    """
    is_recorded = is_test_suite and rng.random() < 0.5
    clients, days = (rng.choice((1, 2, 5)), rng.choice((2, 10, RECORDED_DAYS))) if is_recorded else (1, 1)
    if not is_test_suite:
        clients, days = rng.choice(CLIENTS), rng.choice(DAYS)
    skews = (rng.choice(SKEW), rng.choice(SKEW), rng.choice((0.0, 0.5, 1.0, 2.0)))
    return CallHabits(clients, days, rng.choice(REUSE), *skews, is_recorded)
