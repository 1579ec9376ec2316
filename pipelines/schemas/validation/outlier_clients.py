"""One parameter → which clients deviate from what the others send, and how (METHODS B5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pipelines.http.value_formats import EMPTY, NUMBER_KINDS
from pipelines.runtime.settings_sections import OutlierClientSettings
from pipelines.schemas.statistics.senders import KindSenders, Senders, Sizes, ValueSenders, estimate_clients
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS

GAP = 3.0
"""Times what three clients reach, from where three begin: a value farther out is no tail any more (METHODS B5)."""


def find_outliers(senders: Senders, settings: OutlierClientSettings) -> Iterator[tuple[int, str]]:
    """Pairs of a client and a reason: "other-kind", "beyond-the-others" or "outside-the-set"."""
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
    """Who sends a kind that nearly nobody sends, where `clients` send another. An integer among numbers is none."""
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
    """Whose largest number or longest text is far beyond what three clients reach, measured from where three begin.

    Years begin at 2020, not at 0: from there 2,100 is far, from 0 nothing below 6,000 is. Where all send the same, its size is
    the measure. Numbers below zero count as far as they are from the beginning.
    """
    third = SUPPORTING_CLIENTS - 1
    begin = sorted(low.values())[third]
    away = {who: size - begin for who, size in high.items()}
    for who, size in low.items():
        away[who] = max(away.get(who, 0.0), begin - size if size < 0 else 0.0)
    reached = sorted(away.values(), reverse=True)[third]
    measure = reached if reached > 0 else max(abs(begin), 1.0)
    # who is farther than the third is one of two
    yield from (who for who, far in away.items() if far > GAP * measure)


def senders_outside_enum(values: Mapping[int, ValueSenders], rest_share: float) -> list[int]:
    """Who sends values that nobody shares, where nearly all values are shared: outside of what would be a closed set."""
    unshared = [one for one in values.values() if len(one.clients) < SUPPORTING_CLIENTS]
    mine: Counter[int] = Counter()
    for one in unshared:
        for who in one.clients:
            mine[who] += one.n
    # of clients with as many values the one with the smaller number is odder: some order must be
    two = sorted(mine, key=lambda who: (-mine[who], who))[: SUPPORTING_CLIENTS - 1]
    rest = sum(one.n for one in unshared) - sum(mine[who] for who in two)
    return two if rest <= rest_share * sum(one.n for one in values.values()) else []
