"""Selection of the days that a step works on.

By default these are the days whose inputs differ from those that the results were made from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class DayChoice:
    """Days that an operator asks for: all (`full`), from `since` on, or `days`.

    Without any of these: the days that changed.
    """

    full: bool = False
    since: date | None = None
    days: frozenset[date] = frozenset()

    @property
    def is_by_hand(self) -> bool:
        """Whether the operator names days, whatever changed."""
        return self.full or self.since is not None or bool(self.days)

    def select(self, days_with_traffic: Iterable[date], changed: Collection[date]) -> tuple[date, ...]:
        """Returns the days to work on, in order.

        Args:
            days_with_traffic: All days.
            changed: Days that changed since they were worked on.
        """
        if not self.is_by_hand:
            return tuple(sorted(changed))
        return tuple(sorted(day for day in days_with_traffic if self._names(day)))

    def _names(self, day: date) -> bool:
        return self.full or day in self.days or (self.since is not None and day >= self.since)


CHANGED_DAYS = DayChoice()
"""Selects the days that changed."""


def digest(parts: Iterable[str]) -> str:
    """Digests texts in the order given: 64 bits of SHA-256, 16 hexadecimal digits."""
    whole = sha256()
    for part in parts:
        text = part.encode()
        whole.update(len(text).to_bytes(8))  # so that ("ab", "c") is not ("a", "bc")
        whole.update(text)
    return whole.hexdigest()[:DIGEST_CHARACTERS]


def format_inputs(inputs: Mapping[str, str]) -> str:
    """Joins digests by name into a text: `ml-0a1b_session-2c3d`.

    The text is valid as the value of a partition.
    """
    return "_".join(f"{name}-{inputs[name]}" for name in sorted(inputs))


def parse_inputs(text: str) -> dict[str, str]:
    """Parses the text of `format_inputs`."""
    pairs = (part.partition("-") for part in text.split("_") if part)
    return {name: value for name, _, value in pairs}


def build_day_filter(days: Iterable[date]) -> str:
    """Returns the SQL condition that `day` is one of these dates."""
    listed = ", ".join(f"DATE'{day.isoformat()}'" for day in sorted(days))
    return f"day IN ({listed})" if listed else "false"
