"""Infers the spellings of an endpoint's paths and the media types of its bodies.

A document is matched literally, so `/users` does not describe `/users/`. Spellings and media types are not parameters: an API has
a few of each, and one odd client must not add to them, nor remove the one that all others use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.requests.path_parameters import PATH_VARIANTS, PLAIN
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS

MAX_MEDIA_TYPES = 16
"""Most media types of an endpoint; more are a client's invention."""


class UsageCount(NamedTuple):
    """How many requests of how many clients used a spelling or a media type."""

    name: str
    requests: int
    clients: int


def infer_path_variants(all_requests: int, all_clients: int, others: Iterable[UsageCount]) -> list[str]:
    """Infers the spellings of an endpoint's paths.

    Args:
        all_requests: Requests of the endpoint.
        all_clients: Clients of the endpoint.
        others: The spellings other than `PLAIN`.
    """
    odd = list(others)
    requests = all_requests - sum(one.requests for one in odd)
    # clients of both are counted with the others; how many of those use the template's own spelling is unknown, so it may stay
    clients = max(
        all_clients - sum(one.clients for one in odd), min(requests, all_clients, SUPPORTING_CLIENTS)
    )
    plain = UsageCount(PLAIN, requests, clients)
    return sorted(_supported([plain, *odd]), key=PATH_VARIANTS.index) or [PLAIN]


def infer_media_types(sent: Iterable[UsageCount]) -> list[str]:
    """Infers the media types of an endpoint's bodies, sorted."""
    ordered = sorted(sent, key=lambda one: (-one.requests, one.name))
    return sorted(_supported(ordered)[:MAX_MEDIA_TYPES])


def _supported(sent: Sequence[UsageCount]) -> list[str]:
    """Returns what three clients use (docs/methods.md, 2.5), and the most frequent."""
    most = max((one.requests for one in sent), default=0)
    return [
        one.name
        for one in sent
        if one.requests and (one.clients >= SUPPORTING_CLIENTS or one.requests == most)
    ]
