"""Which days a step works on: those whose inputs are not those that its results were made from, or those that somebody names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class DayChoice:
    """What an operator asks for by hand: all days (`full`), those from `since` on, or `days`; nothing: those that changed."""

    full: bool = False
    since: date | None = None
    days: frozenset[date] = frozenset()

    @property
    def is_by_hand(self) -> bool:
        """Whether days are named, whatever changed."""
        return self.full or self.since is not None or bool(self.days)

    def chosen(self, known: Iterable[date], changed: Collection[date]) -> tuple[date, ...]:
        """The days to do, in order, of all `known` ones and those that `changed` since they were done."""
        if not self.is_by_hand:
            return tuple(sorted(changed))
        return tuple(sorted(day for day in known if self._names(day)))

    def _names(self, day: date) -> bool:
        return self.full or day in self.days or (self.since is not None and day >= self.since)


CHANGED_DAYS = DayChoice()
"""The days that changed."""


def digest(parts: Iterable[str]) -> str:
    """Stands for texts in the order given: SHA-256, cut to 64 bits, as 16 hexadecimal digits."""
    whole = sha256()
    for part in parts:
        text = part.encode()
        whole.update(len(text).to_bytes(8))  # so that ("ab", "c") is not ("a", "bc")
        whole.update(text)
    return whole.hexdigest()[:DIGEST_CHARACTERS]


def format_inputs(inputs: Mapping[str, str]) -> str:
    """Digests by name as one text, which may be a partition's value: `ml-0a1b_session-2c3d`."""
    return "_".join(f"{name}-{inputs[name]}" for name in sorted(inputs))


def parse_inputs(text: str) -> dict[str, str]:
    """The digests of `written`."""
    pairs = (part.partition("-") for part in text.split("_") if part)
    return {name: found for name, _, found in pairs}


def build_day_filter(days: Iterable[date]) -> str:
    """SQL: whether `day` is one of these. Of dates only, never of texts."""
    listed = ", ".join(f"DATE'{day.isoformat()}'" for day in sorted(days))
    return f"day IN ({listed})" if listed else "false"
