"""The different values of a kind, where its state has kept them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.http.value_formats import BOOLEAN, EMPTY, NUMBER_KINDS
from pipelines.schemas.statistics.evidence import KindEvidence
from pipelines.schemas.statistics.value_counts import CLIENT_BITS, ValueCount, digest

EXACT = 2**53
"""Integers up to this are exact doubles (IEEE 754), which kept sizes are."""


def kept_values(kind: KindEvidence) -> Mapping[str, ValueCount] | None:
    """Returns the values of a kind with their counts; None if some are not known.

    Of numbers, sizes and digests are kept: while these are all of them, each text follows from its size, and the digest proves
    it. Of booleans only the whole is counted, so that both are taken to be as frequent as half of it.
    """
    if kind.kind == EMPTY:
        return {"": _share(kind, 1)}
    if kind.kind == BOOLEAN:
        return {"true": _share(kind, 2), "false": _share(kind, 2)}
    if kind.kind not in NUMBER_KINDS:
        return kind.common.counts
    found: dict[str, ValueCount] = {}
    for (size, known), seen in kind.highest.counts.items():
        text = next((text for text in _written(size) if digest(text) == known), None)
        if text is None:
            return None
        found[text] = seen
    return found if sum(one.n for one in found.values()) == kind.n else None


def _share(kind: KindEvidence, of: int) -> ValueCount:
    return ValueCount(kind.n // of, (1 << min(kind.clients, CLIENT_BITS)) - 1)


def _written(size: float) -> Iterator[str]:
    """Yields the usual ways to write a number."""
    if size == int(size) and abs(size) < EXACT:
        yield str(int(size))
    yield repr(size)
    yield f"{size:.2f}"
