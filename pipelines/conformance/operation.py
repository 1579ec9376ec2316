"""Which members a schema of a JSON body names: what else a body holds is unknown. A body is walked within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.http.json_values import JsonSchema
from pipelines.requests.json_body import ITEM, MAX_DEPTH, MAX_VALUES, reference_token

MAX_MEMBERS = 5_000
"""Members of a schema that are looked at, with all that it refers to; what is deeper may hold anything."""


@dataclass(slots=True)
class Members:
    """Names at one place of a body, and what is known below them; `is_open`: other names are as good."""

    names: dict[str, Members] = field(default_factory=dict)
    items: Members | None = None
    is_open: bool = True


class _Walk:
    """Collects the members of a standalone schema; alternatives are taken together."""

    def __init__(self, root: JsonSchema) -> None:
        self.definitions = root.get("$defs", {})
        self.left = MAX_MEMBERS

    def into(self, found: Members, schema: Any, depth: int) -> None:
        self.left -= 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self.left < 0:
            found.is_open = True
            return
        if "$ref" in schema:
            self.into(found, self.definitions.get(schema["$ref"].rpartition("/")[2]), depth + 1)
        for group in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(group, ()):
                self.into(found, one, depth + 1)
        for name, below in schema.get("properties", {}).items():
            self.into(found.names.setdefault(name, Members(is_open=False)), below, depth + 1)
        if "items" in schema:
            found.items = found.items or Members(is_open=False)
            self.into(found.items, schema["items"], depth + 1)
        if "patternProperties" in schema or schema.get("additionalProperties") not in (None, False):
            found.is_open = True
        if "object" in schema.get("type", ()) and not schema.get("properties"):
            found.is_open = True


def collect_members(schema: JsonSchema | bool) -> Members:
    """The members that a standalone schema (`dialect.standalone`) names, at any depth."""
    if isinstance(schema, bool):
        return Members()
    found = Members(is_open=False)
    _Walk(schema).into(found, schema, 0)
    return found


def find_unknown_members(value: Any, known: Members) -> Iterator[tuple[str, str, Any]]:
    """(pointer of what holds it, name, value) of each member that `known` does not name; `MAX_VALUES` places at most."""
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
    """What the text of a parameter may stand for: a scalar, a list (schema of an item), an object (schemas of its members)."""

    is_scalar: bool = True
    items: str | None = None
    members: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in `path`, `query` or `form`. `style` is one of OpenAPI's, or "json" for a parameter with `content`."""

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
    """Fields of a form body; a closed one takes no others."""

    fields: tuple[Parameter, ...]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: `template` with the server's base path, `media` types of bodies that it names."""

    method: str
    template: str
    path: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    body: str | None = None
    members: Members | None = None
    form: FormBody | None = None
    media: tuple[str, ...] = ()
