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
from pipelines.openapi.parameters import split_deep_object
from pipelines.runtime.settings import Profile

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


def to_cloudflare(document: Document) -> Document:
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
    if len(out) < len(parameter):  # another style is another text than the schema's words are about
        schema = {"type": "string"}
    return {**out, "name": name, "schema": schema}


def reduce_to_one_type(schema: JsonSchema) -> JsonSchema:
    """A 3.0 schema with a type and without combined schemas, all the way down; it accepts what the given one does."""
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
    """A 3.0 schema of a body with a type, or a choice of schemas that have one, all the way down.

    In a body a value has a type of its own, so several types cannot become one as in `of_one_type`.
    """
    if "type" not in schema:
        groups = {group: list(map(add_types, schema[group])) for group in COMBINED[:3] if group in schema}
        schema = {
            key: value for key, value in schema.items() if key != "nullable"
        }  # of a choice, its types say it
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


GROUPS = ("allOf", "anyOf", "oneOf")
KEPT = frozenset(
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
"""Keywords that mean the same in both. What neither they nor the rules below keep, 3.0 cannot say: it is left
out, which only widens the schema.
"""


def convert_to_profile(document: Document, profile: Profile) -> Document:
    """The 3.1 document in the wanted profile; the argument is not changed."""
    if profile == "openapi-3.1":
        return document
    return to_cloudflare(to_openapi_30(document)) if profile == "cloudflare" else to_openapi_30(document)


def to_openapi_30(document: Document) -> Document:
    """The 3.1.0 document as 3.0.3. Extensions (`x-…`) stay as they are."""
    converted = _converted(document)
    converted.pop("webhooks", None)
    converted.pop("jsonSchemaDialect", None)
    info = {key: value for key, value in converted["info"].items() if key != "summary"}
    return {**converted, "openapi": "3.0.3", "info": info, "paths": converted.get("paths", {})}


def to_schema_30(schema: JsonSchema | bool) -> JsonSchema:
    """A 2020-12 schema in the words of 3.0; where those are too few, a wider one."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    out = {key: value for key, value in schema.items() if key in KEPT or key.startswith("x-")}
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
    _say_values(schema, out)
    _say_limits(schema, out)
    return _with_types(out, schema.get("type"))


def _converted(node: Any) -> Any:
    """`node` with the schemas of its parameters, headers, media types and components converted."""
    if isinstance(node, list):
        return [_converted(item) for item in node]
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
            out[key] = _converted(value)
    return out


def _say_values(schema: JsonSchema, out: JsonSchema) -> None:
    """`const` is an enum of one, `examples` gives its first, base64 content is format `byte`."""
    if "const" in schema:
        out["enum"] = [schema["const"]]
    if out.get("enum") == [None]:
        del out["enum"]
        out["nullable"] = True
    if schema.get("examples"):
        out.setdefault("example", schema["examples"][0])
    if schema.get("contentEncoding") == "base64":
        out.setdefault("format", "byte")


def _say_limits(schema: JsonSchema, out: JsonSchema) -> None:
    """Exclusive limits are flags beside the limit in 3.0; the tighter of two limits stays."""
    for exclusive, limit, tighter in (
        ("exclusiveMinimum", "minimum", max),
        ("exclusiveMaximum", "maximum", min),
    ):
        if exclusive in schema:
            bound = schema[exclusive]
            if limit not in out or tighter(bound, out[limit]) == bound:
                out[limit], out[exclusive] = bound, True


def _with_types(out: JsonSchema, types: Any) -> JsonSchema:
    """One type as `type`, several as `anyOf`, null as `nullable`; arrays get the `items` that 3.0 demands."""
    names = [types] if isinstance(types, str) else list(types or [])
    if names == ["null"]:
        return {**out, **NULL}
    choice = [_typed(name) for name in names if name != "null"]
    if choice and "null" in names:
        choice[0]["nullable"] = True
    if len(choice) == 1:
        return {**choice[0], **out}
    if choice and "anyOf" in out:
        return {**out, "allOf": [*out.get("allOf", []), {"anyOf": choice}]}
    return {**out, "anyOf": choice} if choice else out


def _typed(name: str) -> JsonSchema:
    return {"type": name, "items": {}} if name == "array" else {"type": name}


def _without_null(members: list[JsonSchema]) -> list[JsonSchema]:
    """Alternatives without the one of null alone: one of the others is `nullable`, which 3.0.3 knows beside a type.

    Where none has a type the alternative stays as one that takes anything: null alone cannot be said.
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
    """Whether a converted schema says nothing but `nullable`, evidence aside."""
    return {key for key in member if not key.startswith("x-")} == NULL.keys()


def _may_be_null(member: JsonSchema) -> bool:
    return bool(member.keys() & {"type", "enum"}) and not member.keys() & NARROWING


NULL: JsonSchema = {"nullable": True}
"""Of null alone 3.0 can only say that it may be there; a value of another kind may be there then, too."""
NARROWING = {"not", *GROUPS}
"""Keywords that would still refuse a null that `nullable` lets in."""
