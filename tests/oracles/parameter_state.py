"""Evidence of a parameter as one mergeable value, to check the Spark aggregation.

Numbers of distinct texts are exact while few, and an estimate beyond.

The value layer keeps the k smallest hashes (KMV: Bar-Yossef et al., "Counting distinct elements in a data
stream", 2002). Spark keeps a HyperLogLog sketch instead (an eighth of the bytes); both are exact for the
small sets that tests compare.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest

from pipelines.http.value_formats import (
    ARRAY,
    BIG_INTEGER,
    MAX_CHARACTERS,
    NUMBER_KINDS,
    TEXT,
    UNFORMATTED_KINDS,
    detect_kind,
    type_of,
)
from pipelines.http.value_patterns import BITS, classes_of
from pipelines.schemas.statistics.evidence import (
    NAMED_KINDS,
    SIZED_KINDS,
    CharacterClassCounts,
    Evidence,
    KindEvidence,
    KindStatistics,
)
from pipelines.schemas.statistics.growth import HOURS, Peaks
from pipelines.schemas.statistics.prefix import PREFIX_CHARACTERS
from pipelines.schemas.statistics.value_counts import (
    DistinctValues,
    ExtremeValues,
    ValueCount,
    client_bit,
    digest,
    shorten_value,
)

CAPACITY = 256
"""Hashes kept: the standard error of the estimate is 1 / sqrt(CAPACITY - 2), about 6 % (Bar-Yossef; Beyer et
al. 2007).
"""
HASH_SPACE = 2**64


@dataclass(frozen=True, slots=True)
class Distinct:
    """A set of texts, known by its `CAPACITY` smallest 64-bit hashes.

    Merging is exact, commutative, associative and idempotent: the smallest hashes of a union are among the
    smallest of its parts. No chance is involved, so that reruns agree.
    """

    hashes: frozenset[int] = frozenset()

    def __add__(self, other: Distinct) -> Distinct:
        union = self.hashes | other.hashes
        return Distinct(frozenset(nsmallest(CAPACITY, union)) if len(union) > CAPACITY else union)

    def estimate(self) -> int:
        """Returns the number of distinct texts.

        Exact below `CAPACITY`, otherwise estimated from the density of the smallest hashes.
        """
        if len(self.hashes) < CAPACITY:
            return len(self.hashes)
        return round((CAPACITY - 1) * HASH_SPACE / max(self.hashes))


NONE = Distinct()


def distinct_of(text: str) -> Distinct:
    """Returns the set that holds only `text`."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return Distinct(frozenset({int.from_bytes(digest, "big")}))


@dataclass(frozen=True, slots=True)
class KindState(KindStatistics):
    """The values of one kind. Invariant: `0 <= requests <= n`.

    `n` counts values, `requests` those that were the first of their name in their request (so `n > requests`
    means that names were repeated).
    """

    n: int = 0
    requests: int = 0
    clients: Distinct = NONE
    values: Distinct = NONE
    days: frozenset[date] = frozenset()

    def __add__(self, other: KindState) -> KindState:
        return KindState(
            self.n + other.n,
            self.requests + other.requests,
            self.clients + other.clients,
            self.values + other.values,
            self.days | other.days,
            **self.merged_statistics(other),
        )

    def evidence(self, kind: str) -> KindEvidence:
        """Returns the numbers from which a schema is inferred."""
        numbers = (self.n, self.clients.estimate(), self.values.estimate(), len(self.days))
        return KindEvidence(kind, *numbers, **self.statistics())


@dataclass(frozen=True, slots=True)
class ParameterState:
    """The states of a parameter, sorted by kind.

    `ParameterState()` is the zero; `+` is exact and commutative.
    """

    kinds: tuple[tuple[str, KindState], ...] = ()

    def __add__(self, other: ParameterState) -> ParameterState:
        merged = dict(self.kinds)
        for kind, state in other.kinds:
            merged[kind] = merged.get(kind, KindState()) + state
        return ParameterState(tuple(sorted(merged.items())))

    def evidence(self) -> Evidence:
        """Returns the numbers from which a schema is inferred."""
        whole = sum((state for _, state in self.kinds), KindState())
        kinds = tuple(state.evidence(kind) for kind, state in self.kinds)
        days = (min(whole.days, default=None), max(whole.days, default=None))
        return Evidence(whole.n, whole.requests, whole.clients.estimate(), len(whole.days), kinds, *days)


def observe(
    value: str,
    client: str,
    day: date,
    *,
    hour: int = 0,
    is_first: bool = True,
    json_type: str | None = None,
) -> ParameterState:
    """Returns the state of one value of a parameter.

    `hour` is the hour of the day in UTC; `is_first` is False if its request had a value of this name before;
    `json_type` is the type in a JSON body, None for values in a URL.
    """
    cut = value[:MAX_CHARACTERS]
    kind = detect_kind(cut, json_type)
    is_number = kind in NUMBER_KINDS
    integer = int(cut) if type_of(kind) == "integer" and kind != BIG_INTEGER else None
    seen = ValueCount(1, client_bit(client))
    has_size = is_number or kind in SIZED_KINDS or kind == ARRAY
    size = float(len(cut) if kind in SIZED_KINDS else cut) if has_size else 0.0
    sized = {(size, digest(cut)): seen}
    state = KindState(
        n=1,
        requests=int(is_first),
        clients=distinct_of(client),
        values=distinct_of(cut),
        days=frozenset({day}),
        low=integer,
        high=integer,
        classes=count_character_classes(classes_of(cut))
        if kind in UNFORMATTED_KINDS
        else CharacterClassCounts(),
        common=DistinctValues({shorten_value(cut, digest(cut)): seen})
        if kind in NAMED_KINDS
        else DistinctValues(None),
        highest=ExtremeValues(True, sized if has_size else {}),
        lowest=ExtremeValues(False, sized if is_number else {}),
        peaks=Peaks({hours_since_1970(day, hour): size}) if is_number else Peaks(),
        prefix=cut[:PREFIX_CHARACTERS] if kind == TEXT else None,
    )
    return ParameterState(((kind, state),))


def fold(states: Iterable[ParameterState]) -> ParameterState:
    """Merges all states."""
    return sum(states, ParameterState())


def count_character_classes(classes: int, n: int = 1) -> CharacterClassCounts:
    """Returns the counts of `n` values that have characters of `classes`."""
    return CharacterClassCounts(tuple(n if bit & classes else 0 for bit in BITS.values()))


def hours_since_1970(day: date, hour: int) -> int:
    """Returns the number of an hour in `Peaks`."""
    return (day - date(1970, 1, 1)).days * HOURS + hour
