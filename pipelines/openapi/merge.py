"""Merges endpoints whose templates differ only by the names of their placeholders.

OpenAPI takes such templates for the same path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.http.json_values import JsonSchema
from pipelines.http.path_template import Template, parse_template
from pipelines.openapi.endpoint import Endpoint, Parameter
from pipelines.schemas.inference.json_schema import without_evidence


@dataclass(frozen=True, slots=True)
class ParsedEndpoint:
    """An endpoint and its parsed template."""

    endpoint: Endpoint
    template: Template


def parse_endpoint(endpoint: Endpoint) -> ParsedEndpoint:
    """Parses the template of an endpoint."""
    return ParsedEndpoint(endpoint, parse_template(endpoint.path_template))


def busiest_first(group: Sequence[ParsedEndpoint]) -> list[ParsedEndpoint]:
    """Sorts by requests, then by template.

    The first endpoint gives the names, whatever the order of the input.
    """
    return sorted(group, key=lambda one: (-one.endpoint.requests, one.endpoint.path_template))


def merge_endpoints(group: Sequence[ParsedEndpoint], names: Sequence[str]) -> Endpoint:
    """Merges endpoints of the same method and shape into one.

    Counts add up; clients do not (they may be shared), so the largest number is used. Parameters whose schemas differ accept what
    either accepts.

    Args:
        group: The endpoints.
        names: The names of the path parameters, in the order of the path.
    """
    ordered = busiest_first(group)
    first = ordered[0].endpoint
    if len(ordered) == 1:
        return replace(first, parameters=_parameters(ordered, names))
    endpoints = [one.endpoint for one in ordered]
    statuses: dict[str, int] = {}
    for endpoint in endpoints:
        for status, n in endpoint.statuses.items():
            statuses[status] = statuses.get(status, 0) + n
    return replace(
        first,
        requests=sum(endpoint.requests for endpoint in endpoints),
        clients=max(endpoint.clients for endpoint in endpoints),
        first_seen=min(endpoint.first_seen for endpoint in endpoints),
        last_seen=max(endpoint.last_seen for endpoint in endpoints),
        schemes=tuple(sorted({scheme for endpoint in endpoints for scheme in endpoint.schemes})),
        statuses=statuses,
        learned_from=sum(endpoint.learned_from for endpoint in endpoints),
        left_out=sum(endpoint.left_out for endpoint in endpoints),
        tested=sum(endpoint.tested for endpoint in endpoints),
        false_alarms=sum(endpoint.false_alarms for endpoint in endpoints),
        path_variants=tuple(
            sorted({writing for endpoint in endpoints for writing in endpoint.path_variants})
        ),
        media_types=tuple(sorted({name for endpoint in endpoints for name in endpoint.media_types})),
        parameters=_parameters(ordered, names),
    )


def _parameters(ordered: Sequence[ParsedEndpoint], names: Sequence[str]) -> tuple[Parameter, ...]:
    """Returns path parameters in the path's order, then the others by name.

    Path parameters are returned whether learned or not.
    """
    found: dict[tuple[str, str], list[Parameter]] = {}
    for one in ordered:
        for parameter in one.endpoint.parameters:
            places = zip(one.template.names, names, strict=True)
            known_as = (
                [new for old, new in places if old == parameter.name]
                if parameter.location == "path"
                else [parameter.name]
            )
            for name in known_as:
                found.setdefault((parameter.location, name), []).append(replace(parameter, name=name))
    requests = sum(one.endpoint.learned_from or one.endpoint.requests for one in ordered)
    in_path = [
        _merge_parameters(found.pop(("path", name), [_unlearned_path_parameter(name, requests)]))
        for name in names
    ]
    return (*in_path, *(_merge_parameters(found[key]) for key in sorted(found)))


def _unlearned_path_parameter(name: str, requests: int) -> Parameter:
    """Returns a path parameter of which nothing was learned; every request has it."""
    return Parameter("path", name, {"type": "string"}, True, requests)


def _merge_parameters(same: Sequence[Parameter]) -> Parameter:
    """Merges parameters into one that accepts what any of them accepts.

    It is required only if all of them are.
    """
    schemas: dict[str, JsonSchema] = {}
    for parameter in same:
        schemas.setdefault(repr(without_evidence(parameter.schema)), parameter.schema)
    different = list(schemas.values())
    return replace(
        same[0],
        schema=different[0] if len(different) == 1 else {"anyOf": different},
        required=all(parameter.required for parameter in same),
        requests=sum(parameter.requests for parameter in same),
    )
