"""Who sent the values of a parameter, mergeable and of bounded size.

Outlier clients and maps are found with this. Clients are numbers of 60 bits, spread evenly (`batch_senders.client_numbers`), so
that the smallest of them are a fair sample.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

from pipelines.requests.json_body import ITEM, MEMBER
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS, digest

NUMBER_BITS = 60
MAX_CLIENTS = 128
"""Most clients of a kind that are kept, those with the smallest numbers.

More are estimated, within 1 / sqrt(126) = 9 %.
"""
MAX_VALUES_WITHOUT_TWO_CLIENTS = 128
"""Most values of a parameter that may be an enum, without those of two clients.

Twice the members of a written enum (`value_counts.MAX_DISTINCT_VALUES`). Nothing is kept of a parameter with more values, so that
identifiers take no room.
"""
TOKEN_DIGITS = 12
"""Hexadecimal digits in place of a name in a body.

Among a million names of one object, two have the same digits once in 560.
"""
Sizes = Mapping[int, float]
"""Client → its largest, or smallest, size."""


@dataclass(frozen=True, slots=True)
class KindSenders:
    """Who sent values of one kind.

    Attributes:
        clients: The `MAX_CLIENTS` smallest numbers of clients, sorted.
        high: The `SUPPORTING_CLIENTS` clients with the largest sizes.
        low: The `SUPPORTING_CLIENTS` clients with the smallest sizes.
    """

    clients: tuple[int, ...] = ()
    high: Sizes = field(default_factory=dict)
    low: Sizes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ValueSenders:
    """How often a value was sent, and the smallest numbers of its clients, sorted."""

    n: int
    clients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Senders:
    """Who sent which values of a parameter.

    Exact under merging: whatever is decisive is kept in every part that has it.

    Attributes:
        kinds: The senders of each kind.
        values: Hash of a value → its senders; None once there are too many besides those of any two clients.
        popular: The number of clients of the value that most clients sent, counted up to as many as are enough; where it is
            enough, only `SUPPORTING_CLIENTS` of each value are kept.
    """

    kinds: Mapping[str, KindSenders] = field(default_factory=dict)
    values: Mapping[int, ValueSenders] | None = field(default_factory=dict)
    popular: int = 0


def merge_senders(parts: Iterable[Senders], enough: int) -> Senders:
    """Merges senders; `enough` clients of a value are as good as more."""
    parts = list(parts)
    by_kind: dict[str, list[KindSenders]] = defaultdict(list)
    for part in parts:
        for kind, one in part.kinds.items():
            by_kind[kind].append(one)
    popular = max((part.popular for part in parts), default=0)
    values = _merge_values([part.values for part in parts], enough)
    if values is not None:
        popular = min(max([popular, *(len(one.clients) for one in values.values())]), enough)
        if popular >= enough:
            values = {
                key: ValueSenders(one.n, one.clients[:SUPPORTING_CLIENTS]) for key, one in values.items()
            }
    return Senders({kind: _merge_kind(each) for kind, each in sorted(by_kind.items())}, values, popular)


def anonymise_pointer(pointer: str) -> str:
    """Replaces the names in a JSON Pointer by digits.

    They may turn out to be keys of a map, possibly names of people. Spark does the same with a name (`maps.anonymise_name`).
    """
    tokens = pointer.split("/")
    return "/".join(one if one in ("", ITEM, MEMBER) else digest(one, TOKEN_DIGITS) for one in tokens)


def estimate_clients(clients: tuple[int, ...]) -> float:
    """Estimates the number of clients from the `MAX_CLIENTS` smallest numbers.

    It is exact below that; otherwise the estimate of k minimum values, (k - 1) / u, where u is the k-th smallest of numbers
    spread over 0 to 1 (Bar-Yossef et al., "Counting distinct elements in a data stream", 2002; unbiased: Beyer et al. 2007).
    """
    if len(clients) < MAX_CLIENTS:
        return len(clients)
    return (MAX_CLIENTS - 1) * 2.0**NUMBER_BITS / (clients[MAX_CLIENTS - 1] + 1)


def count_values_without_two_clients(values: Mapping[int, ValueSenders]) -> int:
    """Counts the values that remain without those that only two clients sent.

    The two clients are those with most such values. More traffic never makes the number smaller: a value of somebody else remains
    one.
    """
    alone: Counter[int] = Counter(one.clients[0] for one in values.values() if len(one.clients) == 1)
    both: Counter[tuple[int, ...]] = Counter(
        one.clients
        for one in values.values()
        if len(one.clients) < SUPPORTING_CLIENTS and len(one.clients) > 1
    )
    most = sum(n for _, n in alone.most_common(SUPPORTING_CLIENTS - 1))
    pairs = (n + sum(alone[client] for client in clients) for clients, n in both.items())
    return len(values) - max([most, *pairs])


def senders_to_row(senders: Senders) -> dict[str, Any]:
    """Converts senders to the fields of `tables.SENDERS_SCHEMA`."""
    values = None
    if senders.values is not None:
        values = [
            {"value": key, "n": one.n, "clients": list(one.clients)} for key, one in senders.values.items()
        ]
    return {
        "kinds": [
            {
                "kind": kind,
                "clients": list(one.clients),
                "high": _size_rows(one.high),
                "low": _size_rows(one.low),
            }
            for kind, one in senders.kinds.items()
        ],
        "values": values,
        "popular": senders.popular,
    }


def senders_from_row(row: Mapping[str, Any]) -> Senders:
    """Reads senders from a row; a value that is there twice counts as one."""
    values = row["values"]
    return Senders(
        {
            kind["kind"]: KindSenders(
                tuple(kind["clients"]),
                *({one["who"]: one["size"] for one in kind[end]} for end in ("high", "low")),
            )
            for kind in row["kinds"]
        },
        None
        if values is None
        else {one["value"]: ValueSenders(one["n"], tuple(one["clients"])) for one in values},
        row["popular"],
    )


def _size_rows(sizes: Sizes) -> list[dict[str, Any]]:
    return [{"who": who, "size": size} for who, size in sizes.items()]


def _merge_kind(parts: list[KindSenders]) -> KindSenders:
    clients = nsmallest(MAX_CLIENTS, set[int]().union(*(one.clients for one in parts)))
    return KindSenders(
        tuple(clients),
        _extreme_sizes((one.high for one in parts), -1),
        _extreme_sizes((one.low for one in parts), 1),
    )


def _extreme_sizes(parts: Iterable[Sizes], sign: int) -> Sizes:
    """Returns the `SUPPORTING_CLIENTS` clients with the most extreme sizes.

    Of each client the largest (`sign` -1) or smallest size counts.
    """
    reached: dict[int, float] = {}
    for who, size in (pair for part in parts for pair in part.items()):
        reached[who] = sign * min(sign * size, sign * reached.get(who, size))
    first = nsmallest(SUPPORTING_CLIENTS, reached, key=lambda who: (sign * reached[who], who))
    return {who: reached[who] for who in first}


def _merge_values(
    parts: list[Mapping[int, ValueSenders] | None], enough: int
) -> dict[int, ValueSenders] | None:
    n: Counter[int] = Counter()
    clients: dict[int, set[int]] = defaultdict(set)
    for part in parts:
        if part is None:
            return None
        for key, one in part.items():
            n[key] += one.n
            clients[key].update(one.clients)
    kept = max(SUPPORTING_CLIENTS, enough)
    found = {key: ValueSenders(n[key], tuple(nsmallest(kept, clients[key]))) for key in sorted(n)}
    return (
        found
        if len(found) <= MAX_VALUES_WITHOUT_TWO_CLIENTS
        or count_values_without_two_clients(found) <= MAX_VALUES_WITHOUT_TWO_CLIENTS
        else None
    )
