"""Every `x-census` of an OpenAPI document, with its level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.http.openapi_names import CENSUS, CENSUS_METHODS


def evidence_in(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every `x-census` of a document with its level: a key of `MEMBERS`."""
    yield "the document", document.get(CENSUS, {})
    for item in document.get("paths", {}).values():
        for name, operation in {**item, **item.get(CENSUS_METHODS, {})}.items():
            if name == CENSUS_METHODS:
                continue
            yield "an operation", operation.get(CENSUS, {})
            for parameter in operation.get("parameters", ()):
                yield "a parameter", parameter.get(CENSUS, {})
                yield from _of_schemas(parameter.get("schema", {}))
            yield from _of_schemas(operation.get("requestBody", {}))


def _of_schemas(part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(part, dict):
        if CENSUS in part:
            yield "a schema", part[CENSUS]
        for name, below in part.items():
            if name != CENSUS:
                yield from _of_schemas(below)
    elif isinstance(part, list):
        for below in part:
            yield from _of_schemas(below)
