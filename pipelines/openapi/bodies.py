"""Learned values of bodies, each under its JSON Pointer, → the schema of the whole body (OpenAPI 3.1 s. 4.8.13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pipelines.http.media_types import FORM, JSON, MULTIPART, names_json
from pipelines.openapi.endpoint import Parameter
from pipelines.openapi.text import whole
from pipelines.schemas.json_body import ITEM, last_token, parent, unescaped

JsonSchema = dict[str, Any]


def request_body(parameters: Sequence[Parameter], media_types: Iterable[str] = ()) -> dict[str, Any] | None:
    """The Request Body Object of an endpoint's parameters and the media types of its bodies; None where no body was seen.

    A media type whose bodies were not read, or whose name does not say that they are JSON, has a schema that takes anything:
    a reader that goes by the name sees a text there, not an object. What is known of such JSON stands under `JSON`.
    """
    body = {one.name: one for one in parameters if one.location == "body"}
    form = [one for one in parameters if one.location == "form"]
    multipart = [
        one if one.location == "part" else replace(one, schema=_file(one)) for one in _parts(parameters)
    ]
    content: dict[str, JsonSchema] = {whole(name): {} for name in media_types}
    if body:
        of_json = [name for name in content if names_json(name)] or [JSON]
        content |= dict.fromkeys(of_json, _schema("", body, _children(body)))
    if form:
        content[FORM] = _form(form)
    if multipart:
        content[MULTIPART] = _form(multipart)
    return {"content": {name: {"schema": content[name]} for name in sorted(content)}} if content else None


def _parts(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Parts of a multipart body, each name once: a file where it was one, as any text may be in it."""
    fields = {one.name: one for one in parameters if one.location == "part"}
    files = {one.name: one for one in parameters if one.location == "file"}
    return list({**fields, **files}.values())


def _file(part: Parameter) -> JsonSchema:
    """The schema of a file, of which only the name of its part is known; several of one name are an array."""
    binary = {"type": "string", "format": "binary"}
    evidence = {key: value for key, value in part.schema.items() if key == "x-census"}
    return (
        {"type": "array", "items": binary, **evidence}
        if part.schema.get("type") == "array"
        else {**binary, **evidence}
    )


def _form(fields: Sequence[Parameter]) -> JsonSchema:
    required = sorted(whole(one.name) for one in fields if one.required)
    properties = {whole(one.name): one.schema for one in sorted(fields, key=lambda one: one.name)}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _children(body: dict[str, Parameter]) -> dict[str, list[str]]:
    """Pointer → the pointers right below it; what lies between two that are known was left out with its place."""
    below: dict[str, list[str]] = {}
    for name in sorted(body):
        if name:
            below.setdefault(parent(name), []).append(name)
    return below


def _schema(name: str, body: dict[str, Parameter], below: dict[str, list[str]]) -> JsonSchema:
    """The schema at a pointer; members belong to its alternative that is an object, items to that which is an array."""
    schema: JsonSchema = body[name].schema if name in body else {"type": "object"}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_filled(one, name, body, below) for one in schema["anyOf"]]}
    return _filled(schema, name, body, below)


def _filled(
    schema: JsonSchema, name: str, body: dict[str, Parameter], below: dict[str, list[str]]
) -> JsonSchema:
    names = {last_token(child): child for child in below.get(name, ())}
    item = names.pop(ITEM, None)
    if schema.get("type") == "array":
        return {**schema, "items": _schema(item, body, below) if item else {}}
    if schema.get("type") != "object" or not names:
        return schema
    properties = {whole(unescaped(token)): _schema(child, body, below) for token, child in names.items()}
    required = [whole(unescaped(token)) for token, child in names.items() if body[child].required]
    return {**schema, "properties": properties, **({"required": required} if required else {})}
