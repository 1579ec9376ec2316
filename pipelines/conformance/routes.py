"""Routing: the operation that a request belongs to, by host, path and method.

Templates and paths are compared after decoding, as a document may escape other characters than the requests do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any, NamedTuple
from urllib.parse import unquote

from pipelines.conformance.operation import Operation
from pipelines.http.path_template import parse_template
from pipelines.http.text import percent_decode
from pipelines.requests.path_parameters import REST, match_segment, split_path

BRACES = re.compile(r"\{([^{}]*)\}")


def decode_segments(path: str) -> list[str]:
    """Splits a path into its segments, decoded."""
    return [percent_decode(segment) for segment in split_path(path)]


def split_literals(template: str) -> tuple[str, ...]:
    """Returns the decoded text around and between the placeholders of a segment.

    There is one more literal than placeholders; a literal may be empty.
    """
    return tuple(percent_decode(piece) for piece in BRACES.split(template)[::2])


VARIABLE = re.compile(r"\{([^{}]*)\}")
ANY_HOST = ""
"""The host of a server URL without one: `/v1` is relative to the document's own address (OpenAPI 3.1 s. 4.8.5)."""
MAX_BASE_PATHS = 64
"""Base paths that the variables of one server may expand to."""
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Server(NamedTuple):
    """A server: its host, and the base path before all paths.

    The host is in lower case, without the default port of its scheme, and has `{}` in place of variables.
    """

    host: str
    base: str


def read_servers(given: Any) -> tuple[Server, ...]:
    """Expands a list of Server Objects; if there are none, one server for any host."""
    expanded = [
        server
        for server_object in (given if isinstance(given, list) else [])
        if isinstance(server_object, dict) and isinstance(server_object.get("url"), str)
        for server in _expand_server(server_object["url"], server_object.get("variables"))
    ]
    return tuple(dict.fromkeys(expanded)) or (Server(ANY_HOST, ""),)


def _expand_server(url: str, variables: Any) -> list[Server]:
    scheme, separator, rest = url.partition("://")
    if not separator:
        rest = url if url.startswith("/") else f"/{url}"
        return [Server(ANY_HOST, base) for base in _expand_base_paths(rest, variables)]
    authority, slash, path = rest.partition("/")
    host = unquote(VARIABLE.sub("{}", authority))
    host = host.rpartition("@")[2].lower().removesuffix(DEFAULT_PORTS.get(scheme.lower(), "://"))
    return [Server(host, base) for base in _expand_base_paths(slash + path, variables)]


def _expand_base_paths(path: str, variables: Any) -> list[str]:
    declared = variables if isinstance(variables, dict) else {}
    pieces = VARIABLE.split(path.partition("?")[0].partition("#")[0])
    choices = [
        _values_of_variable(declared.get(piece)) if place % 2 else [piece]
        for place, piece in enumerate(pieces)
    ]
    return ["".join(chosen).rstrip("/") for chosen in islice(product(*choices), MAX_BASE_PATHS)]


def _values_of_variable(variable: Any) -> list[str]:
    """Returns the values of a server variable.

    `{}`, any segment, if the document states none.
    """
    if not isinstance(variable, dict):
        return ["{}"]
    allowed = variable.get("enum")
    values = allowed if isinstance(allowed, list) and allowed else [variable.get("default", "{}")]
    return [str(value).strip("/") for value in values]


WHOLE_SEGMENT = ("", "")
"""The literals of a segment that is a single placeholder."""


TemplateShape = tuple[tuple[str, ...], ...]
"""The literals of each segment of a template, so a template without the names of its placeholders."""


class VariableSegment(NamedTuple):
    """A segment with placeholders: its position, its literals, the names."""

    segment: int
    literals: tuple[str, ...]
    names: tuple[str, ...]


class Route(NamedTuple):
    """An operation at the end of a path, with its path parameters."""

    operation: Operation
    template: str
    places: tuple[VariableSegment, ...]


class RouteMatch(NamedTuple):
    """The route of a request, and the values of its path parameters.

    `route` is None if no path matches; `method_known` is false if a path matches but does not have the method.
    """

    route: Route | None
    method_known: bool
    values: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class RouteNode:
    """The continuations of a path prefix; the routes by method if a path ends here.

    `mixed` are segments with placeholders, `rest` is a placeholder for any number of segments.
    """

    literals: dict[str, RouteNode] = field(default_factory=dict)
    mixed: dict[tuple[str, ...], RouteNode] = field(default_factory=dict)
    rest: RouteNode | None = None
    routes: dict[str, Route] = field(default_factory=dict)

    def below(self, segment: str) -> Iterator[RouteNode]:
        """Yields the nodes that a segment leads to, the most specific first."""
        if segment in self.literals:
            yield self.literals[segment]
        for literals, node in self.mixed.items():
            if literals != WHOLE_SEGMENT and match_segment(literals, segment) is not None:
                yield node
        if WHOLE_SEGMENT in self.mixed:
            yield self.mixed[WHOLE_SEGMENT]


@dataclass(slots=True)
class Routes:
    """All operations of all documents.

    `duplicates` counts those that an earlier document had described.

    Leading and trailing slashes of a path do not matter, as in learning.
    """

    hosts: dict[str, RouteNode] = field(default_factory=dict)
    shapes: dict[str, dict[TemplateShape, RouteNode]] = field(default_factory=dict)
    operations: int = 0
    duplicates: int = 0

    def add(self, server: Server, operation: Operation) -> None:
        """Adds an operation, unless there is one of the same host, method and template."""
        template = server.base + operation.template
        pieces = [piece for piece in template.split("/") if piece]
        node, places = self.hosts.setdefault(server.host, RouteNode()), []
        for number, piece in enumerate(pieces):
            if piece == REST and number == len(pieces) - 1:
                node.rest = node = node.rest or RouteNode()
                continue
            literals = split_literals(piece)
            if len(literals) == 1:
                node = node.literals.setdefault(literals[0], RouteNode())
            else:
                node = node.mixed.setdefault(literals, RouteNode())
                places.append(VariableSegment(number, literals, tuple(BRACES.findall(piece))))
        first = node.routes.get(operation.method)
        if first is not None:
            self.duplicates += first.template == template or first.template.strip("/") != template.strip("/")
            return
        self.operations += 1
        self.shapes.setdefault(server.host, {})[split_template(template)] = node
        node.routes[operation.method] = Route(operation, template, tuple(places))

    def covers(self, host: str) -> bool:
        """Whether any document describes the host."""
        return next(self._roots(host), None) is not None

    def find(self, host: str, method: str, path: str) -> RouteMatch:
        """Finds the most specific path that has the method.

        If none has it, the most specific path that matches.

        HEAD falls back to GET.
        """
        parts = decode_segments(path)
        ends = [end for root in self._roots(host) for end in _find_ends(root, parts)]
        for candidate in (method, "GET") if method == "HEAD" else (method,):
            for end in ends:
                if candidate in end.routes:
                    route = end.routes[candidate]
                    return RouteMatch(route, True, tuple(_path_values(route, parts)))
        return RouteMatch(next(iter(ends[0].routes.values())) if ends else None, False)

    def find_template(self, host: str, method: str, template: str, path: str) -> RouteMatch:
        """Finds the operation of the template that learning resolved the path to.

        Another template is not considered, even if the path matches it. HEAD falls back to GET.
        """
        node = self.shapes.get(host, {}).get(split_template(parse_template(template).shape))
        if node is None:
            return RouteMatch(None, False)
        for candidate in (method, "GET") if method == "HEAD" else (method,):
            if candidate in node.routes:
                route = node.routes[candidate]
                return RouteMatch(route, True, tuple(_path_values(route, decode_segments(path))))
        return RouteMatch(next(iter(node.routes.values())), False)

    def _roots(self, host: str) -> Iterator[RouteNode]:
        if host in self.hosts:
            yield self.hosts[host]
        for pattern, node in self.hosts.items():
            if "{}" in pattern and match_segment(split_literals(pattern), host) is not None:
                yield node
        if ANY_HOST in self.hosts:
            yield self.hosts[ANY_HOST]


def split_template(template: str) -> TemplateShape:
    """Splits a template into the literals of each segment.

    The names in braces do not matter.
    """
    return tuple(split_literals(piece) for piece in template.split("/") if piece)


def _find_ends(root: RouteNode, parts: list[str]) -> list[RouteNode]:
    """Returns the nodes with routes for a path.

    First those at its end, the most specific first, then those that match any rest, the longest prefix first.
    """
    here, rests = [root], []
    for part in parts:
        rests += [node.rest for node in here if node.rest is not None]
        here = [below for node in here for below in node.below(part)]
    return [node for node in here if node.routes] + [node for node in reversed(rests) if node.routes]


def _path_values(route: Route, parts: list[str]) -> Iterator[tuple[str, str]]:
    for place in route.places:
        yield from zip(
            place.names,
            match_segment(place.literals, parts[place.segment]) or () if place.segment < len(parts) else (),
            strict=False,
        )
