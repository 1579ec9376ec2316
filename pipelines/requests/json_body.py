"""A JSON request body → the values in it, each under the JSON Pointer (RFC 6901) of its place.

`*` stands for any item of an array, `{}` for any key of a map: members whose names are data (dates, identifiers, addresses).
Hostile by assumption: depth and number of values are bounded, and what is no JSON teaches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from pipelines.requests.parameter_names import NAME_CACHE_SIZE, anonymise_key, is_member_name

MAX_DEPTH = 16
MAX_VALUES = 1000
"""Values read of one body; the rest is left out, which makes properties optional, never required."""
ITEM = "*"
MEMBER = "{}"
"""Any key of a map: a token that no name is, as braces of a name are escaped."""
KEY = "key"
"""In place of a JSON type: the leaf is not a value but what stands for a map's key (`names.stand_in`)."""


class Leaf(NamedTuple):
    """A value: its pointer, its text, its JSON type (or `KEY`), and whether it is the first of its pointer in the body."""

    name: str
    value: str
    json_type: str
    is_first: bool


def read_json_values(body: str | None) -> list[Leaf]:
    """All values of a body, containers before what they hold: an object has no text, an array that of its size."""
    try:
        tree = orjson.loads(body or "")
    except orjson.JSONDecodeError:
        return []
    found: list[Leaf] = []
    names: set[str] = set()
    keys: set[tuple[str, str]] = set()
    maps: set[str] = set()
    for name, value, json_type in _walk(tree, "", 0):
        if len(found) == MAX_VALUES:
            break
        if json_type == KEY:
            if (name, value) not in keys:  # a map of a thousand dates says the same of them a thousand times
                found.append(Leaf(name, value, KEY, name not in maps))
                keys.add((name, value))
                maps.add(name)
            continue
        found.append(Leaf(name, value, json_type, name not in names))
        names.add(name)
    return found


def _walk(node: Any, name: str, depth: int) -> Iterator[tuple[str, str, str]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict):
        yield name, "", "object"
        for key, value in node.items():
            known = reference_token(key)
            below = f"{name}/{known}"
            if known == MEMBER:
                yield below, anonymise_key(key), KEY
            yield from _walk(value, below, depth + 1)
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


@lru_cache(maxsize=NAME_CACHE_SIZE)
def reference_token(key: str) -> str:
    """The reference token of a member: its escaped name, or `MEMBER` where it is a key of a map."""
    return escape_token(key) if is_member_name(key) else MEMBER


def escape_token(key: str) -> str:
    """A member's name as a reference token; `*` and `{` of its own are escaped too, as they stand for items and keys here."""
    return key.replace("~", "~0").replace("/", "~1").replace(ITEM, "~2").replace("{", "~3")


def last_token(pointer: str) -> str:
    """The escaped name of a member in what holds it; the name of anything else is its own."""
    return pointer.rpartition("/")[2]


def holder_name(pointer: str) -> str:
    """The escaped name that says what a value is: of an item or an entry of a map that of the array or map."""
    while last_token(pointer) in (ITEM, MEMBER):
        pointer = parent_pointer(pointer)
    return last_token(pointer)


def parent_pointer(pointer: str) -> str:
    """The pointer of what holds a member or an item."""
    return pointer.rpartition("/")[0]


def unescape_token(escaped_name: str) -> str:
    """The member's name again."""
    return escaped_name.replace("~3", "{").replace("~2", ITEM).replace("~1", "/").replace("~0", "~")
