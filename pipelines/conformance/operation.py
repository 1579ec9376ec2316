"""Compiled operations of a document, and the members that a JSON body may have.

A member that the schema of a body does not name is unknown. Schemas and bodies are walked within limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.http.json_values import JsonSchema
from pipelines.requests.json_body import ITEM, MAX_DEPTH, MAX_VALUES, reference_token

MAX_MEMBERS = 5_000
"""Members of a schema that are collected, including those it refers to; anything deeper may hold any member."""


@dataclass(slots=True)
class Members:
    """The members at one place of a body, and what is known below them.

    `is_open`: members of other names are allowed as well.
    """

    names: dict[str, Members] = field(default_factory=dict)
    items: Members | None = None
    is_open: bool = True


class _MemberCollector:
    """Collects the members of a standalone schema; alternatives are merged."""

    def __init__(self, root: JsonSchema) -> None:
        self.definitions = root.get("$defs", {})
        self.left = MAX_MEMBERS

    def collect(self, members: Members, schema: Any, depth: int) -> None:
        """Adds the members of a schema to `found`."""
        self.left -= 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self.left < 0:
            members.is_open = True
            return
        if "$ref" in schema:
            self.collect(members, self.definitions.get(schema["$ref"].rpartition("/")[2]), depth + 1)
        for group in ("allOf", "anyOf", "oneOf"):
            for alternative in schema.get(group, ()):
                self.collect(members, alternative, depth + 1)
        for name, below in schema.get("properties", {}).items():
            self.collect(members.names.setdefault(name, Members(is_open=False)), below, depth + 1)
        if "items" in schema:
            members.items = members.items or Members(is_open=False)
            self.collect(members.items, schema["items"], depth + 1)
        if "patternProperties" in schema or schema.get("additionalProperties") not in (None, False):
            members.is_open = True
        if "object" in schema.get("type", ()) and not schema.get("properties"):
            members.is_open = True


def collect_members(schema: JsonSchema | bool) -> Members:
    """Collects the members that a standalone schema names, at any depth."""
    if isinstance(schema, bool):
        return Members()
    collected = Members(is_open=False)
    _MemberCollector(schema).collect(collected, schema, 0)
    return collected


def find_unknown_members(value: Any, known: Members) -> Iterator[tuple[str, str, Any]]:
    """Yields the members of a value that `known` does not name.

    At most `MAX_VALUES` places are visited.

    Yields:
        JSON Pointer of the object that holds the member, its name, its value.
    """
    places: list[tuple[str, Any, Members]] = [("", value, known)]
    for _ in range(MAX_VALUES):
        if not places:
            return
        pointer, node, here = places.pop()
        if isinstance(node, dict):
            for name, below in node.items():
                if name in here.names:
                    places.append((f"{pointer}/{reference_token(name)}", below, here.names[name]))
                elif not here.is_open and here.names:
                    yield pointer, name, below
        elif isinstance(node, list) and here.items is not None:
            inside = here.items
            places.extend((f"{pointer}/{ITEM}", below, inside) for below in node[:MAX_VALUES])


@dataclass(frozen=True, slots=True)
class ParameterShape:
    """The structures that the value of a parameter may be deserialised to.

    A scalar, an array (`items`: schema of an item), or an object (`members`: names and schemas).
    """

    is_scalar: bool = True
    items: str | None = None
    members: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, or a field of a form body.

    `location` is path, query or form; `style` is one of OpenAPI's, or "json" for a parameter with `content`.
    """

    location: str
    name: str
    schema: str
    style: str
    explode: bool
    required: bool
    allows_empty: bool
    shape: ParameterShape


@dataclass(frozen=True, slots=True)
class FormBody:
    """The fields of a form body; `is_closed`: no other fields are allowed."""

    fields: tuple[Parameter, ...]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, ready for checks.

    `template` excludes the base path of the server; `media` are the media types of its bodies.
    """

    method: str
    template: str
    path: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    body: str | None = None
    members: Members | None = None
    form: FormBody | None = None
    media: tuple[str, ...] = ()
