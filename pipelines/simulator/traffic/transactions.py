"""Traffic of declared sites in chronological order; deterministic for a seed."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from pipelines.simulator.sites.clients import Client
from pipelines.simulator.sites.site import Site
from pipelines.simulator.traffic.attacks import (
    NO_ATTACKS,
    Attack,
    AttackPlan,
    answer,
    draw_attack,
    draw_attackers,
)
from pipelines.simulator.traffic.request import Request, render_request
from pipelines.simulator.vocabulary.operation import Operation, Response
from pipelines.simulator.vocabulary.values import create_random_source

SECONDS_PER_DAY = 86400
# Share of HEAD among a client's requests for pages and files: monitors and link checkers check without loading.
_HEAD_SHARE = {"monitor": 0.3, "bot": 0.06, "reader": 0.05, "server": 0.08}
# Requests by hour (UTC): a trough at night and a plateau from morning to evening.
_HOURS = (2, 1.5, 1.2, 1, 1, 1.3, 2, 3.5, 5, 6, 6.3, 6.2, 6, 6.2, 6.3, 6, 5.8, 5.5, 5.2, 5.4, 5.5, 5, 4, 3)


class Transaction(NamedTuple):
    """One logged HTTP transaction (the fields of a Logpush record) and its truth.

    `time`: seconds since 1970 (UTC). Header names are lower case; fields that the site's log does not have are empty.
    """

    ray_id: str
    time: float
    client_ip: str
    host: str
    method: str
    scheme: str
    uri: str
    user_agent: str
    referer: str
    request_bytes: int
    status: int
    response_bytes: int
    content_type: str
    request_headers: dict[str, str]
    cookies: dict[str, str]
    response_headers: dict[str, str]
    request_body: str
    operation: Operation
    attack: bool
    has_session: bool
    """The record carries the session identifier of its host."""

    @property
    def is_api(self) -> bool:
        """Truth: whether it is an API call."""
        return self.operation.is_api

    @property
    def kind(self) -> str:
        """Truth: the slice, such as "rest-json", "page" or "asset-hashed"."""
        return self.operation.kind

    @property
    def template(self) -> str:
        """Truth: the path template of an API call, "" otherwise."""
        return self.operation.template if self.operation.is_api else ""


def generate_transactions(
    sites: Sequence[Site],
    n: int,
    seed: int,
    *,
    days: int = 1,
    end_date: date = date(2026, 6, 30),
    attacks: AttackPlan = NO_ATTACKS,
) -> Iterator[Transaction]:
    """Generates `n` transactions in chronological order.

    Args:
        sites: From `build_sites`; its own seed may differ.
        n: Number of transactions.
        seed: The same seed gives the same transactions, independent of PYTHONHASHSEED.
        days: Number of days.
        end_date: Last day (UTC).
        attacks: How many API requests are attacks; without any, traffic is as if there were no such plan.
    """
    first = datetime(end_date.year, end_date.month, end_date.day, tzinfo=UTC) - timedelta(days=days - 1)
    times, rng = (
        _times(n, days, first.timestamp(), create_random_source(seed, "times")),
        create_random_source(seed, "traffic"),
    )
    weights = list(accumulate(site.weight for site in sites))
    literals = {id(operation): operation.literals() for site in sites for operation in site.operations}
    roles = {
        id(o): (list(accumulate(share for _, share in o.audience)), o.audience)
        for site in sites
        for o in site.operations
    }
    hostile = create_random_source(seed, "attacks")
    attackers = {site.host: draw_attackers(attacks, site, seed) for site in sites if attacks.share}
    for time in times:
        site = sites[bisect(weights, rng.random() * weights[-1])]
        operation = site.operations[
            bisect(site.cumulative, rng.random() * site.cumulative[-1], hi=len(site.operations) - 1)
        ]
        cumulative, audience = roles[id(operation)]
        role = audience[bisect(cumulative, rng.random() * cumulative[-1], hi=len(audience) - 1)][0]
        group = site.clients[role]
        # Squaring skews the choice: the busiest tenth of the clients sends a third of the requests
        # (0.1**0.5).
        client = group[int(len(group) * rng.random() ** 2)]
        attack = draw_attack(attacks, operation, attackers.get(site.host, ()), client, hostile)
        yield _transaction(site, operation, literals[id(operation)], client, time, rng, attack)


def _times(n: int, days: int, start: float, rng: Random) -> list[float]:
    hours = rng.choices(range(24), _HOURS, k=n)
    return sorted(
        start + int(days * rng.random()) * SECONDS_PER_DAY + 3600 * (hour + rng.random()) for hour in hours
    )


def _transaction(
    site: Site,
    operation: Operation,
    literals: list[str],
    client: Client,
    time: float,
    rng: Random,
    attack: Attack | None,
) -> Transaction:
    client = client if attack is None else attack.client
    request = render_request(site, operation, literals, client, rng, attack)
    response, logging = operation.responses.draw(rng), site.logging
    if attack is not None:
        response = answer(attack, response)
    poor = logging.level in ("combined", "common")
    media = "" if poor or (logging.missing_types and rng.random() < logging.missing_types) else response.media
    method = operation.method
    if method == "GET" and not operation.is_api and rng.random() < _HEAD_SHARE.get(client.role, 0.0):
        method = "HEAD"
    size = int(response.size * rng.lognormvariate(0, 0.7)) if response.size and method != "HEAD" else 0
    scheme = "http" if site.http_share and rng.random() < site.http_share else "https"
    headers = (
        _response_headers(site, operation, response, media, size, rng)
        if logging.level in ("full", "custom")
        else {}
    )
    return Transaction(
        ray_id=f"{rng.getrandbits(64):016x}",
        time=time,
        client_ip=client.address,
        host=site.host,
        method=method,
        scheme=scheme,
        uri=request.uri,
        user_agent="" if logging.level == "common" else client.user_agent,
        referer="" if logging.level == "common" else request.referer,
        request_bytes=request.size if logging.request_sizes else 0,
        status=response.status,
        response_bytes=size + logging.head_bytes if logging.response_sizes else 0,
        content_type=media,
        request_headers=request.headers,
        cookies=request.cookies,
        response_headers=headers,
        request_body=request.body,
        operation=operation,
        attack=client.role == "scanner" or attack is not None,
        has_session=_has_session(site, request),
    )


def _has_session(site: Site, request: Request) -> bool:
    session = site.session
    return session is not None and session.name in (
        request.headers if session.location == "header" else request.cookies
    )


def _response_headers(
    site: Site, operation: Operation, response: Response, media: str, size: int, rng: Random
) -> dict[str, str]:
    """Draws the response headers that the log has."""
    headers = dict(site.response_headers)
    if media:
        headers["content-type"] = media
    if size and rng.random() < 0.8:
        headers["content-length"] = str(size)
    if operation.cache_control and response.status in (200, 304):
        headers["cache-control"] = operation.cache_control
    # Counted: access-control-allow-origin on 39 % of pages and assets, 79 % of browser calls; an etag on 47
    # % and 9-73 %.
    if rng.random() < site.opens_origin:
        headers["access-control-allow-origin"] = "*"
    if 200 <= response.status < 400 and operation.method == "GET" and rng.random() < 0.4:
        headers["etag"] = f'"{rng.getrandbits(48):012x}"'
        if rng.random() < (0.1 if operation.is_api else 0.8):
            headers["last-modified"] = "Mon, 01 Jun 2026 10:00:00 GMT"
    if response.status in (301, 302, 303, 307, 308):
        headers["location"] = f"https://{site.host}/{'login' if rng.random() < 0.3 else ''}"
    if site.logging.level == "custom":
        kept = site.logging.response_headers
        return {name: value for name, value in headers.items() if name in kept}
    return headers
