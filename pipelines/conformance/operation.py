"""What a request is checked against: an operation with its parameters and bodies, as plain values that travel to executors.

Schemas are JSON texts that stand alone: each is compiled where it is first needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.conformance.members import Members


@dataclass(frozen=True, slots=True)
class Shape:
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
    shape: Shape


@dataclass(frozen=True, slots=True)
class Form:
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
    form: Form | None = None
    media: tuple[str, ...] = ()
