"""Finds the clients that deviate from all others at one parameter, and how.

docs/methods.md, 2.5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pipelines.http.value_formats import EMPTY, NUMBER_KINDS
from pipelines.runtime.settings_sections import OutlierClientSettings
from pipelines.schemas.statistics.senders import KindSenders, Senders, Sizes, ValueSenders, estimate_clients
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS

MAX_RELATIVE_DISTANCE = 3.0
"""Largest distance of an honest value from the start, relative to three clients'.

A value farther out does not belong to the tail (docs/methods.md, 2.5).
"""


def find_outliers(senders: Senders, settings: OutlierClientSettings) -> Iterator[tuple[int, str]]:
    """Yields pairs of a client and a reason.

    The reasons are "other-kind", "beyond-the-others" and "outside-the-set".
    """
    for who in senders_of_rare_kinds(senders.kinds, settings.clients):
        yield who, "other-kind"
    for one in senders.kinds.values():
        if one.high and len(one.clients) >= settings.clients:
            for who in senders_beyond_others(one.high, one.low):
                yield who, "beyond-the-others"
    if senders.values is not None and senders.popular >= settings.clients:
        for who in senders_outside_enum(senders.values, settings.rest_share):
            yield who, "outside-the-set"


def senders_of_rare_kinds(kinds: Mapping[str, KindSenders], clients: int) -> Iterator[int]:
    """Yields clients that send a kind that almost nobody sends.

    At least `clients` must send another kind. An integer among numbers is not a rare kind.
    """
    sent = {kind: estimate_clients(one.clients) for kind, one in kinds.items() if kind != EMPTY}
    if not sent:
        return
    main = max(sent, key=lambda kind: (sent[kind], kind))
    if sent[main] < clients:
        return
    for kind, number in sent.items():
        if number < SUPPORTING_CLIENTS and not (kind in NUMBER_KINDS and main in NUMBER_KINDS):
            yield from kinds[kind].clients


def senders_beyond_others(high: Sizes, low: Sizes) -> Iterator[int]:
    """Yields clients whose largest number or longest text is far beyond the others'.

    The distance is measured from the third-lowest client, in units of what three clients reach. Years begin at 2020, not at 0:
    from there 2,100 is far; measured from 0, nothing below 6,000 is. If all send the same, its size is the unit. Numbers below
    zero count by their distance from the start.
    """
    third = SUPPORTING_CLIENTS - 1
    begin = sorted(low.values())[third]
    away = {who: size - begin for who, size in high.items()}
    for who, size in low.items():
        away[who] = max(away.get(who, 0.0), begin - size if size < 0 else 0.0)
    reached = sorted(away.values(), reverse=True)[third]
    measure = reached if reached > 0 else max(abs(begin), 1.0)
    # only two clients can be farther than the third
    yield from (who for who, far in away.items() if far > MAX_RELATIVE_DISTANCE * measure)


def senders_outside_enum(values: Mapping[int, ValueSenders], rest_share: float) -> list[int]:
    """Returns clients that send unshared values where almost all values are shared.

    Their values are outside the parameter's likely enum.
    """
    unshared = [one for one in values.values() if len(one.clients) < SUPPORTING_CLIENTS]
    mine: Counter[int] = Counter()
    for one in unshared:
        for who in one.clients:
            mine[who] += one.n
    # of clients with equally many values, that with the smaller number comes first: the order must be fixed
    two = sorted(mine, key=lambda who: (-mine[who], who))[: SUPPORTING_CLIENTS - 1]
    rest = sum(one.n for one in unshared) - sum(mine[who] for who in two)
    return two if rest <= rest_share * sum(one.n for one in values.values()) else []
