"""Paths of the API operations of simulated sites, with their variables: beside `path_trees`, whole sites in their own styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from random import Random

from pipelines.simulator.operation import Operation
from pipelines.simulator.path_trees import REUSE, Paths, drawn
from pipelines.simulator.site import build_sites
from pipelines.simulator.values import Values, encoded, source

CALLS = {"test suite": (1, 6), "medium": (2, 40), "busy": (20, 200)}
"""Calls of an operation, from and to."""
MOST_VARIABLES = 6
_PLACEHOLDER = re.compile(r"(\{[^{}]+\})")


def site_paths(hosts: int, seed: int) -> Iterator[tuple[str, Paths]]:
    """Hosts with their distinct API paths: segments -> for each whether it is a variable (or holds one)."""
    for site in build_sites(hosts, seed):
        operations = [o for o in site.operations if o.is_api and o.template.count("{") <= MOST_VARIABLES]
        rng = source(seed, "site paths", site.host)
        low, high = CALLS[rng.choice([*CALLS])]
        again, used = rng.choice(REUSE), dict[str, list[str]]()
        found: dict[tuple[str, ...], tuple[bool, ...]] = {}
        for operation in operations:
            truth = tuple("{" in segment for segment in operation.template.strip("/").split("/"))
            for _ in range(rng.randint(low, high)):
                path = _filled(operation, rng, again, used)
                segments = tuple(path.strip("/").split("/"))
                if len(segments) == len(truth) and all(segments):  # else a value holds a slash
                    found[segments] = truth
        if found:
            yield f"{seed}.{site.host}", found


def _filled(operation: Operation, rng: Random, again: float, used: dict[str, list[str]]) -> str:
    """The template with a value for each placeholder; things are known by the path up to their own place."""
    values = {p.name: p.values for p in operation.parameters if p.location == "path"}
    text = place = ""
    for part in _PLACEHOLDER.split(operation.template):
        place += "{}" if part.startswith("{") else part
        if not part.startswith("{"):
            text += part
            continue
        text += drawn(partial(_written, values[part[1:-1]], rng), used.setdefault(place, []), again, rng)
    return text


def _written(values: Values, rng: Random) -> str:
    """A value as a path holds it."""
    value = values.draw(rng)
    return value if values.kind == "path" else encoded(value)
