"""What is learned of an endpoint's requests as a whole: how their paths are written, which media types their bodies have.

A document is matched literally, so `/users` does not describe `/users/`. Neither is a parameter: an API has a few of each, and
one odd client must not add to them, nor take away the one that all others use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.requests.path_parameters import PATH_VARIANTS, PLAIN
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS

MEDIA_TYPES = 16
"""Media types that an endpoint is said to take; more are a client's invention."""


class UsageCount(NamedTuple):
    """So many requests of so many clients had what is named."""

    name: str
    requests: int
    clients: int


def infer_path_variants(all_requests: int, all_clients: int, others: Iterable[UsageCount]) -> list[str]:
    """The ways in which an endpoint's paths are written, from its requests and those that were not `PLAIN`."""
    odd = list(others)
    requests = all_requests - sum(one.requests for one in odd)
    # clients of both are counted with the others: of those that are left it is unknown, and a template's own writing may stay
    clients = max(
        all_clients - sum(one.clients for one in odd), min(requests, all_clients, SUPPORTING_CLIENTS)
    )
    plain = UsageCount(PLAIN, requests, clients)
    return sorted(_supported([plain, *odd]), key=PATH_VARIANTS.index) or [PLAIN]


def infer_media_types(sent: Iterable[UsageCount]) -> list[str]:
    """The media types that an endpoint's bodies have, sorted."""
    ordered = sorted(sent, key=lambda one: (-one.requests, one.name))
    return sorted(_supported(ordered)[:MEDIA_TYPES])


def _supported(sent: Sequence[UsageCount]) -> list[str]:
    """What three clients agree on (METHODS B5), and what no other is sent more often than."""
    most = max((one.requests for one in sent), default=0)
    return [
        one.name
        for one in sent
        if one.requests and (one.clients >= SUPPORTING_CLIENTS or one.requests == most)
    ]
