"""Declared sites: host, session identifier, log contents, operations, clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random
from typing import Literal

from pipelines.simulator.sites.clients import Client, draw_client
from pipelines.simulator.sites.site_operations import SiteProfile, declare_operations, draw_profile
from pipelines.simulator.vocabulary.operation import Operation
from pipelines.simulator.vocabulary.values import create_random_source

LogDetail = Literal["full", "custom", "standard", "combined", "common"]
# Level of detail of a log: full = every header, cookie and body; custom = Logpush with some custom fields;
# standard = Logpush without custom fields; combined = as an Apache combined log; common = without user
# agent and referer. All occur in practice: the shared Apache log (10,000 of 28,000 transactions) has no
# content type, header, user agent or referer at all.
LOG_DETAILS: tuple[tuple[LogDetail, int], ...] = (
    ("full", 34),
    ("custom", 22),
    ("standard", 22),
    ("combined", 15),
    ("common", 7),
)
# Header names that operators log as custom fields, with the share of operators.
_CUSTOM_REQUEST = (
    ("accept", 0.5), ("content-type", 0.7), ("origin", 0.4), ("x-requested-with", 0.35),
    ("sec-fetch-dest", 0.4),
    ("sec-fetch-mode", 0.4), ("accept-language", 0.3),
)  # fmt: skip
_CUSTOM_RESPONSE = (
    ("content-type", 0.5),
    ("cache-control", 0.5),
    ("access-control-allow-origin", 0.3),
    ("location", 0.3),
    ("etag", 0.2),
)
_SESSION_HEADERS = (
    "authorization",
    "authorization",
    "authorization",
    "x-api-key",
    "x-auth-token",
    "x-session-id",
    "api-key",
    "x-access-token",
)
_SESSION_COOKIES = (
    "sid",
    "session",
    "JSESSIONID",
    "PHPSESSID",
    "connect.sid",
    "_app_session",
    "auth",
    "access_token",
    "ASP.NET_SessionId",
)
_SERVERS = (
    "nginx",
    "nginx/1.24.0",
    "Apache",
    "Apache/2.4.57 (Debian)",
    "cloudflare",
    "Microsoft-IIS/10.0",
    "envoy",
    "gunicorn",
    "Kestrel",
    "",
)
_HEADCOUNT = {"browser": 60, "app": 25, "server": 7, "bot": 8, "reader": 5, "monitor": 3, "scanner": 4}
# Share of clients of a role that are signed in.
_SIGNED_IN = {"browser": 0.55, "app": 0.8, "server": 0.95, "bot": 0.02}


@dataclass(frozen=True, slots=True)
class Session:
    """The session identifier of a site: a header or a cookie."""

    location: Literal["header", "cookie"]
    name: str


@dataclass(frozen=True, slots=True)
class Logging:
    """Contents of a site's log.

    `missing_types`: share of records whose content type is lost · `request_sizes` and `response_sizes`: whether the
    bytes are logged; otherwise they are 0 · `head_bytes`: size of the response's head if it counts as part of its
    size (Apache's %O and Logpush count it, %b does not).
    """

    level: LogDetail
    request_headers: frozenset[str]
    response_headers: frozenset[str]
    cookies: bool
    bodies: float
    missing_types: float
    request_sizes: bool
    response_sizes: bool
    head_bytes: int


@dataclass(frozen=True, slots=True)
class Site:
    """One host.

    `weight`: its share of the traffic · `cumulative`: cumulative weights of `operations`.
    """

    host: str
    shape: str
    session: Session | None
    logging: Logging
    operations: tuple[Operation, ...]
    cumulative: tuple[float, ...]
    clients: Mapping[str, tuple[Client, ...]]
    response_headers: Mapping[str, str]
    http_share: float
    opens_origin: float
    weight: float

    def endpoints(self) -> tuple[Operation, ...]:
        """Returns the API operations."""
        return tuple(operation for operation in self.operations if operation.is_api)


def build_sites(hosts: int, seed: int, level: LogDetail | None = None) -> tuple[Site, ...]:
    """Builds `hosts` sites.

    Site k does not depend on the number of sites: each has its own random source.

    Args:
        hosts: Number of sites; a fifth and more of each shape (API only, mixed, web only).
        seed: The same seed gives the same sites.
        level: Level of detail of every log; None = drawn for each site.
    """
    return tuple(_build(create_random_source(seed, "site", index), index, level) for index in range(hosts))


def _build(rng: Random, index: int, level: LogDetail | None) -> Site:
    profile = draw_profile(rng, index)
    session = _draw_session(rng, profile)
    logging = _draw_logging(rng, profile, session, level)
    operations = declare_operations(rng, profile)
    headers = {"server": rng.choice(_SERVERS)}
    headers |= {name: value for name, value, share in _EXTRA_HEADERS if rng.random() < share}
    return Site(
        host=profile.host,
        shape=profile.shape,
        session=session,
        logging=logging,
        operations=operations,
        cumulative=tuple(accumulate(operation.weight for operation in operations)),
        clients=_draw_clients(rng, profile, session),
        response_headers={name: value for name, value in headers.items() if value},
        http_share=rng.choice((0.0, 0.0, 0.0, 0.02, 0.3, 1.0)),
        opens_origin=rng.choice((0.0, 0.1, 0.4, 1.0)),
        # Zipf-like popularity of hosts, bounded so that each is seen.
        weight=1 / (1 + index % 17) ** 0.7,
    )


# Response headers of a server, with the share of sites: counted on the shared captures (security headers
# 15-90 %).
_EXTRA_HEADERS = (
    ("strict-transport-security", "max-age=31536000", 0.45),
    ("x-content-type-options", "nosniff", 0.45),
    ("x-frame-options", "SAMEORIGIN", 0.3),
    ("vary", "Accept-Encoding", 0.4),
    ("via", "1.1 varnish", 0.15),
    ("x-powered-by", "PHP/8.1", 0.12),
    ("content-encoding", "gzip", 0.3),
)


def _draw_session(rng: Random, profile: SiteProfile) -> Session | None:
    header, cookie = {"api": (0.75, 0.12), "mixed": (0.35, 0.55), "web": (0.0, 0.6), "assets": (0.0, 0.1)}[
        profile.shape
    ]
    drawn = rng.random()
    if drawn < header:
        return Session("header", rng.choice(_SESSION_HEADERS))
    return Session("cookie", rng.choice(_SESSION_COOKIES)) if drawn < header + cookie else None


def _draw_logging(
    rng: Random, profile: SiteProfile, session: Session | None, level: LogDetail | None
) -> Logging:
    # Sites of pages and files log what Apache and nginx write by default; API gateways log more.
    plain = 2.0 if profile.shape in ("web", "assets") else 0.75
    weights = [weight * (plain if name in ("combined", "common") else 1.0) for name, weight in LOG_DETAILS]
    drawn = rng.choices([name for name, _ in LOG_DETAILS], weights)[0]
    request = {name for name, share in _CUSTOM_REQUEST if rng.random() < share}
    response = {name for name, share in _CUSTOM_RESPONSE if rng.random() < share}
    if session is not None and session.location == "header" and rng.random() < 0.9:
        request.add(session.name)
    detail = level or drawn
    return Logging(
        level=detail,
        request_headers=frozenset(request),
        response_headers=frozenset(response),
        cookies=rng.random() < 0.9,
        bodies=rng.choice((0.0, 0.6, 1.0, 1.0)),
        missing_types=rng.choice((0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.05, 0.3, 1.0)),
        # The combined format has no field for the size of a request; every format has one for the response's.
        request_sizes=detail not in ("combined", "common") and rng.random() < 0.7,
        response_sizes=rng.random() < 0.93,
        head_bytes=rng.choice((0, 0, 180, 300, 450, 700)),
    )


def _draw_clients(
    rng: Random, profile: SiteProfile, session: Session | None
) -> dict[str, tuple[Client, ...]]:
    """Draws clients by role; bearer tokens have their scheme (RFC 6750)."""
    clients: dict[str, tuple[Client, ...]] = {}
    for role, count in _HEADCOUNT.items():
        share = _SIGNED_IN.get(role, 0.0) if session is not None else 0.0
        drawn = [
            draw_client(rng, role, profile.host, rng.random() < share, profile.referers(rng))
            for _ in range(count)
        ]
        if session is not None and session.name == "authorization":
            scheme = rng.choice(("Bearer ", "Bearer ", "Bearer ", "Basic ", "token ", ""))
            drawn = [
                replace(client, session=scheme + client.session) if client.session else client
                for client in drawn
            ]
        clients[role] = tuple(drawn)
    return clients
