"""Segments of templates and paths of requests, decoded: a document may be written in another way than its requests."""

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
    """The decoded segments of a path."""
    return [percent_decode(segment) for segment in split_path(path)]


def split_literals(template: str) -> tuple[str, ...]:
    """The decoded text around and between the placeholders of a segment, so one more than they are."""
    return tuple(percent_decode(piece) for piece in BRACES.split(template)[::2])


VARIABLE = re.compile(r"\{([^{}]*)\}")
ANY_HOST = ""
"""Of a server that names none: `/v1` is relative to where the document was found (OpenAPI 3.1 s. 4.8.5)."""
MAX_BASE_PATHS = 64
"""Base paths that the variables of one server give at most."""
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Server(NamedTuple):
    """A host in lower case without its scheme's port, `{}` in place of variables; and the path before all paths."""

    host: str
    base: str


def read_servers(given: Any) -> tuple[Server, ...]:
    """The servers of a list of Server Objects; one for any host where there are none."""
    found = [
        server
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, dict) and isinstance(one.get("url"), str)
        for server in _expanded(one["url"], one.get("variables"))
    ]
    return tuple(dict.fromkeys(found)) or (Server(ANY_HOST, ""),)


def _expanded(url: str, variables: Any) -> list[Server]:
    scheme, separator, rest = url.partition("://")
    if not separator:
        rest = url if url.startswith("/") else f"/{url}"
        return [Server(ANY_HOST, base) for base in _bases(rest, variables)]
    authority, slash, path = rest.partition("/")
    host = unquote(VARIABLE.sub("{}", authority))
    host = host.rpartition("@")[2].lower().removesuffix(DEFAULT_PORTS.get(scheme.lower(), "://"))
    return [Server(host, base) for base in _bases(slash + path, variables)]


def _bases(path: str, variables: Any) -> list[str]:
    known = variables if isinstance(variables, dict) else {}
    pieces = VARIABLE.split(path.partition("?")[0].partition("#")[0])
    choices = [
        _values_of_variable(known.get(piece)) if place % 2 else [piece] for place, piece in enumerate(pieces)
    ]
    return ["".join(chosen).rstrip("/") for chosen in islice(product(*choices), MAX_BASE_PATHS)]


def _values_of_variable(variable: Any) -> list[str]:
    """What a variable may stand for in a path; `{}`, any segment, where the document does not say."""
    if not isinstance(variable, dict):
        return ["{}"]
    allowed = variable.get("enum")
    values = allowed if isinstance(allowed, list) and allowed else [variable.get("default", "{}")]
    return [str(value).strip("/") for value in values]


WHOLE_SEGMENT = ("", "")
"""Literals of a segment that is one placeholder."""


TemplateShape = tuple[tuple[str, ...], ...]
"""Of a template: the literals of each segment. Names of placeholders are the document's own."""


class VariableSegment(NamedTuple):
    """A segment with placeholders: its number, the literals around them, their names."""

    segment: int
    literals: tuple[str, ...]
    names: tuple[str, ...]


class Route(NamedTuple):
    """An operation at the end of a path, and where its path parameters stand."""

    operation: Operation
    template: str
    places: tuple[VariableSegment, ...]


class RouteMatch(NamedTuple):
    """`route` is None where no path fits; `method_known` is false where the path does and the method does not."""

    route: Route | None
    method_known: bool
    values: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class RouteNode:
    """What may follow a prefix of segments, the most specific first; `routes` by method where a path ends."""

    literals: dict[str, RouteNode] = field(default_factory=dict)
    mixed: dict[tuple[str, ...], RouteNode] = field(default_factory=dict)
    rest: RouteNode | None = None
    routes: dict[str, Route] = field(default_factory=dict)

    def below(self, segment: str) -> Iterator[RouteNode]:
        """The nodes that a segment leads to."""
        if segment in self.literals:
            yield self.literals[segment]
        for literals, node in self.mixed.items():
            if literals != WHOLE_SEGMENT and match_segment(literals, segment) is not None:
                yield node
        if WHOLE_SEGMENT in self.mixed:
            yield self.mixed[WHOLE_SEGMENT]


@dataclass(slots=True)
class Routes:
    """All operations of all documents. `duplicates` counts those that a document before had.

    A path with and without slashes at its ends is one here, as it is to learning.
    """

    hosts: dict[str, RouteNode] = field(default_factory=dict)
    shapes: dict[str, dict[TemplateShape, RouteNode]] = field(default_factory=dict)
    operations: int = 0
    duplicates: int = 0

    def add(self, server: Server, operation: Operation) -> None:
        """Adds an operation; the first of a host, method and template counts."""
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
        known = node.routes.get(operation.method)
        if known is not None:
            self.duplicates += known.template == template or known.template.strip("/") != template.strip("/")
            return
        self.operations += 1
        self.shapes.setdefault(server.host, {})[split_template(template)] = node
        node.routes[operation.method] = Route(operation, template, tuple(places))

    def covers(self, host: str) -> bool:
        """Whether a document is about the host."""
        return next(self._roots(host), None) is not None

    def find(self, host: str, method: str, path: str) -> RouteMatch:
        """The most specific path that has the method; else the most specific path. HEAD is GET where it is not described."""
        parts = decode_segments(path)
        ends = [end for root in self._roots(host) for end in _ends(root, parts)]
        for asked in (method, "GET") if method == "HEAD" else (method,):
            for end in ends:
                if asked in end.routes:
                    route = end.routes[asked]
                    return RouteMatch(route, True, tuple(_values(route, parts)))
        return RouteMatch(next(iter(ends[0].routes.values())) if ends else None, False)

    def find_template(self, host: str, method: str, template: str, path: str) -> RouteMatch:
        """The operation of a template that learning resolved the path to, never that of another template which fits the path."""
        node = self.shapes.get(host, {}).get(split_template(parse_template(template).shape))
        if node is None:
            return RouteMatch(None, False)
        for asked in (method, "GET") if method == "HEAD" else (method,):
            if asked in node.routes:
                route = node.routes[asked]
                return RouteMatch(route, True, tuple(_values(route, decode_segments(path))))
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
    """The shape of a template with any names or none in its braces."""
    return tuple(split_literals(piece) for piece in template.split("/") if piece)


def _ends(root: RouteNode, parts: list[str]) -> list[RouteNode]:
    """Nodes with routes at the path's end, the most specific first; then what takes any rest, the longest prefix first."""
    here, rests = [root], []
    for part in parts:
        rests += [node.rest for node in here if node.rest is not None]
        here = [below for node in here for below in node.below(part)]
    return [node for node in here if node.routes] + [node for node in reversed(rests) if node.routes]


def _values(route: Route, parts: list[str]) -> Iterator[tuple[str, str]]:
    for place in route.places:
        yield from zip(
            place.names,
            match_segment(place.literals, parts[place.segment]) or () if place.segment < len(parts) else (),
            strict=False,
        )
