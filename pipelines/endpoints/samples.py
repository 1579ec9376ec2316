"""Which transactions speak for an endpoint: one of each of a few clients, those of the smallest hashes of their ids.

The same in every rerun and whatever the order: a minimum is, and so are the smallest of several minima.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.endpoints.evidence import KINDS, is_redirection, tells

SAMPLED = 3
"""Transactions of an endpoint and day: three of different clients rarely share an accident."""


def client_samples() -> Iterator[Column]:
    """For the aggregation by client and day: the hash of one answer of each kind, NULL where there is none."""
    for kind, told in zip(KINDS, (tells(), is_redirection()), strict=True):
        yield F.min(F.when(told, F.col("sample_hash"))).alias(_sample(kind))


def client_sample_names() -> tuple[str, ...]:
    """The columns of `client_samples`."""
    return tuple(map(_sample, KINDS))


def day_samples() -> Column:
    """For the aggregation of client-days by endpoint and day: at most `SAMPLED` hashes.

    Those of redirections only where no client got an answer on that day.
    """
    smallest = [F.expr(f"min_by({_sample(kind)}, {_sample(kind)}, {SAMPLED})") for kind in KINDS]
    found = (F.when(F.size(hashes) > 0, hashes) for hashes in smallest)
    return F.coalesce(*found, F.array().cast("array<bigint>"))


def _sample(kind: str) -> str:
    return f"{kind}_sample"
