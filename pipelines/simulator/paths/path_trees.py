"""Trees of API paths with known variables: training data for path segments.

An API is drawn as a list of templates with one set of conventions: collections with items, sub-collections and
actions, literal siblings next to variables, namespaces, versions and dates near the root, flat lists of procedures,
alternating resource providers. It is rendered as it appears in traffic: a test suite calls each template a few times,
a busy API many times. No published API description is used: words are drawn, and half of them are in no dictionary,
so that names cannot be learned. Shares of what is rare (procedures, providers, kinds with equal subtrees, words as values) are
those of public API descriptions where a constant says so; nothing else of these is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from pipelines.simulator.paths.path_values import Generator, draw_any_word, draw_choices, draw_generator
from pipelines.simulator.vocabulary.words import join_words, pluralise


@dataclass(frozen=True, slots=True)
class CustomMethod:
    """An identifier with a custom method: `{id}:cancel` (Google AIP-136)."""

    generator: Generator
    verb: str


Part = str | Generator | CustomMethod
Template = tuple[Part, ...]

CASES = (("kebab", 4), ("snake", 3), ("camel", 4), ("pascal", 2), ("flat", 2))
LAYOUTS = (
    ("resources", 6), ("flat", 1.5), ("namespaces", 2), ("procedures", 1), ("providers", 1.5), ("rooted", 0.6), ("kinds", 0.8),
    ("chosen", 0.5),
)  # fmt: skip
"""Layouts and their weights. Of 271 public documents 3.7 % have a variable right below a version or the root, 5.6 % name
procedures by verbs, 3 % have three and more literals with the same subtrees that hold a literal."""
CUSTOM_METHODS = 0.02
"""Share of collections whose items have custom methods. One of 271 public documents has some; they are as common as that in
APIs that follow Google's guide, and without them their form cannot be learned."""
BASES = (
    "v1", "v1", "v2", "v3", "1.0", "v1.1", "2", "1", "v10", "v1beta1", "2010-04-01", "2019-06", "latest",
)  # fmt: skip
PROCEDURES = (
    "get", "list", "find", "create", "add", "apply", "cancel", "update", "set", "delete", "remove", "check", "send", "run",
)  # fmt: skip
ACTIONS = ("me", "self", "search", "count", "batch", "export", "current", "default")
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
        identifier = draw_generator(rng)
        item = (*root, identifier)
        yield item
        if rng.random() < CUSTOM_METHODS:
            verbs = [conventions.literal(rng, rng.choice((1, 1, 2))) for _ in range(rng.choice((1, 2, 3, 6)))]
            yield from ((*root, CustomMethod(identifier, verb)) for verb in verbs)
        few = rng.choice((0, 0, 0, 1, 1, 2, 3, 6))
        for _ in range(rng.choice((12, 30)) if rng.random() < 0.03 else few):
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
        yield from ((*root, conventions.literal(rng)) for _ in range(_draw_siblings(rng)))
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
    yield from ((*base, conventions.literal(rng)) for _ in range(_draw_siblings(rng)))


def _draw_siblings(rng: Random) -> int:
    """Draws the number of literals below one node.

    The largest such node of 271 public documents has 6 in the median, 10, 16 and 31 in the quantiles .75, .9 and .97, 91 at most;
    large ones are drawn more often, because they hold a larger share of all endpoints.
    """
    return rng.choices((3, 6, 10, 16, 30, 60, 90), (25, 25, 20, 14, 9, 5, 2))[0]


def _namespaces(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    for _ in range(rng.choice((2, 3, 5))):
        yield from _resources(rng, conventions, (*base, conventions.literal(rng)))


def _procedures(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields `/service/method` without variables.

    In most APIs methods are named by a verb and what it is done to.
    """
    services = [conventions.literal(rng, 1) for _ in range(rng.choice((1, 4, 10)))]
    root: Template = (*base, *(("services", "app") if rng.random() < 0.1 else ()))
    verbs = rng.sample([*PROCEDURES, *PROCEDURES], rng.choice((3, 6, 10))) if rng.random() < 0.7 else []

    def method() -> str:
        if not verbs:
            return conventions.literal(rng)
        words = [draw_any_word(rng) for _ in range(rng.choice((0, 1, 1, 2)))]
        return join_words("-".join((rng.choice(verbs), *words)), conventions.case)

    yield from ((*root, rng.choice(services), method()) for _ in range(_draw_siblings(rng)))


def _providers(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields alternating kinds and names under a provider with a dotted name.

    Resource managers of clouds have such paths: all kinds of an owner, of a group of the owner, or of another resource.
    """
    if rng.random() < 0.7:
        conventions = PathConventions("camel", conventions.plurals)
    owner: Template = (*base, conventions.collection(rng), draw_generator(rng))
    group: Template = (*owner, conventions.collection(rng), draw_generator(rng))
    vendors = [draw_any_word(rng).capitalize() for _ in range(rng.choice((1, 1, 2, 4)))]
    joint, common = conventions.literal(rng, 1), [conventions.literal(rng, 2) for _ in range(3)]
    for _ in range(rng.choice((1, 2, 5, 12))):
        name = f"{rng.choice(vendors)}.{draw_any_word(rng).capitalize()}"
        kinds = [conventions.collection(rng) for _ in range(rng.choice((1, 1, 2, 5, 12)))]
        for kind in kinds:
            if rng.random() < 0.4:
                yield (*owner, joint, name, kind)
            if rng.random() < 0.7:
                yield from _collection(
                    rng, conventions, (*group, joint, name, kind), [*common, "start", "stop"]
                )


def _rooted(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields a collection right below the version or the root.

    Few literals are beside its items, or none.
    """
    item: Template = (*base, draw_generator(rng))
    yield item
    yield from ((*item, conventions.literal(rng)) for _ in range(rng.choice((0, 0, 1, 3, 6))))
    yield from ((*base, conventions.literal(rng)) for _ in range(rng.choice((0, 0, 1, 2, 4))))


def _kinds(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields literals with the same subtree: kinds with items of their own."""
    root: Template = (*base, conventions.collection(rng)) if rng.random() < 0.7 else base
    below = [conventions.literal(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    has_items, is_same = rng.random() < 0.85, rng.random() < 0.6
    for _ in range(rng.choice((2, 3, 4, 6, 9, 15))):
        kind: Template = (*root, conventions.collection(rng))
        item: Template = (*kind, draw_generator(rng)) if has_items else kind
        rests: list[Template] = [item, *((*item, name) for name in below if is_same or rng.random() < 0.8)]
        yield from ([kind, *rests] if rng.random() < 0.6 else rests)


def _chosen(rng: Random, conventions: PathConventions, base: Template) -> Iterator[Template]:
    """Yields variables that are chosen from a few words or numbers.

    `/{section}/{period}` is an example.
    """
    for _ in range(rng.choice((1, 2, 4))):
        choices = [draw_choices(rng) for _ in range(rng.choice((1, 2, 2, 3)))]
        path: Template = (*base, conventions.collection(rng), *choices)
        yield path if rng.random() < 0.7 else (*path, conventions.literal(rng))


_LAYOUT_BUILDERS: Mapping[str, Callable[[Random, PathConventions, Template], Iterator[Template]]] = {
    "resources": _resources, "flat": _flat, "namespaces": _namespaces, "procedures": _procedures,
    "providers": _providers, "rooted": _rooted, "kinds": _kinds, "chosen": _chosen,
}  # fmt: skip
