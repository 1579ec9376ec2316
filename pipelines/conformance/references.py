"""`$ref` inside one document: followed, never fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from pipelines.conformance.documents import WAY_OUT, Document, at
from pipelines.errors import InputError

MAX_HOPS = 32
"""References to references; more are a circle."""


def target(document: Document, reference: Any, place: Sequence[str]) -> Any:
    """What a local reference (`#/components/...`) points at; None where it is one to another document.

    Raises:
        InputError: it points at nothing.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    node: Any = document.tree
    for token in filter(None, reference.removeprefix("#").split("/")):
        key = _unquoted(token)
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            raise InputError(
                at(document.source, place),
                f"$ref {reference[:200]!r} points at nothing",
                WAY_OUT,
            )
    return node


def followed(document: Document, node: Any, place: Sequence[str]) -> Any:
    """A node that is no reference: the one itself, or what its references end at; None where that is elsewhere.

    Raises:
        InputError: a reference points at nothing, or at itself.
    """
    for _ in range(MAX_HOPS):
        if not isinstance(node, dict) or "$ref" not in node:
            return node
        node = target(document, node["$ref"], place)
    raise InputError(at(document.source, place), "$ref leads to itself", WAY_OUT)


def _unquoted(token: str) -> str:
    """A reference token as it stands in a URI fragment (RFC 6901 s. 6)."""
    return unquote(token).replace("~1", "/").replace("~0", "~")
