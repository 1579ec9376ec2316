"""A JSON request body → the values in it, each under the JSON Pointer (RFC 6901) of its place, with `*` for any item.

Hostile by assumption: depth and number of values are bounded, and what is no JSON teaches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

MAX_DEPTH = 16
MAX_VALUES = 1000
"""Values read of one body; the rest is left out, which makes properties optional, never required."""
ITEM = "*"


class Leaf(NamedTuple):
    """A value: its pointer, its text, its JSON type, and whether it is the first of its pointer in the body."""

    name: str
    value: str
    json_type: str
    is_first: bool


def leaves(body: str | None) -> list[Leaf]:
    """All values of a body, containers before what they hold: an object has no text, an array that of its size."""
    try:
        tree = orjson.loads(body or "")
    except orjson.JSONDecodeError:
        return []
    found: list[Leaf] = []
    names: set[str] = set()
    for name, value, json_type in _walk(tree, "", 0):
        if len(found) == MAX_VALUES:
            break
        found.append(Leaf(name, value, json_type, name not in names))
        names.add(name)
    return found


def _walk(node: Any, name: str, depth: int) -> Iterator[tuple[str, str, str]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict):
        yield name, "", "object"
        for key, value in node.items():
            yield from _walk(value, f"{name}/{escaped(key)}", depth + 1)
    elif isinstance(node, list):
        yield name, str(len(node)), "array"
        for value in node:
            yield from _walk(value, f"{name}/{ITEM}", depth + 1)
    elif isinstance(node, str):
        yield name, node, "string"
    elif isinstance(node, bool):
        yield name, "true" if node else "false", "boolean"
    elif node is None:
        yield name, "null", "null"
    else:
        yield name, orjson.dumps(node).decode(), "number"


def escaped(key: str) -> str:
    """A member's name as a reference token; a `*` of its own is escaped too, as it stands for items here."""
    return key.replace("~", "~0").replace("/", "~1").replace(ITEM, "~2")


def last_token(pointer: str) -> str:
    """The escaped name of a member in what holds it; the name of anything else is its own."""
    return pointer.rpartition("/")[2]


def parent(pointer: str) -> str:
    """The pointer of what holds a member or an item."""
    return pointer.rpartition("/")[0]


def unescaped(token: str) -> str:
    """The member's name again."""
    return token.replace("~2", ITEM).replace("~1", "/").replace("~0", "~")
