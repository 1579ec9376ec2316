"""Values of a JSON request body, each under its JSON Pointer (RFC 6901).

`*` stands for any item of an array, `{}` for any key of a map, that is, of members whose names are data (dates, identifiers,
addresses). Bodies are not trusted: depth and number of values are bounded, and nothing is learned from a body that is not JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from pipelines.http.json_values import escape_pointer_token, unescape_pointer_token
from pipelines.requests.parameter_names import NAME_CACHE_SIZE, anonymise_key, is_member_name

MAX_DEPTH = 16
MAX_VALUES = 1000
"""Most values read of one body.

The rest is left out, which can make properties optional but never required.
"""
ITEM = "*"
MEMBER = "{}"
"""Any key of a map: a token that no name can be, as braces of names are escaped."""
KEY = "key"
"""Marks, in place of a JSON type, the stand-in for a map's key.

See `parameter_names.anonymise_key`.
"""


class Leaf(NamedTuple):
    """A value in a body.

    Attributes:
        name: Its JSON Pointer.
        value: Its text.
        json_type: Its JSON type, or `KEY`.
        is_first: Whether it is the first value at its pointer in the body.
    """

    name: str
    value: str
    json_type: str
    is_first: bool


def read_json_values(body: str | None) -> list[Leaf]:
    """Reads all values of a body, each container before its contents.

    An object has an empty text; the text of an array is its number of items.
    """
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
            # a map of a thousand dates repeats the same stand-in a thousand times
            if (name, value) not in keys:
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
    """Returns a member's reference token: its escaped name, or `MEMBER` for a key."""
    return escape_token(key) if is_member_name(key) else MEMBER


def escape_token(key: str) -> str:
    """Escapes a member's name as a reference token.

    `*` and `{` in the name are escaped too, as they stand for items and keys here.
    """
    return escape_pointer_token(key).replace(ITEM, "~2").replace("{", "~3")


def last_token(pointer: str) -> str:
    """Returns the last reference token of a pointer; any other name as it is."""
    return pointer.rpartition("/")[2]


def holder_name(pointer: str) -> str:
    """Returns the escaped name that describes a value.

    For an item of an array or an entry of a map, this is the name of the array or map.
    """
    while last_token(pointer) in (ITEM, MEMBER):
        pointer = parent_pointer(pointer)
    return last_token(pointer)


def parent_pointer(pointer: str) -> str:
    """Returns the pointer of the object or array that holds a member or an item."""
    return pointer.rpartition("/")[0]


def unescape_token(escaped_name: str) -> str:
    """Returns the member's name of a reference token."""
    return unescape_pointer_token(escaped_name.replace("~3", "{").replace("~2", ITEM))
