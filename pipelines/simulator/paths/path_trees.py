"""Trees of API paths with known variables: training data for path segments.

An API is drawn as a list of templates with one set of conventions: collections with items, sub-collections and
actions, literal siblings next to variables, namespaces, versions and dates near the root, flat lists of procedures,
alternating resource providers. It is rendered as it appears in traffic: a test suite calls each template a few times,
a busy API many times. No published API description is used: words are drawn, and half of them are in no dictionary,
so that names cannot be learned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from pipelines.simulator.paths.path_values import Generator, draw_any_word, draw_generator
from pipelines.simulator.sites.site import build_sites
from pipelines.simulator.vocabulary.operation import Operation
from pipelines.simulator.vocabulary.values import Values, create_random_source, encode_value
from pipelines.simulator.vocabulary.words import join_words, pluralise

Part = str | Generator
Template = tuple[Part, ...]
Paths = Mapping[tuple[str, ...], tuple[bool, ...]]
"""Segments of a path → whether each is a variable."""

CASES = (("kebab", 4), ("snake", 3), ("camel", 4), ("pascal", 2), ("flat", 2))
LAYOUTS = (("resources", 6), ("flat", 1.5), ("namespaces", 2), ("procedures", 1), ("providers", 1))
BASES = (
    "v1", "v1", "v2", "v3", "1.0", "v1.1", "2", "1", "v10", "v1beta1", "2010-04-01", "2019-06", "latest",
)  # fmt: skip
ACTIONS = ("me", "self", "search", "count", "batch", "export", "current", "default")
SIZES = {"test suite": (1, 4), "small": (1, 8), "medium": (2, 40), "busy": (10, 150)}
"""Minimum and maximum number of calls of a template, drawn for each."""
REUSE = (0.0, 0.3, 0.6, 0.9)
"""How often a call reuses the value of an earlier one; drawn for each API."""
MAX_TEMPLATES = 150


@dataclass(frozen=True, slots=True)
class PathConventions:
    """Conventions of one API: case of words, and whether collections are plurals."""

    case: str
    plurals: bool

    def literal(self, rng: Random, words: int = 0) -> str:
        """Draws a literal segment of up to five words, rarely with a digit at the end."""
        chosen = [
            draw_any_word(rng) for _ in range(words or rng.choices((1, 2, 3, 4, 5), (60, 30, 12, 5, 2))[0])
        ]
        ending = str(rng.randrange(1, 4)) if rng.random() < 0.04 else ""
        return join_words("-".join(chosen), self.case) + ending

    def collection(self, rng: Random) -> str:
        """Draws the literal segment of a collection."""
        chosen = [draw_any_word(rng) for _ in range(rng.choices((1, 2, 3), (65, 28, 7))[0])]
        if self.plurals and rng.random() < 0.9:
            chosen[-1] = pluralise(chosen[-1]) if len(chosen[-1]) > 1 else chosen[-1]
        return join_words("-".join(chosen), self.case)


def draw_api(rng: Random) -> list[Template]:
    """Draws the templates of one API, at most `MAX_TEMPLATES`."""
    case = rng.choices([name for name, _ in CASES], [weight for _, weight in CASES])[0]
    conventions = PathConventions(case, rng.random() < 0.8)
    layout = rng.choices([name for name, _ in LAYOUTS], [weight for _, weight in LAYOUTS])[0]
    base = _base(rng, conventions)
    templates = [*_LAYOUT_BUILDERS[layout](rng, conventions, base)]
    if layout != "flat" and rng.random() < 0.15:
        templates += _flat(rng, conventions, base)
    return templates[:MAX_TEMPLATES]


def _base(rng: Random, conventions: PathConventions) -> Template:
    """Draws the common prefix: `api`, a version or a date, a name, a tenant."""
    base: Template = ("api",) if rng.random() < 0.25 else ()
    if rng.random() < 0.5:
        base += (rng.choice(BASES),)
    if rng.random() < 0.2:
        base += (conventions.literal(rng),)
    if rng.random() < 0.12:
        base += (
            (conventions.collection(rng), draw_generator(rng))
            if rng.random() < 0.7
            else (draw_generator(rng),)
        )
    return base


def _resources(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    shared = [conventions.literal(rng) for _ in range(5)] + [conventions.collection(rng) for _ in range(5)]
    common = rng.sample(shared, rng.choice((1, 2, 4))) if rng.random() < 0.3 else []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5, 8, 14))):
        root: Template = (*base, conventions.collection(rng))
        yield from _collection(rng, conventions, root, shared)
        # What every collection has makes the subtrees of two literals similar.
        if common and rng.random() < 0.8:
            below: Template = (*root, draw_generator(rng)) if rng.random() < 0.7 else root
            yield from ((*below, name) for name in common)


def _collection(
    rng: Random, conventions: PathConventions, root: Template, shared: list[str]
) -> Iterator[Template]:
    """Yields a collection, its items with their subtrees, and literal siblings."""
    if rng.random() < 0.85:
        yield root
    if rng.random() < 0.8:
        item = (*root, draw_generator(rng))
        yield item
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 6))):
            below = (*item, rng.choice((*shared, conventions.literal(rng), conventions.collection(rng))))
            yield below
            if rng.random() < 0.5:
                yield (*below, draw_generator(rng))
            if rng.random() < 0.15:
                yield (*below, draw_generator(rng), rng.choice(shared))
        if rng.random() < 0.15:
            yield from _chain(rng, conventions, item)
    for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 1, 2, 4))):
        yield (*root, rng.choice((*ACTIONS, conventions.literal(rng), conventions.literal(rng), *shared[:3])))
    if rng.random() < 0.03:
        yield from ((*root, conventions.literal(rng)) for _ in range(rng.choice((8, 20, 40))))
    if rng.random() < 0.1:
        yield (*root, conventions.literal(rng), draw_generator(rng))


def _chain(rng: Random, conventions: PathConventions, item: Template) -> Iterator[Template]:
    """Yields consecutive variables: an owner and a name, a place and a day."""
    longer: Template = (*item, draw_generator(rng))
    yield longer
    if rng.random() < 0.3:
        yield (*longer, draw_generator(rng))
    yield from ((*longer, conventions.literal(rng)) for _ in range(rng.choice((0, 0, 1, 2, 5))))


def _flat(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields many literal siblings under one node."""
    yield from ((*base, conventions.literal(rng)) for _ in range(rng.choice((3, 10, 30, 60))))


def _namespaces(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    for _ in range(rng.choice((2, 3, 5))):
        yield from _resources(rng, conventions, (*base, conventions.literal(rng)))


def _procedures(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields `/service/method` without variables."""
    services = [conventions.literal(rng, 1) for _ in range(rng.choice((1, 4, 10)))]
    yield from (
        (*base, rng.choice(services), conventions.literal(rng)) for _ in range(rng.choice((5, 20, 40)))
    )


def _providers(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields alternating kinds and names under a provider with a dotted name.

    Resource managers of clouds have such paths.
    """
    scope: Template = (
        *base,
        conventions.collection(rng),
        draw_generator(rng),
        conventions.collection(rng),
        draw_generator(rng),
    )
    vendors = [draw_any_word(rng).capitalize() for _ in range(rng.choice((1, 1, 2, 4)))]
    scope += (conventions.literal(rng, 1),)
    for _ in range(rng.choice((1, 2, 5, 12))):
        provider = (*scope, f"{rng.choice(vendors)}.{draw_any_word(rng).capitalize()}")
        for _ in range(rng.choice((1, 1, 2))):
            yield from _collection(
                rng, conventions, (*provider, conventions.collection(rng)), [*ACTIONS, "start", "stop"]
            )


_LAYOUT_BUILDERS: Mapping[str, Callable[[Random, PathConventions, Template], Iterator[Template]]] = {
    "resources": _resources, "flat": _flat, "namespaces": _namespaces, "procedures": _procedures,
    "providers": _providers,
}  # fmt: skip


def render_paths(templates: list[Template], rng: Random) -> dict[tuple[str, ...], tuple[bool, ...]]:
    """Renders distinct paths of an API: segments → whether each is a variable.

    In some APIs every path ends in `.json` or `.xml`.

    Values are reused as often as the API's clients return to the same items: a test suite has few users.
    """
    low, high = SIZES[rng.choices([*SIZES], (3, 3, 3, 1))[0]]
    ending, again = rng.choice(("",) * 9 + (".json", ".xml")), rng.choice(REUSE)
    used: dict[Generator, list[str]] = {}
    paths: dict[tuple[str, ...], tuple[bool, ...]] = {}
    for template in templates:
        truth = tuple(not isinstance(part, str) for part in template)
        for _ in range(rng.randint(low, high) if any(truth) else 1):
            values = [
                part if isinstance(part, str) else draw_or_reuse(part, used.setdefault(part, []), again, rng)
                for part in template
            ]
            path = (*values[:-1], values[-1] + ending) if values else ()
            if path and all(values):
                paths.setdefault(path, truth)
    return paths


def draw_or_reuse(generator: Generator, used: list[str], again: float, rng: Random) -> str:
    """Returns an earlier value with probability `again`, otherwise a new one.

    A new value is added to `used`.
    """
    if used and rng.random() < again:
        return rng.choice(used)
    used.append(generator())
    return used[-1]


def simulate_api_paths(apis: int, seed: int) -> Iterator[tuple[str, Paths]]:
    """Yields `apis` hosts with their paths.

    API k does not depend on the number of APIs: each has its own random source.
    """
    for index in range(apis):
        rng = create_random_source(seed, "paths", index)
        yield f"paths{index}.example", render_paths(draw_api(rng), rng)


CALLS = {"test suite": (1, 6), "medium": (2, 40), "busy": (20, 200)}
"""Minimum and maximum number of calls of an operation."""
MAX_VARIABLES = 6
_PLACEHOLDER = re.compile(r"(\{[^{}]+\})")


def simulate_site_paths(hosts: int, seed: int) -> Iterator[tuple[str, Paths]]:
    """Yields simulated hosts with their distinct API paths.

    The paths map segments to whether each is a variable (or contains one).
    """
    for site in build_sites(hosts, seed):
        operations = [o for o in site.operations if o.is_api and o.template.count("{") <= MAX_VARIABLES]
        rng = create_random_source(seed, "site paths", site.host)
        low, high = CALLS[rng.choice([*CALLS])]
        again, used = rng.choice(REUSE), dict[str, list[str]]()
        paths: dict[tuple[str, ...], tuple[bool, ...]] = {}
        for operation in operations:
            truth = tuple("{" in segment for segment in operation.template.strip("/").split("/"))
            for _ in range(rng.randint(low, high)):
                path = _filled(operation, rng, again, used)
                segments = tuple(path.strip("/").split("/"))
                if len(segments) == len(truth) and all(segments):  # otherwise a value contains a slash
                    paths[segments] = truth
        if paths:
            yield f"{seed}.{site.host}", paths


def _filled(operation: Operation, rng: Random, again: float, used: dict[str, list[str]]) -> str:
    """Fills each placeholder of the template with a value.

    Values are reused by placeholder: `used` has them by the path before it.
    """
    values = {p.name: p.values for p in operation.parameters if p.location == "path"}
    text = place = ""
    for part in _PLACEHOLDER.split(operation.template):
        place += "{}" if part.startswith("{") else part
        if not part.startswith("{"):
            text += part
            continue
        text += draw_or_reuse(
            partial(_draw_encoded, values[part[1:-1]], rng), used.setdefault(place, []), again, rng
        )
    return text


def _draw_encoded(values: Values, rng: Random) -> str:
    """Draws a value, encoded for a path."""
    value = values.draw(rng)
    return value if values.kind == "path" else encode_value(value)
