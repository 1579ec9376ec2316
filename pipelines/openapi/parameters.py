"""Parameter Objects (OpenAPI 3.1 s. 4.8.12) of path, query, headers and cookies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.http.openapi_names import CENSUS
from pipelines.http.text import replace_surrogates
from pipelines.openapi.endpoint import Parameter
from pipelines.requests.json_body import MEMBER as ANY
from pipelines.requests.urlencoded import ANY_KEY
from pipelines.schemas.inference.json_schema import LIST_STYLES

ParameterObject = dict[str, Any]
LOCATIONS = ("path", "query", "header", "cookie")
MEMBER = re.compile(r"([^\[\]]+)\[([^\[\]0-9*][^\[\]]*)\]")
"""`filter[name]`: a member of an object in style deepObject.

Not `ids[]` and `ids[*]` (any index), which are arrays in no style of OpenAPI, nor deeper members, which the standard does not
define.
"""


def parameter_objects(parameters: Sequence[Parameter], learned_from: int) -> list[ParameterObject]:
    """Returns the Parameter Objects of an endpoint, each (location, name) once.

    Members of one object become one parameter in style deepObject, unless a parameter has the object's own name.

    Args:
        parameters: The learned parameters; the result keeps their order.
        learned_from: Successful requests that they were learned from.
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
        elif next(iter(objects[found[1]])) == found[2]:  # at the place of its first member
            written.append(_object(found[1], objects[found[1]], learned_from))
    return written


def is_expressible(name: str) -> bool:
    """Returns whether a document can express the name of a field.

    It can express a key of a map only if the map is an object in style deepObject.
    """
    return ANY_KEY not in name or (name.endswith(ANY_KEY) and MEMBER.fullmatch(name) is not None)


def split_deep_object(parameter: ParameterObject) -> Iterable[ParameterObject]:
    """Splits a parameter in style deepObject into one per member, `filter[name]`.

    Any other parameter is returned as it is.
    """
    if parameter.get("style") != "deepObject":
        yield parameter
        return
    schema = parameter["schema"]
    rest = {key: value for key, value in parameter.items() if key not in ("style", "explode", CENSUS)}
    for member, below in schema["properties"].items():
        required = member in schema.get("required", ())
        yield {**rest, "name": f"{parameter['name']}[{member}]", "required": required, "schema": below}


def _parameter(name: str, parameter: Parameter, learned_from: int) -> ParameterObject:
    style = LIST_STYLES.get(parameter.schema.get(CENSUS, {}).get("rule", ""))
    return {
        "name": name,
        "in": parameter.location,
        "required": parameter.required or parameter.location == "path",
        **({"style": style, "explode": False} if style else {}),
        "schema": parameter.schema,
        CENSUS: _census(parameter.requests, learned_from),
    }


def _object(name: str, members: dict[str, Parameter], learned_from: int) -> ParameterObject:
    """Returns one parameter in style deepObject for the members of an object.

    `x-census.requests` is that of the member which most requests carry: at least so many had the object.
    """
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
        CENSUS: _census(max(one.requests for one in members.values()), learned_from),
    }


def _census(requests: int, learned_from: int) -> dict[str, Any]:
    known = {"share": round(requests / learned_from, 6)} if learned_from else {"learned": False}
    return {"requests": requests, **known}
