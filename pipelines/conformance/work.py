"""How often a value may be judged against a standalone schema: references that are shared multiply it, a tree's own do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.http.json_values import JsonSchema

IN_PLACE = ("not", "if", "then", "else")
IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
BELOW = (
    "items", "additionalProperties", "propertyNames", "contains", "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
ROOT = ""
TURNS = 3
"""References that are followed inside of a circle: a schema of 150 kinds that hold each other costs 150 * 150 with them."""


def work(schema: JsonSchema | bool) -> float:
    """Schemas that one place of a value is judged against, at most, with all places above it. Infinite where floats end.

    Of alternatives, references and conditions all apply to the same place, of properties one: so those add up, and of these the
    costliest counts.
    """
    if isinstance(schema, bool):
        return 1
    nodes = {ROOT: schema, **schema.get("$defs", {})}
    return _Work(nodes).of_definition(ROOT, TURNS)


class _Work:
    """Sums, each definition's once for each number of turns that are left in its circle."""

    def __init__(self, nodes: dict[str, Any]) -> None:
        self.nodes = nodes
        self.circle = _circles(nodes)
        self.known: dict[tuple[str, int], float] = {}

    def of_definition(self, name: str, turns: int) -> float:
        if (name, turns) not in self.known:
            self.known[name, turns] = self.of(self.nodes.get(name, True), name, turns)
        return self.known[name, turns]

    def of(self, node: Any, within: str, turns: int) -> float:
        if not isinstance(node, dict):
            return 1
        found = 1.0
        if "$ref" in node:
            found += self._of_reference(node["$ref"].rpartition("/")[2], within, turns)
        for one in _in_place(node):
            found += self.of(one, within, turns)
        for one in _below(node):
            found += self.of(one, within, turns)
        named = [self.of(one, within, turns) for one in node.get("properties", {}).values()]
        return found + max(named, default=0.0)

    def _of_reference(self, name: str, within: str, turns: int) -> float:
        if self.circle.get(name) is None or self.circle.get(name) != self.circle.get(within):
            return self.of_definition(name, TURNS)
        return self.of_definition(name, turns - 1) if turns else 1


def _in_place(node: JsonSchema) -> Iterator[Any]:
    """Subschemas that judge the same value."""
    for key in IN_PLACE:
        if key in node:
            yield node[key]
    for key in IN_PLACE_LISTS:
        yield from node.get(key, ())
    yield from node.get("dependentSchemas", {}).values()


def _below(node: JsonSchema) -> Iterator[Any]:
    """Subschemas that may judge one and the same item or member."""
    for key in BELOW:
        if key in node:
            yield node[key]
    yield from node.get("patternProperties", {}).values()
    yield from node.get("prefixItems", ())


def _circles(nodes: dict[str, Any]) -> dict[str, int]:
    """Definitions that refer to themselves, through others or not, with the number of their circle."""
    number = {name: place for place, name in enumerate(nodes)}
    edges = [
        (number[name], number[target])
        for name, node in nodes.items()
        for target in _references(node, is_root=name == ROOT)
        if target in number
    ]
    if not edges:
        return {}
    starts, ends = zip(*edges, strict=True)
    graph = coo_array(([1] * len(edges), (starts, ends)), shape=(len(nodes), len(nodes)))
    labels = connected_components(graph, directed=True, connection="strong")[1].tolist()
    loops = {start for start, end in edges if start == end}
    sizes = Counter(labels)
    return {
        name: labels[place] for name, place in number.items() if place in loops or sizes[labels[place]] > 1
    }


def _references(node: Any, is_root: bool = False) -> Iterator[str]:
    """Names of definitions that a schema refers to."""
    places = [node]
    while places:
        here = places.pop()
        if isinstance(here, dict):
            if isinstance(here.get("$ref"), str):
                yield here["$ref"].rpartition("/")[2]
            places.extend(
                value for key, value in here.items() if not (is_root and here is node and key == "$defs")
            )
        elif isinstance(here, list):
            places.extend(here)
