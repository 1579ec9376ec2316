"""Rendering of one request: target, query, headers, cookies, body."""

from __future__ import annotations

import json
from random import Random
from typing import NamedTuple

from pipelines.simulator.sites.clients import Client
from pipelines.simulator.sites.site import Site
from pipelines.simulator.styles.scans import ATTACK_VALUES
from pipelines.simulator.traffic.attacks import Attack
from pipelines.simulator.vocabulary.operation import Operation, Parameter
from pipelines.simulator.vocabulary.values import encode_value, to_json_value

_NOTHING: dict[str, str] = {}


class Request(NamedTuple):
    """A request as the client sends it.

    `size`: bytes of head and body.
    """

    uri: str
    headers: dict[str, str]
    cookies: dict[str, str]
    body: str
    referer: str
    size: int


def render_target(
    operation: Operation, literals: list[str], rng: Random, hostile: bool, attack: Attack | None = None
) -> str:
    """Renders path and query with their values; scanners replace one value in three."""
    pieces, used, query = [literals[0]], 0, []
    for parameter in operation.parameters:
        location = parameter.location
        if location == "path":
            value = parameter.values.draw(rng)
            if hostile and rng.random() < 0.3 and operation.is_api:
                value = rng.choice(ATTACK_VALUES)
            value = _value(parameter, value, attack)
            # A pool of complete paths is already encoded and may contain "/"; in any other value "/" is data.
            pieces.append(value if parameter.values.kind == "path" else encode_value(value))
            used += 1
            pieces.append(literals[used])
        elif location == "query" and (
            parameter.presence >= 1 or rng.random() < parameter.presence or _is_attacked(parameter, attack)
        ):
            value = (
                rng.choice(ATTACK_VALUES) if hostile and rng.random() < 0.3 else parameter.values.draw(rng)
            )
            value = _value(parameter, value, attack)
            query.append(f"{parameter.name}={encode_value(value)}")
    path = "".join(pieces)
    return f"{path}?{'&'.join(query)}" if query else path


def _is_attacked(parameter: Parameter, attack: Attack | None) -> bool:
    return attack is not None and parameter is attack.parameter


def _value(parameter: Parameter, value: str, attack: Attack | None) -> str:
    return attack.value if attack is not None and parameter is attack.parameter else value


def render_body(operation: Operation, rng: Random, attack: Attack | None = None) -> str:
    """Renders the body in the request's media type.

    It is "" for files, which no log contains.
    """
    media = operation.request_media
    drawn = [
        (
            parameter.name,
            "text" if _is_attacked(parameter, attack) else parameter.values.kind,
            _value(parameter, parameter.values.draw(rng), attack),
        )
        for parameter in operation.parameters
        if parameter.location == "body" and (parameter.presence >= 1 or rng.random() < parameter.presence)
    ]
    if not drawn:
        return ""
    if "xml" in media:
        fields = "".join(f"<{name}>{value}</{name}>" for name, _, value in drawn)
        return (
            f"<Envelope><Body>{fields}</Body></Envelope>"
            if "soap" in operation.kind
            else f"<request>{fields}</request>"
        )
    if media.startswith("application/x-www-form"):
        return "&".join(f"{name}={encode_value(value)}" for name, _, value in drawn)
    return (
        ""
        if media.startswith("multipart")
        else json.dumps({name: to_json_value(kind, value) for name, kind, value in drawn})
    )


def render_request(
    site: Site,
    operation: Operation,
    literals: list[str],
    client: Client,
    rng: Random,
    attack: Attack | None = None,
) -> Request:
    """Renders one request; an attack writes one of its values.

    Headers and cookies are those that the site's log has; sizes count all of them.
    """
    logging = site.logging
    uri = render_target(operation, literals, rng, client.role == "scanner", attack)
    sends_body = bool(operation.request_media)
    body = render_body(operation, rng, attack) if sends_body else ""
    referer = _referer(operation, client, rng)
    size = (
        180
        + len(uri)
        + len(body)
        + (520 if client.role == "browser" else 0)
        + (int(rng.lognormvariate(9, 1)) if sends_body and not body else 0)
    )
    if logging.level not in ("full", "custom"):
        return Request(uri, _NOTHING, _NOTHING, "", referer, size)
    headers = _headers_of(operation, client, rng)
    cookies = _add_session(site, operation, client, headers)
    if logging.level == "custom":
        kept = logging.request_headers
        headers = {name: value for name, value in headers.items() if name in kept}
        cookies = _session_only(site, cookies) if logging.cookies else _NOTHING
        return Request(uri, headers, cookies, "", referer, size)
    headers["user-agent"] = client.user_agent
    if referer:
        headers["referer"] = referer
    return Request(
        uri,
        headers,
        cookies,
        body if logging.bodies > 0 and rng.random() < logging.bodies else "",
        referer,
        size,
    )


def _headers_of(operation: Operation, client: Client, rng: Random) -> dict[str, str]:
    """Returns the header fields of a request, but for session, user agent and referer."""
    mode = operation.modes[0] if len(operation.modes) == 1 else rng.choice(operation.modes)
    headers = dict(client.headers[mode] if client.role == "browser" else client.headers["plain"])
    if operation.request_media:
        headers["content-type"] = operation.request_media
    elif client.role == "server" and operation.is_api and rng.random() < 0.3:
        # SDKs send it with GET as well: counted on Linode (100 %) and Azure (62 %).
        headers["content-type"] = "application/json"
    if operation.method == "OPTIONS":
        headers["access-control-request-method"] = "POST"
    elif operation.method not in ("GET", "HEAD") and client.role == "browser" and client.referers:
        headers.setdefault("origin", "/".join(client.referers[0].split("/", 3)[:3]))
    return headers


def _add_session(site: Site, operation: Operation, client: Client, headers: dict[str, str]) -> dict[str, str]:
    """Adds the session header to API calls; returns the cookies.

    A browser sends a session cookie with every request.
    """
    session, cookies = site.session, dict(client.cookies)
    if session is None or not client.session or operation.kind == "preflight":
        return cookies if operation.kind != "preflight" else {}
    if session.location == "cookie":
        if client.role == "browser" or (operation.is_api and not operation.public):
            cookies[session.name] = client.session
    elif operation.is_api and not operation.public:
        headers[session.name] = client.session
    return cookies


def _session_only(site: Site, cookies: dict[str, str]) -> dict[str, str]:
    session = site.session
    if session is None or session.location != "cookie" or session.name not in cookies:
        return _NOTHING
    return {session.name: cookies[session.name]}


def _referer(operation: Operation, client: Client, rng: Random) -> str:
    """Draws the referer.

    Counted: 95 % of the resources that browsers load for pages have a referer, and about half of the documents.
    """
    if not client.referers or rng.random() > (0.5 if operation.modes[0] == "navigate" else 0.95):
        return ""
    return client.referers[int(len(client.referers) * rng.random())]
