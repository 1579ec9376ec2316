"""Request Body Objects and schemas of JSON bodies, forms and multipart bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.http.json_values import JsonSchema
from pipelines.http.media_types import FORM, JSON, MULTIPART, is_json_media_type
from pipelines.http.openapi_names import CENSUS
from pipelines.http.text import replace_surrogates
from pipelines.http.value_formats import BY_KIND, INTEGER, VALUE_FORMATS
from pipelines.openapi.endpoint import Parameter
from pipelines.requests.json_body import ITEM, KEY, MEMBER, last_token, parent_pointer, unescape_token
from pipelines.requests.urlencoded import ANY_KEY

_OF_FORMAT = {one.format: one.ecma for one in VALUE_FORMATS if one.format}


def map_keywords(values: JsonSchema, keys: JsonSchema | None, has_names: bool) -> JsonSchema:
    """Returns the keywords of JSON Schema for an object that is a map.

    If an object has both names and keys, only members that match the pattern of the keys are known to be entries: a rare name
    that was left out must not be taken for one. So nothing is written without a pattern there.

    Args:
        values: The schema of the values.
        keys: The schema of the keys, if known.
        has_names: Whether the object has members with names as well as keys.
    """
    pattern = key_pattern(keys or {})
    if has_names:
        return {"patternProperties": {pattern: values}} if pattern else {}
    limit = {name: keys[name] for name in ("maxLength", CENSUS) if keys and name in keys}
    return {
        "additionalProperties": values,
        **({"propertyNames": {"pattern": pattern, **limit}} if pattern else {}),
    }


def key_pattern(schema: JsonSchema) -> str | None:
    """Returns the pattern of keys that a schema of texts describes; None: any key."""
    if "anyOf" in schema:
        patterns = [key_pattern(one) for one in schema["anyOf"]]
        known = sorted({one for one in patterns if one is not None})
        return "|".join(known) if known and None not in patterns else None
    if schema.get("type") == "integer":
        return BY_KIND[INTEGER].ecma
    if schema.get("format") in _OF_FORMAT:
        return _OF_FORMAT[schema["format"]]
    pattern = schema.get("pattern")
    return str(pattern) if pattern is not None else None


def build_request_body(
    parameters: Sequence[Parameter], media_types: Iterable[str] = ()
) -> dict[str, Any] | None:
    """Builds the Request Body Object of an endpoint; None if no body was seen.

    A media type whose bodies were not read, or whose name does not say that they are JSON, gets a schema that accepts anything: a
    reader that goes by the name sees a text there, not an object. The schema of such JSON is written under `JSON`.

    Args:
        parameters: The learned parameters.
        media_types: The media types of the bodies.
    """
    body = {one.name: one for one in parameters if one.location == "body"}
    keys = {one.name: one.schema for one in parameters if one.location == KEY}
    form = [one for one in parameters if one.location == "form"]
    multipart = [
        one if one.location == "part" else replace(one, schema=_file_schema(one))
        for one in _parts(parameters)
    ]
    content: dict[str, JsonSchema] = {replace_surrogates(name): {} for name in media_types}
    if body:
        of_json = [name for name in content if is_json_media_type(name)] or [JSON]
        content |= dict.fromkeys(of_json, _Tree(body, keys).schema(""))
    if form:
        content[FORM] = _form_schema(form)
    if multipart:
        content[MULTIPART] = _form_schema(multipart)
    return {"content": {name: {"schema": content[name]} for name in sorted(content)}} if content else None


def _parts(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Returns the parts of a multipart body, each name once.

    A name that was ever a file is a file, as a file may hold any text.
    """
    fields = {one.name: one for one in parameters if one.location == "part"}
    files = {one.name: one for one in parameters if one.location == "file"}
    return list({**fields, **files}.values())


def _file_schema(part: Parameter) -> JsonSchema:
    """Returns the schema of a file, of which only the name of its part is known.

    Several files of one name are an array.
    """
    binary = {"type": "string", "format": "binary"}
    evidence = {key: value for key, value in part.schema.items() if key == CENSUS}
    return (
        {"type": "array", "items": binary, **evidence}
        if part.schema.get("type") == "array"
        else {**binary, **evidence}
    )


def _form_schema(fields: Sequence[Parameter]) -> JsonSchema:
    # OpenAPI 3.0 has no keyword for names that only begin alike
    named = [one for one in fields if ANY_KEY not in one.name]
    required = sorted(replace_surrogates(one.name) for one in named if one.required)
    properties = {replace_surrogates(one.name): one.schema for one in sorted(named, key=lambda one: one.name)}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


class _Tree:
    """Learned values of a JSON body by their pointers, and the keys of its maps."""

    def __init__(self, body: Mapping[str, Parameter], keys: Mapping[str, JsonSchema]) -> None:
        self.body, self.keys = body, keys
        self.below: dict[str, list[str]] = {}
        """Pointer → those directly below it; what is below a pointer that was not learned is left out."""
        for name in sorted(body):
            if name:
                self.below.setdefault(parent_pointer(name), []).append(name)

    def schema(self, name: str) -> JsonSchema:
        """Returns the schema at a pointer.

        Of several alternatives, members belong to the object and items to the array.
        """
        schema: JsonSchema = self.body[name].schema if name in self.body else {"type": "object"}
        if "anyOf" in schema:
            return {**schema, "anyOf": [self._filled(one, name) for one in schema["anyOf"]]}
        return self._filled(schema, name)

    def _filled(self, schema: JsonSchema, name: str) -> JsonSchema:
        names = {last_token(child): child for child in self.below.get(name, ())}
        item, member = names.pop(ITEM, None), names.pop(MEMBER, None)
        if schema.get("type") == "array":
            return {**schema, "items": self.schema(item) if item else {}}
        if schema.get("type") != "object":
            return schema
        properties = {
            replace_surrogates(unescape_token(token)): self.schema(child) for token, child in names.items()
        }
        required = [
            replace_surrogates(unescape_token(token))
            for token, child in names.items()
            if self.body[child].required
        ]
        of_map = map_keywords(self.schema(member), self.keys.get(member), bool(names)) if member else {}
        return {
            **schema,
            **({"properties": properties} if properties else {}),
            **of_map,
            **({"required": required} if required else {}),
        }
