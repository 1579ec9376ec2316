"""Collects who sent the values of each parameter and day of a batch, in numpy.

The result is that of `senders.Senders`, for many parameters at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.http.value_formats import NUMBER_KINDS, UNIX_MILLISECONDS, UNIX_SECONDS
from pipelines.schemas.extraction.batch import Batch, Codes, Flags, group_starts, number_distinct
from pipelines.schemas.keys import BODY_LOCATIONS, PARAMETER_KEY, REQUEST_LOCATIONS
from pipelines.schemas.statistics.batch_texts import Texts, prepare_texts
from pipelines.schemas.statistics.evidence import SIZED_KINDS
from pipelines.schemas.statistics.senders import (
    MAX_CLIENTS,
    MAX_VALUES_WITHOUT_TWO_CLIENTS,
    ValueSenders,
    anonymise_pointer,
    count_values_without_two_clients,
)
from pipelines.schemas.statistics.sketches import hash_texts
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS, digest

LOCATIONS_NOT_COMPARED = (*REQUEST_LOCATIONS, "item")
"""Locations at which clients are not compared.

Those of requests, and items, whose values are compared in their queries.
"""
KINDS_WITH_SIZES = tuple(
    kind for kind in (*NUMBER_KINDS, *SIZED_KINDS) if kind not in (UNIX_SECONDS, UNIX_MILLISECONDS)
)
"""Kinds whose sizes are compared.

Times are not: a user who asks for next year is honest.
"""
NUMBER_DIGITS = 15
"""Hexadecimal digits of a client's number, a bigint.

Among a million clients, two have the same number once in 2 * 10^6.
"""


class SentValues(NamedTuple):
    """The values of a batch that are compared.

    Attributes:
        place: The place of the value's parameter and day.
        text: Its text.
        sender: The place of its client in `who`.
        who: The sorted numbers of the clients: sorting by the place of a client sorts by its number.
    """

    place: Codes
    text: Codes
    sender: Codes
    who: Codes


def collect_senders(batch: Batch, enough: int) -> pa.RecordBatch:
    """Returns rows of `PARAMETER_SENDERS_SCHEMA` for a batch.

    There is one row per parameter and day. `enough` clients of a value are as good as more (`senders.merge_senders`).
    """
    some = _is_compared(batch)
    parameter, text, sender = (batch.numbers(name)[some] for name in ("parameter", "text", "sender"))
    day = batch.numbers("day")[some]
    first_day = int(day.min()) if len(day) else 0
    place, firsts = number_distinct(
        parameter * (int(day.max(initial=first_day)) - first_day + 1) + day - first_day
    )
    numbers = client_numbers(batch.senders.column("client").to_pylist())
    who, rank = np.unique(numbers, return_inverse=True)
    sent, texts = SentValues(place, text, rank[sender], who), prepare_texts(batch.texts)
    values, popular = _values(sent, texts, len(firsts), enough)
    parameters = batch.parameters.set_column(
        batch.parameters.schema.get_field_index("name"), "name", _names(batch.parameters)
    ).combine_chunks()
    keys = {
        name: parameters.column(name).combine_chunks().take(pa.array(parameter[firsts]))
        for name in PARAMETER_KEY
    }
    return pa.RecordBatch.from_pydict(
        {
            **keys,
            "day": pa.array(day[firsts].astype(np.int32)).cast(pa.date32()),
            "kinds": _kinds(sent, texts, len(firsts)),
            "values": values,
            "popular": pa.array(popular),
        }
    )


def client_numbers(clients: list[str]) -> Codes:
    """Returns numbers of 60 bits in place of the names of clients.

    Spark makes the same of a column (`validation.spark.client_number`).
    """
    return np.asarray([int(digest(one, NUMBER_DIGITS), 16) for one in clients], np.int64)


def _names(parameters: pa.Table) -> pa.Array:
    located = zip(*(parameters.column(name).to_pylist() for name in ("location", "name")), strict=True)
    return pa.array(
        [anonymise_pointer(name) if location in BODY_LOCATIONS else name for location, name in located],
        pa.string(),
    )


def _is_compared(batch: Batch) -> Flags:
    is_told = [
        location not in LOCATIONS_NOT_COMPARED for location in batch.parameters.column("location").to_pylist()
    ]
    return np.asarray(is_told, bool)[batch.numbers("parameter")]


def _kinds(sent: SentValues, texts: Texts, places: int) -> pa.Array:
    """Returns the kinds of each place's values with their `senders.KindSenders`."""
    people = max(len(sent.who), 1)
    keys = (sent.place * len(texts.kinds) + texts.kind[sent.text]) * people + sent.sender
    order = np.argsort(keys)
    begins = group_starts(keys[order])
    each = keys[order][begins]
    group, who = each // people, sent.who[each % people]
    size = texts.size[sent.text][order]
    most, least = (of.reduceat(size, begins) if len(begins) else size for of in (np.fmax, np.fmin))
    groups = group[group_starts(group)]
    measured = np.isin(
        group % len(texts.kinds), [n for n, one in enumerate(texts.kinds) if one in KINDS_WITH_SIZES]
    )
    named = np.flatnonzero(_rank(group) < MAX_CLIENTS)
    struct = pa.StructArray.from_arrays(
        [
            pa.array([texts.kinds[one] for one in groups % len(texts.kinds)], pa.string()),
            _lists(group[named], groups, pa.array(who[named])),
            *(
                _extreme_sizes(group[measured], groups, who[measured], size[measured], sign)
                for size, sign in ((most, -1), (least, 1))
            ),
        ],
        ["kind", "clients", "high", "low"],
    )
    return _lists(groups // len(texts.kinds), np.arange(places), struct)


def _extreme_sizes(group: Codes, groups: Codes, who: Codes, size: Any, sign: int) -> pa.Array:
    """Returns, for each group, the `SUPPORTING_CLIENTS` most extreme sizes, sorted.

    Largest if `sign` is -1, else smallest; of equal sizes those that come first.
    """
    order = np.lexsort((sign * size, group))
    kept = order[_rank(group) < SUPPORTING_CLIENTS]
    return _lists(group[kept], groups, _struct({"who": who[kept], "size": size[kept]}))


def _values(sent: SentValues, texts: Texts, places: int, enough: int) -> tuple[pa.Array, Codes]:
    """Returns each place's values with their `senders.ValueSenders`, and `popular`.

    The values are NULL where they are too many.
    """
    some = texts.are(*SIZED_KINDS)[sent.text]
    used, text = np.unique(sent.text[some], return_inverse=True)
    # a text of two kinds is one value
    hashes, code = np.unique(
        hash_texts(texts.text.take(pa.array(used)))[0].view(np.int64), return_inverse=True
    )
    people, width = max(len(sent.who), 1), max(len(hashes), 1)
    keys = np.sort((sent.place[some] * width + code[text]) * people + sent.sender[some])
    begins = group_starts(keys)  # of a client's values
    pair, who = keys[begins] // people, sent.who[keys[begins] % people]
    firsts = group_starts(pair)
    times = np.diff(begins, append=len(keys))
    n = np.add.reduceat(times, firsts) if len(firsts) else times
    clients = np.diff(firsts, append=len(pair))
    place = pair[firsts] // width
    popular = np.zeros(places, np.int64)
    np.maximum.at(popular, place, np.minimum(clients, enough))
    is_open = _have_too_many_values(place, clients, who, firsts, places)
    kept_of = np.where(popular >= enough, SUPPORTING_CLIENTS, max(SUPPORTING_CLIENTS, enough))[pair // width]
    kept = np.flatnonzero((_rank(pair) < kept_of) & ~is_open[pair // width])
    stays = ~is_open[place]
    struct = pa.StructArray.from_arrays(
        [
            pa.array(hashes[pair[firsts][stays] % width]),
            pa.array(n[stays]),
            _lists(pair[kept], pair[firsts][stays], pa.array(who[kept])),
        ],
        ["value", "n", "clients"],
    )
    return _lists(place[stays], np.arange(places), struct, is_open), popular


def _have_too_many_values(place: Codes, clients: Codes, who: Codes, firsts: Codes, places: int) -> Flags:
    """Flags the places with more values than are kept.

    Args:
        place: The place of each value, sorted.
        clients: The number of clients of each value.
        who: The clients of the values, one value after the other.
        firsts: Where the clients of each value begin in `who`.
        places: The number of places.
    """
    begins = np.searchsorted(place, np.arange(places + 1))
    number = np.diff(begins)
    found = np.zeros(places, bool)
    for one in np.flatnonzero(number > MAX_VALUES_WITHOUT_TWO_CLIENTS):
        here = np.arange(begins[one], begins[one + 1])
        lone = here[clients[here] < SUPPORTING_CLIENTS]
        theirs = np.concatenate([who[firsts[lone]], who[firsts[lone[clients[lone] > 1]] + 1]])
        _, of_client = np.unique(theirs, return_counts=True)
        # most values that two clients sent, alone or together
        left = number[one] - np.sort(of_client)[-(SUPPORTING_CLIENTS - 1) :].sum()
        found[one] = (
            left > MAX_VALUES_WITHOUT_TWO_CLIENTS
            or _count_values_without_two_clients(here, clients, who, firsts) > MAX_VALUES_WITHOUT_TWO_CLIENTS
        )
    return found


def _count_values_without_two_clients(values: Codes, clients: Codes, who: Codes, firsts: Codes) -> int:
    listed = {
        int(one): ValueSenders(
            1, tuple(who[firsts[one] : firsts[one] + min(clients[one], SUPPORTING_CLIENTS)].tolist())
        )
        for one in values
    }
    return count_values_without_two_clients(listed)


def _rank(groups: Codes) -> Codes:
    """Returns the rank of each in its group, from 0; groups are sorted."""
    begins = group_starts(groups)
    return np.arange(len(groups)) - np.repeat(begins, np.diff(begins, append=len(groups)))


def _struct(columns: dict[str, Any]) -> pa.StructArray:
    return pa.StructArray.from_arrays([pa.array(one) for one in columns.values()], list(columns))


def _lists(keys: Codes, groups: Codes, values: pa.Array, null: Flags | None = None) -> pa.ListArray:
    """Returns, for each group, the values with its key; both are sorted."""
    offsets = pa.array(np.append(np.searchsorted(keys, groups), len(keys)).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values, mask=None if null is None else pa.array(null))
