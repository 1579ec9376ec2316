"""Learned values of path, query, headers and cookies → Parameter Objects (OpenAPI 3.1 s. 4.8.12), with their styles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.http.text import replace_surrogates
from pipelines.openapi.endpoint import Parameter
from pipelines.requests.json_body import MEMBER as ANY
from pipelines.requests.urlencoded import ANY_KEY
from pipelines.schemas.inference.json_schema import LIST_STYLES

ParameterObject = dict[str, Any]
LOCATIONS = ("path", "query", "header", "cookie")
MEMBER = re.compile(r"([^\[\]]+)\[([^\[\]0-9*][^\[\]]*)\]")
"""`filter[name]`: a member of an object in style deepObject. Not `ids[]` and `ids[*]` (any index), arrays in no style of OpenAPI,
nor deeper ones, which the standard does not define.
"""


def parameter_objects(parameters: Sequence[Parameter], learned_from: int) -> list[ParameterObject]:
    """Each (location, name) once, in the order of `parameters`; `learned_from` successful requests taught them.

    Members of one object become one parameter in style deepObject, unless one of its own name is there.
    """
    unique = {
        (one.location, replace_surrogates(one.name)): one
        for one in reversed(parameters)
        if one.location in LOCATIONS
    }
    in_order = [(name, unique[location, name]) for location, name in reversed(unique) if is_expressible(name)]
    objects: dict[str, dict[str, Parameter]] = {}
    for name, one in in_order:
        found = MEMBER.fullmatch(name) if one.location == "query" else None
        if found and ("query", found[1]) not in unique:
            objects.setdefault(found[1], {})[found[2]] = one
    written = []
    for name, one in in_order:
        found = MEMBER.fullmatch(name)
        if one.location != "query" or found is None or found[1] not in objects:
            written.append(_parameter(name, one, learned_from))
        elif next(iter(objects[found[1]])) == found[2]:  # where its first member stands
            written.append(_object(found[1], objects[found[1]], learned_from))
    return written


def is_expressible(name: str) -> bool:
    """Whether a document can name a field: a key of a map only where its map is an object in style deepObject."""
    return ANY_KEY not in name or (name.endswith(ANY_KEY) and MEMBER.fullmatch(name) is not None)


def split_deep_object(parameter: ParameterObject) -> Iterable[ParameterObject]:
    """A parameter in style deepObject as one for each member, `filter[name]`; any other as it is."""
    if parameter.get("style") != "deepObject":
        yield parameter
        return
    schema = parameter["schema"]
    rest = {key: value for key, value in parameter.items() if key not in ("style", "explode", "x-census")}
    for member, below in schema["properties"].items():
        required = member in schema.get("required", ())
        yield {**rest, "name": f"{parameter['name']}[{member}]", "required": required, "schema": below}


def _parameter(name: str, parameter: Parameter, learned_from: int) -> ParameterObject:
    style = LIST_STYLES.get(parameter.schema.get("x-census", {}).get("rule", ""))
    return {
        "name": name,
        "in": parameter.location,
        "required": parameter.required or parameter.location == "path",
        **({"style": style, "explode": False} if style else {}),
        "schema": parameter.schema,
        "x-census": _seen(parameter.requests, learned_from),
    }


def _object(name: str, members: dict[str, Parameter], learned_from: int) -> ParameterObject:
    """`x-census.requests` is that of the member that most requests carry: at least so many had the object."""
    required = sorted(member for member, one in members.items() if one.required)
    return {
        "name": name,
        "in": "query",
        "required": bool(required),
        "style": "deepObject",
        "explode": True,
        "schema": {
            "type": "object",
            "properties": {member: one.schema for member, one in members.items() if member != ANY},
            **({"additionalProperties": members[ANY].schema} if len(members) == 1 and ANY in members else {}),
            **({"required": required} if required else {}),
        },
        "x-census": _seen(max(one.requests for one in members.values()), learned_from),
    }


def _seen(requests: int, learned_from: int) -> dict[str, Any]:
    known = {"share": round(requests / learned_from, 6)} if learned_from else {"learned": False}
    return {"requests": requests, **known}
