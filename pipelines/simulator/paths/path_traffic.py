"""Simulated API paths with their calls: data to train on.

APIs of `path_trees`, and the API operations of simulated sites, as they appear in traffic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random

from pipelines.simulator.paths.path_calls import CallHabits, Paths, SeenPath, Visit, draw_habits
from pipelines.simulator.paths.path_methods import draw_methods, draw_style
from pipelines.simulator.paths.path_trees import CustomMethod, Part, Template, draw_api
from pipelines.simulator.paths.path_values import Generator
from pipelines.simulator.sites.site import build_sites
from pipelines.simulator.vocabulary.operation import Operation
from pipelines.simulator.vocabulary.values import Values, create_random_source, encode_value

SIZES = {"test suite": (1, 4), "small": (1, 8), "medium": (2, 40), "busy": (10, 250)}
"""Minimum and maximum number of calls of a template by one method, drawn for each."""
CALLS = {"test suite": (1, 6), "medium": (2, 40), "busy": (20, 200)}
"""Minimum and maximum number of calls of an operation of a site."""
MAX_VARIABLES = 6
_PLACEHOLDER = re.compile(r"(\{[^{}]+\})")


@dataclass(slots=True)
class _Calls:
    """Calls of one API as they are drawn."""

    habits: CallHabits
    rng: Random
    used: dict[object, list[str]] = field(default_factory=dict)
    paths: dict[tuple[str, ...], SeenPath] = field(default_factory=dict)

    def add(self, segments: tuple[str, ...], truth: tuple[bool, ...], visit: Visit) -> None:
        """Adds a call."""
        self.paths.setdefault(segments, SeenPath(truth)).visits.add(visit)

    def value(self, part: Part) -> str:
        """Returns the text of a part of a template.

        A variable has a value, which may be one of an earlier call.
        """
        if isinstance(part, str):
            return part
        if isinstance(part, CustomMethod):
            return f"{self.value(part.generator)}:{part.verb}"
        return self.habits.value(part, self.used.setdefault(part, []), self.rng)


def render_paths(templates: list[Template], rng: Random) -> Paths:
    """Renders the paths of an API with their calls.

    In some APIs every path ends in `.json` or `.xml`.
    """
    size = rng.choices([*SIZES], (3, 2, 3, 2))[0]
    calls = _Calls(draw_habits(rng, size == "test suite"), rng)
    low, high = SIZES[size]
    ending, style = rng.choice(("",) * 9 + (".json", ".xml")), draw_style(rng)
    for template in templates:
        truth = tuple(not isinstance(part, str) for part in template)
        for method in _methods(template, style, rng):
            visit = calls.habits.visitor(rng)
            for _ in range(calls.habits.calls(low, high, rng)):
                values = [calls.value(part) for part in template]
                if values and all(values):
                    calls.add((*values[:-1], values[-1] + ending), truth, visit(method))
    return calls.paths


def _methods(template: Template, style: str, rng: Random) -> tuple[str, ...]:
    """Draws the methods of a template; a custom method is mostly a POST."""
    last = template[-1] if template else ""
    if isinstance(last, CustomMethod):
        return ("POST",) if rng.random() < 0.9 else ("GET",)
    is_below_variable = any(not isinstance(part, str) for part in template[:-1])
    is_literal = isinstance(last, str)
    return draw_methods(rng, style, last if isinstance(last, str) else "", not is_literal, is_below_variable)


def simulate_api_paths(apis: int, seed: int) -> Iterator[tuple[str, Paths]]:
    """Yields `apis` hosts with their paths.

    API k does not depend on the number of APIs: each has its own random source.
    """
    for index in range(apis):
        rng = create_random_source(seed, "paths", index)
        yield f"paths{index}.example", render_paths(draw_api(rng), rng)


def simulate_site_paths(hosts: int, seed: int) -> Iterator[tuple[str, Paths]]:
    """Yields simulated hosts with their distinct API paths and calls."""
    for site in build_sites(hosts, seed):
        operations = [o for o in site.operations if o.is_api and o.template.count("{") <= MAX_VARIABLES]
        rng = create_random_source(seed, "site paths", site.host)
        size = rng.choice([*CALLS])
        low, high = CALLS[size]
        calls = _Calls(draw_habits(rng, size == "test suite"), rng)
        for operation in operations:
            truth = tuple("{" in segment for segment in operation.template.strip("/").split("/"))
            visit = calls.habits.visitor(rng)
            for _ in range(calls.habits.calls(low, high, rng)):
                segments = tuple(_filled(operation, calls).strip("/").split("/"))
                if len(segments) == len(truth) and all(segments):  # otherwise a value contains a slash
                    calls.add(segments, truth, visit(operation.method))
        if calls.paths:
            yield f"{seed}.{site.host}", calls.paths


def _filled(operation: Operation, calls: _Calls) -> str:
    """Fills each placeholder of the template with a value.

    Values are used again by placeholder and the path before it.
    """
    values = {p.name: p.values for p in operation.parameters if p.location == "path"}
    text = place = ""
    for part in _PLACEHOLDER.split(operation.template):
        place += "{}" if part.startswith("{") else part
        if not part.startswith("{"):
            text += part
            continue
        draw: Generator = partial(_draw_encoded, values[part[1:-1]], calls.rng)
        text += calls.habits.value(draw, calls.used.setdefault(place, []), calls.rng)
    return text


def _draw_encoded(values: Values, rng: Random) -> str:
    """Draws a value, encoded for a path."""
    value = values.draw(rng)
    return value if values.kind == "path" else encode_value(value)
