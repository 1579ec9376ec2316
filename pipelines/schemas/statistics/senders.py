"""Who sent the values of a parameter: what deviants and maps are told by, mergeable and of bounded size.

Clients are numbers of 60 bits, spread evenly (`batch_senders.client_numbers`), so that the smallest of them are a fair sample.
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
"""Clients of a kind that are kept, those of the smallest numbers: more are estimated, within 1 / sqrt(126) = 9 %."""
MAX_VALUES_WITHOUT_TWO_CLIENTS = 128
"""Values beside those that two clients alone sent, up to which a parameter may be a set: twice the members of a written one
(`value_counts.MAX_DISTINCT_VALUES`). Of one with more values nothing is kept, so that identifiers take no room."""
TOKEN_DIGITS = 12
"""Hexadecimal digits in place of a name in a body: two of a million names of one object have the same ones once in 560."""
Sizes = Mapping[int, float]
"""Client → its largest, or smallest, size."""


@dataclass(frozen=True, slots=True)
class KindSenders:
    """Who sent values of one kind: the `NAMED` smallest numbers in order, and the `CLIENTS` that reach highest and lowest."""

    clients: tuple[int, ...] = ()
    high: Sizes = field(default_factory=dict)
    low: Sizes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ValueSenders:
    """How often a value was sent, and the smallest numbers of those who sent it, in order."""

    n: int
    clients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Senders:
    """Who sent what of a parameter. Exact under merging: whatever decides is kept in every part that holds it.

    `values`: hash of a value → its senders, `None` once there are too many beside those of any two clients. `popular` is the
    number of clients of the value that most sent, counted up to as many as are enough; where it is enough, only `CLIENTS` of
    each value are kept.
    """

    kinds: Mapping[str, KindSenders] = field(default_factory=dict)
    values: Mapping[int, ValueSenders] | None = field(default_factory=dict)
    popular: int = 0


def merge_senders(parts: Iterable[Senders], enough: int) -> Senders:
    """The senders of all parts; `enough` clients of a value are as good as more."""
    parts = list(parts)
    by_kind: dict[str, list[KindSenders]] = defaultdict(list)
    for part in parts:
        for kind, one in part.kinds.items():
            by_kind[kind].append(one)
    popular = max((part.popular for part in parts), default=0)
    values = _values([part.values for part in parts], enough)
    if values is not None:
        popular = min(max([popular, *(len(one.clients) for one in values.values())]), enough)
        if popular >= enough:
            values = {
                key: ValueSenders(one.n, one.clients[:SUPPORTING_CLIENTS]) for key, one in values.items()
            }
    return Senders({kind: _kind(each) for kind, each in sorted(by_kind.items())}, values, popular)


def anonymise_pointer(pointer: str) -> str:
    """A JSON Pointer with digits in place of its names: they may turn out to be keys of a map, names of people among them.

    Spark does the same with a name (`maps.anonymise_name`).
    """
    tokens = pointer.split("/")
    return "/".join(one if one in ("", ITEM, MEMBER) else digest(one, TOKEN_DIGITS) for one in tokens)


def estimate_clients(clients: tuple[int, ...]) -> float:
    """How many clients there are, of the `NAMED` smallest numbers: exact below, else the estimate of k minimum values.

    (k - 1) / u, where u is the k-th smallest of numbers spread over 0 to 1 (Bar-Yossef et al., "Counting distinct elements in a
    data stream", 2002; unbiased: Beyer et al. 2007).
    """
    if len(clients) < MAX_CLIENTS:
        return len(clients)
    return (MAX_CLIENTS - 1) * 2.0**NUMBER_BITS / (clients[MAX_CLIENTS - 1] + 1)


def count_values_without_two_clients(values: Mapping[int, ValueSenders]) -> int:
    """How many values stay if those that only two clients sent are left out, of the two with most of them.

    More traffic never makes it smaller: a value of somebody else stays one.
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
    """The fields of `table.SENDERS`."""
    values = None
    if senders.values is not None:
        values = [
            {"value": key, "n": one.n, "clients": list(one.clients)} for key, one in senders.values.items()
        ]
    return {
        "kinds": [
            {"kind": kind, "clients": list(one.clients), "high": _sizes(one.high), "low": _sizes(one.low)}
            for kind, one in senders.kinds.items()
        ],
        "values": values,
        "popular": senders.popular,
    }


def senders_from_row(row: Mapping[str, Any]) -> Senders:
    """`as_row` back; a value that is there twice counts as one."""
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


def _sizes(sizes: Sizes) -> list[dict[str, Any]]:
    return [{"who": who, "size": size} for who, size in sizes.items()]


def _kind(parts: list[KindSenders]) -> KindSenders:
    clients = nsmallest(MAX_CLIENTS, set[int]().union(*(one.clients for one in parts)))
    return KindSenders(
        tuple(clients), _outermost((one.high for one in parts), -1), _outermost((one.low for one in parts), 1)
    )


def _outermost(parts: Iterable[Sizes], sign: int) -> Sizes:
    """Of each client the largest (`sign` -1) or smallest size, of the `CLIENTS` that reach farthest."""
    reached: dict[int, float] = {}
    for who, size in (pair for part in parts for pair in part.items()):
        reached[who] = sign * min(sign * size, sign * reached.get(who, size))
    first = nsmallest(SUPPORTING_CLIENTS, reached, key=lambda who: (sign * reached[who], who))
    return {who: reached[who] for who in first}


def _values(parts: list[Mapping[int, ValueSenders] | None], enough: int) -> dict[int, ValueSenders] | None:
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
