"""OpenAPI 3.0.3 documents as Cloudflare's schema validation takes them: an upload needs no editing.

What its documentation says (API Shield, schema validation, as of 2026): OpenAPI 3.0.x, one file a host, every schema with
a type (or, in bodies, a choice of schemas that have one), no `anyOf` in parameters, default style and explode only;
discovered operations are written `/users/{var1}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.http.json_values import JsonSchema
from pipelines.openapi.document import Document
from pipelines.openapi.parameters import apart

OPERATIONS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")  # OpenAPI 3.0 s. 4.7.9.1
SCALARS: list[JsonSchema] = [{"type": "string", "nullable": True}, {"type": "number"}, {"type": "boolean"}]
FLAT: list[JsonSchema] = [*SCALARS, {"type": "object"}]
ANYTHING: JsonSchema = {
    "anyOf": [
        *FLAT,
        {"type": "array", "items": {"anyOf": [*FLAT, {"type": "array", "items": {"anyOf": FLAT}}]}},
    ]
}
"""Any value of a body, arrays of arrays of arrays aside: `{}` has no type."""
COMBINED = ("allOf", "anyOf", "oneOf", "not")
_NAME = re.compile(r"\{([^{}]+)\}")


def cloudflare(document: Document) -> Document:
    """The 3.0.3 document with placeholders `{var1}`, `{var2}` by place and one type in every parameter's schema.

    Several types become the one that takes them all (values of parameters arrive as text, so in the end a string).
    The argument is not changed.
    """
    paths = dict(_path(path, item) for path, item in document["paths"].items())
    return {**document, "openapi": "3.0.0", "paths": paths}


def _path(path: str, item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and its item with `{varN}` in place of names."""
    names = {name: f"var{number}" for number, name in enumerate(_NAME.findall(path), start=1)}
    renamed = _NAME.sub(lambda found: f"{{{names[found[1]]}}}", path)
    operations = {
        key: _operation(value, names) if key in OPERATIONS else value for key, value in item.items()
    }
    return renamed, operations


def _operation(operation: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    out = dict(operation)
    if "parameters" in operation:
        out["parameters"] = [
            _parameter(one, names) for parameter in operation["parameters"] for one in apart(parameter)
        ]
    if "requestBody" in operation:
        body = operation["requestBody"]
        content = {media: {**one, "schema": typed(one["schema"])} for media, one in body["content"].items()}
        out["requestBody"] = {**body, "content": content}
    return out


def _parameter(parameter: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    name = names[parameter["name"]] if parameter["in"] == "path" else parameter["name"]
    schema = of_one_type(parameter["schema"])
    out = {key: value for key, value in parameter.items() if key not in ("style", "explode")}
    if len(out) < len(parameter):  # another style is another text than the schema's words are about
        schema = {"type": "string"}
    return {**out, "name": name, "schema": schema}


def of_one_type(schema: JsonSchema) -> JsonSchema:
    """A 3.0 schema with a type and without combined schemas, all the way down; it accepts what the given one does."""
    known = {key: value for key, value in schema.items() if key not in COMBINED}
    if "type" not in known:
        known = {key: value for key, value in known.items() if key == "description" or key.startswith("x-")}
        known["type"] = _widest({*_types(schema)})
    if known["type"] == "array":
        known["items"] = of_one_type(known.get("items", {}))
    if "properties" in known:
        known["properties"] = {name: of_one_type(below) for name, below in known["properties"].items()}
    if isinstance(known.get("additionalProperties"), dict):
        known["additionalProperties"] = of_one_type(known["additionalProperties"])
    return known


def typed(schema: JsonSchema) -> JsonSchema:
    """A 3.0 schema of a body with a type, or a choice of schemas that have one, all the way down.

    In a body a value has a type of its own, so several types cannot become one as in `of_one_type`.
    """
    if "type" not in schema:
        groups = {group: list(map(typed, schema[group])) for group in COMBINED[:3] if group in schema}
        schema = {
            key: value for key, value in schema.items() if key != "nullable"
        }  # of a choice, its types say it
        return {**(ANYTHING if not groups else {}), **schema, **groups}
    known = dict(schema)
    if known["type"] == "array":
        known["items"] = typed(known.get("items", {}))
    if "properties" in known:
        known["properties"] = {name: typed(below) for name, below in known["properties"].items()}
    if isinstance(known.get("additionalProperties"), dict):
        known["additionalProperties"] = typed(known["additionalProperties"])
    return known


def _types(schema: JsonSchema) -> Iterator[str]:
    """Types that a schema without one of its own names; "string" where it does not say."""
    members = [member for group in ("anyOf", "oneOf", "allOf") for member in schema.get(group, ())]
    for member in members:
        yield from (member["type"],) if "type" in member else _types(member)
    if not members:
        yield "string"


def _widest(types: set[str]) -> str:
    if types <= {"integer", "number"}:
        return "number" if "number" in types else "integer"
    return types.pop() if len(types) == 1 else "string"
