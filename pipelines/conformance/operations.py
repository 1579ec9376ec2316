"""Compiling the operations of an OpenAPI document.

Every invalid part of the document is reported here, with its location.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from pipelines.conformance.documents import Document, document_error, follow_references
from pipelines.conformance.openapi_schema import EXTERNAL_REFERENCE, make_standalone
from pipelines.conformance.operation import FormBody, Operation, Parameter, ParameterShape, collect_members
from pipelines.conformance.routes import Routes, Server, read_servers
from pipelines.http.json_values import JsonSchema
from pipelines.http.media_types import FORM, is_json_media_type
from pipelines.http.openapi_names import CENSUS_METHODS, PATH_ITEM_METHODS
from pipelines.requests.json_body import MEMBER

"""Where documents of `export` keep the methods that OpenAPI does not have."""
DEFAULT_STYLE = {"path": "simple", "query": "form", "form": "form"}
SUPPORTED_STYLES = frozenset({"simple", "form", "spaceDelimited", "pipeDelimited", "deepObject"})
MAX_DEPTH = 100
"""Segments of a path; routes are nested as deeply. Cloudflare saw 24 at most (`paths.max_depth`)."""
UNSUPPORTED_STYLE = "a parameter of style matrix or label"


def read_operations(
    document: Document, notes: Counter[str]
) -> Iterator[tuple[tuple[Server, ...], Operation]]:
    """Yields each operation of a document with its servers.

    Args:
        document: the document.
        notes: counts what cannot be checked, by its reason.

    Raises:
        InputError: a part is not valid OpenAPI, or a reference points to nothing; the message has the location.
    """
    tree = document.tree
    for path, given in tree.get("paths", {}).items():
        if path.startswith("x-"):
            continue
        place = ("paths", path)
        if path.count("/") > MAX_DEPTH:
            raise document_error(document.source, place, f"a path of at most {MAX_DEPTH} segments", path)
        item = _require_mapping(document, follow_references(document, given, place), place)
        own = _require_mapping(document, item.get(CENSUS_METHODS, {}), (*place, CENSUS_METHODS))
        methods: list[tuple[str, Any, tuple[str, ...]]]
        methods = [(name.upper(), item[name], (*place, name)) for name in PATH_ITEM_METHODS if name in item]
        methods += [(name, node, (*place, CENSUS_METHODS, name)) for name, node in own.items()]
        for method, node, here in methods:
            operation = _require_mapping(document, node, here)
            where = next((each["servers"] for each in (operation, item, tree) if each.get("servers")), None)
            yield (
                read_servers(where),
                _compile_operation(document, method, path, item, operation, here, notes),
            )


def build_routes(documents: Iterable[Document], notes: Counter[str]) -> Routes:
    """Builds the routes of several documents.

    If two of them describe the same operation, the first one counts.

    Raises:
        InputError: see `read_operations`.
    """
    routes = Routes()
    for document in documents:
        for places, operation in read_operations(document, notes):
            for server in places:
                routes.add(server, operation)
    return routes


def _compile_operation(
    document: Document,
    method: str,
    path: str,
    item: dict[str, Any],
    operation: dict[str, Any],
    place: tuple[str, ...],
    notes: Counter[str],
) -> Operation:
    parameters: dict[tuple[str, str], Parameter] = {}
    for holder in (item, operation):  # an operation's parameter replaces its path's
        for number, node in enumerate(
            _require_list(document, holder.get("parameters", []), (*place, "parameters"))
        ):
            here = (*place, "parameters", str(number))
            given = follow_references(document, node, here)
            if given is None:
                notes[EXTERNAL_REFERENCE] += 1
                continue
            read = _compile_parameter(document, _require_mapping(document, given, here), here, notes)
            if read is not None:
                parameters[read.location, read.name] = read
    body = follow_references(document, operation.get("requestBody", {}), place) or {}
    content = _require_mapping(document, body.get("content", {}), (*place, "requestBody", "content"))
    media = {name.partition(";")[0].strip().lower(): node for name, node in content.items()}
    here = (*place, "requestBody", "content")
    of_json = next((name for name in media if reads_as_json(name)), None)
    schema = (
        _convert_schema(document, media[of_json], (*here, of_json), notes) if of_json is not None else True
    )
    form = media.get(FORM)
    return Operation(
        method=method,
        template=path,
        path=tuple(parameter for parameter in parameters.values() if parameter.location == "path"),
        query=tuple(parameter for parameter in parameters.values() if parameter.location == "query"),
        body=_dump(schema) if of_json is not None else None,
        members=collect_members(schema) if of_json is not None else None,
        form=_compile_form(document, form, (*here, FORM), notes) if form is not None else None,
        media=tuple(media),
    )


def reads_as_json(media_type: str) -> bool:
    """Whether a body of this media type or media range is read as JSON."""
    return media_type in ("text/json", "*/*", "application/*") or is_json_media_type(media_type)


def _compile_parameter(
    document: Document, given: dict[str, Any], place: tuple[str, ...], notes: Counter[str]
) -> Parameter | None:
    """Compiles a Parameter Object.

    None for headers and cookies, as ingest does not keep their values.
    """
    name, location = given.get("name"), given.get("in")
    if not isinstance(name, str) or not isinstance(location, str):
        raise document_error(document.source, place, "a parameter with `name` and `in`", given)
    if location not in ("path", "query"):
        return None
    content = given.get("content")
    of_json = isinstance(content, dict) and bool(content)
    holder = next(iter(content.values())) if isinstance(content, dict) and content else given
    style = "json" if of_json else str(given.get("style", DEFAULT_STYLE[location]))
    schema = _convert_schema(document, holder, place, notes)
    if style not in SUPPORTED_STYLES | {"json"}:
        notes[UNSUPPORTED_STYLE] += 1
        style, schema = "form", True
    return make_parameter(location, name, schema, style=style, given=given)


def make_parameter(
    location: str, name: str, schema: JsonSchema | bool, *, style: str, given: dict[str, Any]
) -> Parameter:
    """Makes a parameter of a standalone schema.

    `given` is the Parameter or Encoding Object: `explode`, `required` and `allowEmptyValue` are read from it.
    """
    return Parameter(
        location=location,
        name=name,
        schema=_dump(schema),
        style=style,
        explode=bool(given.get("explode", style == "form")),
        required=given.get("required") is True,
        allows_empty=given.get("allowEmptyValue") is True,
        shape=infer_shape(schema),
    )


def infer_shape(schema: JsonSchema | bool) -> ParameterShape:
    """Infers the structures that values of a standalone schema may be deserialised to."""
    if isinstance(schema, bool):
        return ParameterShape()
    definitions = schema.get("$defs", {})
    scalar, items, members = False, None, None
    for alternative in _alternatives(schema, definitions):
        types = (
            [alternative["type"]] if isinstance(alternative.get("type"), str) else alternative.get("type", [])
        )
        scalar = scalar or not types or any(name not in ("array", "object") for name in types)
        if "array" in types and items is None:
            items = _dump(_with_definitions(alternative.get("items", True), definitions))
        if "object" in types and members is None:
            members = tuple(
                (name, _dump(_with_definitions(below, definitions))) for name, below in _members(alternative)
            )
    return ParameterShape(scalar or (items is None and members is None), items, members)


def _members(schema: JsonSchema) -> Iterator[tuple[str, Any]]:
    """Yields the names and schemas of an object's members; `MEMBER` names all others."""
    yield from schema.get("properties", {}).items()
    if isinstance(schema.get("additionalProperties"), dict):
        yield MEMBER, schema["additionalProperties"]


def _alternatives(schema: Any, definitions: dict[str, Any], depth: int = 0) -> Iterator[JsonSchema]:
    """Yields the schema itself, or the alternatives that it combines."""
    if not isinstance(schema, dict) or depth > 8:  # deeper combinations are read as scalars
        return
    if "$ref" in schema:
        yield from _alternatives(definitions.get(schema["$ref"].rpartition("/")[2]), definitions, depth + 1)
        return
    groups = [combined for group in ("allOf", "anyOf", "oneOf") for combined in schema.get(group, ())]
    if "type" in schema or not groups:
        yield schema
        return
    for combined in groups:
        yield from _alternatives(combined, definitions, depth + 1)


def _with_definitions(schema: Any, definitions: dict[str, Any]) -> Any:
    return {**schema, "$defs": definitions} if isinstance(schema, dict) and definitions else schema


def _compile_form(document: Document, media: Any, place: tuple[str, ...], notes: Counter[str]) -> FormBody:
    schema = _convert_schema(document, media, place, notes)
    if isinstance(schema, bool):
        return FormBody((), is_closed=False)
    definitions, encodings = schema.get("$defs", {}), media.get("encoding") or {}
    fields: dict[str, Parameter] = {}
    is_closed = False
    alternatives = list(_alternatives(schema, definitions))
    together = len(alternatives) == 1 or "allOf" in schema
    for part in alternatives:
        required = set(part.get("required", ())) if together else set()
        is_closed = is_closed or part.get("additionalProperties") is False
        for name, below in part.get("properties", {}).items():
            encoding = encodings.get(name) or {}
            given = {"explode": encoding.get("explode", True), "required": name in required}
            style = str(encoding.get("style", "form"))
            fields[name] = make_parameter(
                "form",
                name,
                _with_definitions(below, definitions),
                style=style if style in SUPPORTED_STYLES else "form",
                given=given,
            )
    return FormBody(tuple(fields.values()), is_closed)


def _convert_schema(
    document: Document, holder: Any, place: tuple[str, ...], notes: Counter[str]
) -> JsonSchema | bool:
    """Converts the schema of a Parameter or Media Type Object.

    True, which accepts anything, if it has none.
    """
    mapping = _require_mapping(document, holder, place)
    return (
        make_standalone(document, mapping["schema"], (*place, "schema"), notes)
        if "schema" in mapping
        else True
    )


def _require_mapping(document: Document, node: Any, place: tuple[str, ...]) -> dict[str, Any]:
    if node is None:  # in another document, or left empty
        return {}
    if not isinstance(node, dict):
        raise document_error(document.source, place, "a mapping", node)
    return node


def _require_list(document: Document, node: Any, place: tuple[str, ...]) -> list[Any]:
    if not isinstance(node, list):
        raise document_error(document.source, place, "a list", node)
    return node


def _dump(schema: JsonSchema | bool) -> str:
    return orjson.dumps(schema).decode()
