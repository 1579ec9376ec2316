"""Profiles of a document: OpenAPI 3.0.3, and for Cloudflare's schema validation.

A document for Cloudflare needs no editing before its upload. Its documentation (API Shield, schema validation, as of 2026)
requires: OpenAPI 3.0.x, one file per host, a type for every schema (or, in bodies, a choice of schemas that have one), no `anyOf`
in parameters, default style and explode only; discovered operations are written `/users/{var1}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.http.json_values import JsonSchema
from pipelines.http.openapi_names import PATH_ITEM_METHODS
from pipelines.openapi.document import Document
from pipelines.openapi.parameters import split_deep_object
from pipelines.runtime.settings import Profile

SCALARS: list[JsonSchema] = [{"type": "string", "nullable": True}, {"type": "number"}, {"type": "boolean"}]
FLAT: list[JsonSchema] = [*SCALARS, {"type": "object"}]
ANYTHING: JsonSchema = {
    "anyOf": [
        *FLAT,
        {"type": "array", "items": {"anyOf": [*FLAT, {"type": "array", "items": {"anyOf": FLAT}}]}},
    ]
}
"""Any value of a body, except arrays of arrays of arrays: `{}` has no type."""
COMBINED = ("allOf", "anyOf", "oneOf", "not")
_NAME = re.compile(r"\{([^{}]+)\}")


def to_cloudflare(document: Document) -> Document:
    """Converts a 3.0.3 document to one that Cloudflare accepts.

    Placeholders become `{var1}`, `{var2}` by position, and every parameter's schema gets one type. Several types become the one
    that accepts them all (values of parameters arrive as text, so in the end a string). The argument is not changed.
    """
    paths = dict(_path(path, item) for path, item in document["paths"].items())
    return {**document, "openapi": "3.0.0", "paths": paths}


def _path(path: str, item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Returns a path and its Path Item with `{varN}` in place of names."""
    names = {name: f"var{number}" for number, name in enumerate(_NAME.findall(path), start=1)}
    renamed = _NAME.sub(lambda found: f"{{{names[found[1]]}}}", path)
    operations = {
        key: _operation(value, names) if key in PATH_ITEM_METHODS else value for key, value in item.items()
    }
    return renamed, operations


def _operation(operation: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    out = dict(operation)
    if "parameters" in operation:
        out["parameters"] = [
            _parameter(one, names)
            for parameter in operation["parameters"]
            for one in split_deep_object(parameter)
        ]
    if "requestBody" in operation:
        body = operation["requestBody"]
        content = {
            media: {**one, "schema": add_types(one["schema"])} for media, one in body["content"].items()
        }
        out["requestBody"] = {**body, "content": content}
    return out


def _parameter(parameter: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    name = names[parameter["name"]] if parameter["in"] == "path" else parameter["name"]
    schema = reduce_to_one_type(parameter["schema"])
    out = {key: value for key, value in parameter.items() if key not in ("style", "explode")}
    if len(out) < len(parameter):  # the schema does not describe texts of another style
        schema = {"type": "string"}
    return {**out, "name": name, "schema": schema}


def reduce_to_one_type(schema: JsonSchema) -> JsonSchema:
    """Gives a 3.0 schema one type, without combined schemas, at every level.

    The result accepts all that the given schema accepts.
    """
    known = {key: value for key, value in schema.items() if key not in COMBINED}
    if "type" not in known:
        known = {key: value for key, value in known.items() if key == "description" or key.startswith("x-")}
        known["type"] = _widest({*_types(schema)})
    if known["type"] == "array":
        known["items"] = reduce_to_one_type(known.get("items", {}))
    if "properties" in known:
        known["properties"] = {name: reduce_to_one_type(below) for name, below in known["properties"].items()}
    if isinstance(known.get("additionalProperties"), dict):
        known["additionalProperties"] = reduce_to_one_type(known["additionalProperties"])
    return known


def add_types(schema: JsonSchema) -> JsonSchema:
    """Gives a body's 3.0 schema a type, or a choice of typed schemas, at every level.

    In a body a value has a type of its own, so several types cannot become one as in `reduce_to_one_type`.
    """
    if "type" not in schema:
        groups = {group: list(map(add_types, schema[group])) for group in COMBINED[:3] if group in schema}
        # the types of a choice say whether it is nullable
        schema = {key: value for key, value in schema.items() if key != "nullable"}
        return {**(ANYTHING if not groups else {}), **schema, **groups}
    known = dict(schema)
    if known["type"] == "array":
        known["items"] = add_types(known.get("items", {}))
    if "properties" in known:
        known["properties"] = {name: add_types(below) for name, below in known["properties"].items()}
    if isinstance(known.get("additionalProperties"), dict):
        known["additionalProperties"] = add_types(known["additionalProperties"])
    return known


def _types(schema: JsonSchema) -> Iterator[str]:
    """Yields the types that the members of a combined schema name.

    "string" if it has no members.
    """
    members = [member for group in ("anyOf", "oneOf", "allOf") for member in schema.get(group, ())]
    for member in members:
        yield from (member["type"],) if "type" in member else _types(member)
    if not members:
        yield "string"


def _widest(types: set[str]) -> str:
    if types <= {"integer", "number"}:
        return "number" if "number" in types else "integer"
    return types.pop() if len(types) == 1 else "string"


GROUPS = ("allOf", "anyOf", "oneOf")
UNCHANGED_KEYWORDS = frozenset(
    {
        "title",
        "multipleOf",
        "maximum",
        "minimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxProperties",
        "minProperties",
        "required",
        "enum",
        "format",
        "description",
        "default",
        "readOnly",
        "writeOnly",
        "deprecated",
        "discriminator",
        "xml",
        "externalDocs",
        "example",
        "$ref",
    }
)
"""Keywords that mean the same in both versions.

Keywords that neither these nor the rules below convert cannot be expressed in 3.0: they are left out, which only widens the
schema.
"""


def convert_to_profile(document: Document, profile: Profile) -> Document:
    """Converts a 3.1 document to a profile; the argument is not changed."""
    if profile == "openapi-3.1":
        return document
    return to_cloudflare(to_openapi_30(document)) if profile == "cloudflare" else to_openapi_30(document)


def to_openapi_30(document: Document) -> Document:
    """Converts a 3.1.0 document to 3.0.3. Extensions (`x-…`) stay as they are."""
    converted = _convert(document)
    converted.pop("webhooks", None)
    converted.pop("jsonSchemaDialect", None)
    info = {key: value for key, value in converted["info"].items() if key != "summary"}
    return {**converted, "openapi": "3.0.3", "info": info, "paths": converted.get("paths", {})}


def to_schema_30(schema: JsonSchema | bool) -> JsonSchema:
    """Converts a 2020-12 schema to 3.0; a wider one where 3.0 cannot express it."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    out = {key: value for key, value in schema.items() if key in UNCHANGED_KEYWORDS or key.startswith("x-")}
    out.update(
        {key: to_schema_30(schema[key]) for key in ("items", "not", "additionalProperties") if key in schema}
    )
    if isinstance(schema.get("additionalProperties"), bool):
        out["additionalProperties"] = schema["additionalProperties"]
    if "properties" in schema:
        out["properties"] = {name: to_schema_30(below) for name, below in schema["properties"].items()}
    for group in GROUPS:
        if group in schema:
            members = [to_schema_30(member) for member in schema[group]]
            out[group] = members if group == "allOf" else _without_null(members)
    _convert_values(schema, out)
    _convert_limits(schema, out)
    return _with_types(out, schema.get("type"))


def _convert(node: Any) -> Any:
    """Converts all schemas of parameters, headers, media types and components."""
    if isinstance(node, list):
        return [_convert(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key.startswith("x-"):
            out[key] = value
        elif key == "schema":
            out[key] = to_schema_30(value)
        elif key == "schemas":
            out[key] = {name: to_schema_30(below) for name, below in value.items()}
        else:
            out[key] = _convert(value)
    return out


def _convert_values(schema: JsonSchema, out: JsonSchema) -> None:
    """Converts `const` to an enum, `examples` to the first, base64 content to `byte`."""
    if "const" in schema:
        out["enum"] = [schema["const"]]
    if out.get("enum") == [None]:
        del out["enum"]
        out["nullable"] = True
    if schema.get("examples"):
        out.setdefault("example", schema["examples"][0])
    if schema.get("contentEncoding") == "base64":
        out.setdefault("format", "byte")


def _convert_limits(schema: JsonSchema, out: JsonSchema) -> None:
    """Converts exclusive limits to flags next to the limit; the tighter of two stays."""
    for exclusive, limit, tighter in (
        ("exclusiveMinimum", "minimum", max),
        ("exclusiveMaximum", "maximum", min),
    ):
        if exclusive in schema:
            bound = schema[exclusive]
            if limit not in out or tighter(bound, out[limit]) == bound:
                out[limit], out[exclusive] = bound, True


def _with_types(out: JsonSchema, types: Any) -> JsonSchema:
    """Converts one type to `type`, several to `anyOf`, null to `nullable`.

    Arrays get the `items` that 3.0 requires.
    """
    names = [types] if isinstance(types, str) else list(types or [])
    if names == ["null"]:
        return {**out, **NULL}
    choice = [_of_type(name) for name in names if name != "null"]
    if choice and "null" in names:
        choice[0]["nullable"] = True
    if len(choice) == 1:
        return {**choice[0], **out}
    if choice and "anyOf" in out:
        return {**out, "allOf": [*out.get("allOf", []), {"anyOf": choice}]}
    return {**out, "anyOf": choice} if choice else out


def _of_type(name: str) -> JsonSchema:
    return {"type": name, "items": {}} if name == "array" else {"type": name}


def _without_null(members: list[JsonSchema]) -> list[JsonSchema]:
    """Replaces the alternative that is only null by `nullable` in another one.

    3.0.3 only allows `nullable` together with a type. If no alternative has a type, the null alternative stays as one that
    accepts anything: 3.0 cannot express null alone.
    """
    rest = [member for member in members if not _is_null(member)]
    place = next((number for number, member in enumerate(rest) if _may_be_null(member)), None)
    if place is None or len(rest) == len(members):
        return members
    member = {**rest[place], "nullable": True}
    if "enum" in member and None not in member["enum"]:
        member["enum"] = [*member["enum"], None]
    return [*rest[:place], member, *rest[place + 1 :]]


def _is_null(member: JsonSchema) -> bool:
    """Returns whether a converted schema has only `nullable`, apart from evidence."""
    return {key for key in member if not key.startswith("x-")} == NULL.keys()


def _may_be_null(member: JsonSchema) -> bool:
    return bool(member.keys() & {"type", "enum"}) and not member.keys() & NARROWING


NULL: JsonSchema = {"nullable": True}
"""The closest that 3.0 has to null alone; it accepts other values, too."""
NARROWING = {"not", *GROUPS}
"""Keywords that would still reject a null that `nullable` accepts."""
