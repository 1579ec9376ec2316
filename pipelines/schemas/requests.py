"""What is learned of an endpoint's requests as a whole: how their paths are written, which media types their bodies have.

A document is matched literally, so `/users` does not describe `/users/`. Neither is a parameter: an API has a few of each, and
one odd client must not add to them, nor take away the one that all others use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.schemas.path_segments import REST
from pipelines.schemas.seen import CLIENTS

PLAIN, DOUBLED, TRAILING, DOUBLED_TRAILING = WRITINGS = ("/x", "//x", "/x/", "//x/")
"""Ways to write the path `/x`: templates are written in the first, whatever the requests were."""
MEDIA_TYPES = 16
"""Media types that an endpoint is said to take; more are a client's invention."""


class Sent(NamedTuple):
    """So many requests of so many clients had what is named."""

    name: str
    requests: int
    clients: int


def writing_of(path: str) -> str:
    """How a path is written: one of `WRITINGS`."""
    is_doubled, is_trailing = path.startswith("//"), path.endswith("/") and path.strip("/") != ""
    return WRITINGS[is_doubled + 2 * is_trailing]


def as_written(path: str, writing: str) -> str:
    """A template in one of `WRITINGS`. The root and templates of any further segments have no slash at their end."""
    is_trailing = writing.endswith("/") and path != "/" and not path.endswith(f"/{REST}")
    return f"{'/' if writing.startswith('//') else ''}{path}{'/' if is_trailing else ''}"


def writings(all_requests: int, all_clients: int, others: Iterable[Sent]) -> list[str]:
    """The ways in which an endpoint's paths are written, from its requests and those that were not `PLAIN`."""
    odd = list(others)
    requests = all_requests - sum(one.requests for one in odd)
    # clients of both are counted with the others: of those that are left it is unknown, and a template's own writing may stay
    clients = max(all_clients - sum(one.clients for one in odd), min(requests, all_clients, CLIENTS))
    plain = Sent(PLAIN, requests, clients)
    return sorted(_supported([plain, *odd]), key=WRITINGS.index) or [PLAIN]


def media_types(sent: Iterable[Sent]) -> list[str]:
    """The media types that an endpoint's bodies have, sorted."""
    ordered = sorted(sent, key=lambda one: (-one.requests, one.name))
    return sorted(_supported(ordered)[:MEDIA_TYPES])


def _supported(sent: Sequence[Sent]) -> list[str]:
    """What three clients agree on (METHODS B5), and what no other is sent more often than."""
    most = max((one.requests for one in sent), default=0)
    return [one.name for one in sent if one.requests and (one.clients >= CLIENTS or one.requests == most)]
