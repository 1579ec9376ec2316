"""Endpoints of one host → an OpenAPI 3.1.0 document, every learned fact with its evidence in `x-census`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipelines.openapi import naming
from pipelines.openapi.assurance import assurance, per_10000
from pipelines.openapi.bodies import request_body
from pipelines.openapi.endpoint import Endpoint, timestamp
from pipelines.openapi.merge import Located, busiest_first, located, merged
from pipelines.openapi.parameters import parameter_objects
from pipelines.openapi.template import unique_names
from pipelines.openapi.text import readable
from pipelines.openapi.untaught import untaught
from pipelines.schemas.path_segments import as_written
from pipelines.transactions.sources.not_unicode import scalar_text

Document = dict[str, Any]
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
"""Fields of a Path Item (OpenAPI 3.1.0 s. 4.8.9.1), in its order. Others go to `x-census-methods`: nothing
seen is lost.
"""
STATUS = r"[1-5](?:XX|[0-9]{2})"
HOST_CHARACTERS = "!$&'()*+,;=~-._:[]"
TITLE_CHARACTERS = 200
HTTP_PORT = ":80"


COUNTS = ("requests", "clients", "learned_from")
"""What `x-census` counts of an operation: told once, however many ways its path is written in."""
CLIENT = (
    "a session identifier; without one, the network of the address (IPv4 /24, IPv6 /48, unless settings privacy say otherwise) "
    "with user agent and TLS fingerprint"
)
"""What every `clients` of a document counts (pipelines/transactions/clients.py)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from: the generator's version, the variant, further hosts that are merged in."""

    version: str
    variant: str
    merged_hosts: tuple[str, ...] = ()


def document(host: str, endpoints: Sequence[Endpoint], origin: Origin) -> Document:
    """The document of one host. The order of `endpoints` does not matter; there must be one at least.

    Raises:
        ValueError: no endpoints.
    """
    if not endpoints:
        raise ValueError("a document needs at least one endpoint")
    by_shape: dict[str, list[Located]] = {}
    for endpoint in endpoints:
        one = located(endpoint)
        by_shape.setdefault(one.template.shape, []).append(one)
    items = dict(sorted(found for group in by_shape.values() for found in _path_items(group)))
    _number_operations(items)
    first, last = min(e.first_seen for e in endpoints), max(e.last_seen for e in endpoints)
    transactions = sum(endpoint.requests for endpoint in endpoints)
    window = {"first_seen": timestamp(first), "last_seen": timestamp(last)}
    tags = sorted(
        {
            tag
            for item in items.values()
            for operation in _operations(item)
            for tag in operation.get("tags", ())
        }
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": readable(host, TITLE_CHARACTERS) or "unnamed host",
            "description": f"Learned from {transactions} transactions. `x-census` holds the evidence.",
            "version": window["last_seen"][:10],
        },
        "servers": _servers(host, endpoints),
        **({"tags": [{"name": tag} for tag in tags]} if tags else {}),
        "paths": items,
        "x-census": {
            "generator": {"name": "API Census", "version": origin.version},
            "variant": origin.variant,
            "window": window,
            "transactions": transactions,
            "endpoints": len(endpoints),
            "client": CLIENT,
            **assurance(endpoints),
            "hosts": [scalar_text(name) for name in (host, *origin.merged_hosts)],
        },
    }


def _servers(host: str, endpoints: Sequence[Endpoint]) -> list[dict[str, str]]:
    """One server per scheme seen, https first. Where no log told one: http at its own port, else https.

    Braces would make server variables.
    """
    schemes = {
        scheme for endpoint in endpoints for scheme in endpoint.schemes if scheme in ("http", "https")
    } or {"http" if host.endswith(HTTP_PORT) else "https"}
    authority = quote(scalar_text(host), safe=HOST_CHARACTERS)
    return [{"url": f"{scheme}://{authority}"} for scheme in sorted(schemes, reverse=True)]


def _path_items(group: Sequence[Located]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Paths and their items, from all endpoints of one shape: one for each way in which requests write the path."""
    naming_one = busiest_first(group)[0].template
    names = unique_names(naming_one.names)
    by_path: dict[str, list[Located]] = {}
    for one in group:
        for path in dict.fromkeys(as_written(naming_one.path(names), way) for way in one.endpoint.writings):
            by_path.setdefault(path, []).append(one)
    counted: dict[int, str] = {}
    for path, same in by_path.items():
        yield path, _path_item(path, same, names, counted)
        counted |= {id(one): counted.get(id(one), path) for one in same}


def _path_item(
    path: str, group: Sequence[Located], names: tuple[str, ...], counted: Mapping[int, str]
) -> dict[str, Any]:
    """The operations of a path, from its endpoints; counts of the `counted` ones stand at another writing of the path."""
    by_method: dict[str, list[Located]] = {}
    for one in group:
        by_method.setdefault(scalar_text(one.endpoint.method), []).append(one)
    item: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for method in sorted(
        by_method, key=lambda name: (METHODS.index(name) if name in METHODS else len(METHODS), name)
    ):
        operation = _operation(method, path, by_method[method], names)
        told = {counted.get(id(one)) for one in by_method[method]}
        if len(told) == 1 and (elsewhere := told.pop()) is not None:
            _count_elsewhere(operation, elsewhere)
        if method in METHODS:
            item[method.lower()] = operation
        else:
            others[method] = operation
    return {**item, **({"x-census-methods": others} if others else {})}


def _operation(method: str, path: str, group: Sequence[Located], names: tuple[str, ...]) -> dict[str, Any]:
    endpoint = merged(group, names)
    parameters = parameter_objects(endpoint.parameters, endpoint.learned_from)
    body = request_body(endpoint.parameters, endpoint.media_types)
    tag = naming.tag(group[0].template)
    templates = sorted({scalar_text(one.endpoint.path_template) for one in group})
    return {
        "operationId": naming.operation_id(method, path),
        **({"tags": [tag]} if tag else {}),
        "summary": readable(f"{method} {path}", TITLE_CHARACTERS),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": _responses(endpoint.statuses),
        "x-census": {
            "requests": endpoint.requests,
            "clients": endpoint.clients,
            "learned_from": endpoint.learned_from,
            "first_seen": timestamp(endpoint.first_seen),
            "last_seen": timestamp(endpoint.last_seen),
            "state": endpoint.state,
            **untaught(endpoint),
            **({"probability": round(endpoint.probability, 4)} if endpoint.probability is not None else {}),
            **({"reasons": list(endpoint.reasons)} if endpoint.reasons else {}),
            **(
                {"false_alarms_per_10000": per_10000(endpoint.false_alarms, endpoint.tested)}
                if endpoint.tested
                else {}
            ),
            **({"parameters_left_out": endpoint.left_out} if endpoint.left_out else {}),
            **({"merged_templates": templates} if templates != [path] else {}),
        },
    }


def _count_elsewhere(operation: dict[str, Any], path: str) -> None:
    """Takes the counts out of an operation of which they stand at another writing of the path: sums over a document are true."""
    evidence = operation["x-census"]
    operation["x-census"] = {
        "counted_at": path, **{key: told for key, told in evidence.items() if key not in COUNTS}
    }  # fmt: skip
    for response in operation["responses"].values():
        response["description"] = f"counted at {readable(path, TITLE_CHARACTERS)}"


def _responses(statuses: Mapping[str, int]) -> dict[str, Any]:
    """Responses by class or code; OpenAPI wants one at least and knows 1XX to 5XX."""
    total = sum(statuses.values())
    known = {status: n for status, n in sorted(statuses.items()) if re.fullmatch(STATUS, status)}
    responses: dict[str, Any] = {
        status: {"description": f"{n} of {total} answers seen"} for status, n in known.items()
    }
    rest = total - sum(known.values())
    if rest or not known:
        responses["default"] = {
            "description": f"{rest} of {total} answers seen" if rest else "no answer was seen"
        }
    return responses


def _operations(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    others = item.get("x-census-methods", {})
    return [operation for field, operation in item.items() if field != "x-census-methods"] + list(
        others.values()
    )


def _number_operations(items: Mapping[str, Any]) -> None:
    """Makes operation ids unique where a made-up path hits the hash of another one."""
    taken: set[str] = set()
    for item in items.values():
        for operation in _operations(item):
            while operation["operationId"] in taken:
                operation["operationId"] += "_2"
            taken.add(operation["operationId"])
