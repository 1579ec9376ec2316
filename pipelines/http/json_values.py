"""JSON values as Python has them, and the tokens of JSON Pointers."""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]
"""A schema of JSON Schema or OpenAPI that is an object (a boolean schema is not)."""


def escape_pointer_token(name: str) -> str:
    """Escapes a name as a reference token of a JSON Pointer (RFC 6901 s. 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape_pointer_token(token: str) -> str:
    """Returns the name of a reference token."""
    return token.replace("~1", "/").replace("~0", "~")
