"""Servers of a document → hosts and base paths. Variables stand for any text in a host, for their values in a path."""

from __future__ import annotations

import re
from itertools import islice, product
from typing import Any, NamedTuple
from urllib.parse import unquote

VARIABLE = re.compile(r"\{([^{}]*)\}")
ANY_HOST = ""
"""Of a server that names none: `/v1` is relative to where the document was found (OpenAPI 3.1 s. 4.8.5)."""
MAX_BASES = 64
"""Base paths that the variables of one server give at most."""
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Server(NamedTuple):
    """A host in lower case without its scheme's port, `{}` in place of variables; and the path before all paths."""

    host: str
    base: str


def servers(given: Any) -> tuple[Server, ...]:
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
    choices = [_values(known.get(piece)) if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return ["".join(chosen).rstrip("/") for chosen in islice(product(*choices), MAX_BASES)]


def _values(variable: Any) -> list[str]:
    """What a variable may stand for in a path; `{}`, any segment, where the document does not say."""
    if not isinstance(variable, dict):
        return ["{}"]
    allowed = variable.get("enum")
    values = allowed if isinstance(allowed, list) and allowed else [variable.get("default", "{}")]
    return [str(value).strip("/") for value in values]
