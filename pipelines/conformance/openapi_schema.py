"""How often a value may be judged against a standalone schema: references that are shared multiply it, a tree's own do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.conformance.documents import (
    REMEDY,
    Document,
    document_error,
    document_location,
    follow_references,
    resolve_reference,
)
from pipelines.http.json_values import JsonSchema
from pipelines.runtime.errors import InputError

IN_PLACE_KEYWORDS = ("not", "if", "then", "else")
IN_PLACE_LIST_KEYWORDS = ("allOf", "anyOf", "oneOf")
CHILD_KEYWORDS = (
    "items", "additionalProperties", "propertyNames", "contains", "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
ROOT = ""
CYCLE_TURNS = 3
"""References that are followed inside of a circle: a schema of 150 kinds that hold each other costs 150 * 150 with them."""


def validation_cost(schema: JsonSchema | bool) -> float:
    """Schemas that one place of a value is judged against, at most, with all places above it. Infinite where floats end.

    Of alternatives, references and conditions all apply to the same place, of properties one: so those add up, and of these the
    costliest counts.
    """
    if isinstance(schema, bool):
        return 1
    nodes = {ROOT: schema, **schema.get("$defs", {})}
    return _CostCounter(nodes).definition_cost(ROOT, CYCLE_TURNS)


class _CostCounter:
    """Sums, each definition's once for each number of turns that are left in its circle."""

    def __init__(self, nodes: dict[str, Any]) -> None:
        self.nodes = nodes
        self.cycle = _cycles(nodes)
        self.costs: dict[tuple[str, int], float] = {}

    def definition_cost(self, name: str, turns: int) -> float:
        if (name, turns) not in self.costs:
            self.costs[name, turns] = self.node_cost(self.nodes.get(name, True), name, turns)
        return self.costs[name, turns]

    def node_cost(self, node: Any, within: str, turns: int) -> float:
        if not isinstance(node, dict):
            return 1
        found = 1.0
        if "$ref" in node:
            found += self._reference_cost(node["$ref"].rpartition("/")[2], within, turns)
        for one in _in_place(node):
            found += self.node_cost(one, within, turns)
        for one in _children(node):
            found += self.node_cost(one, within, turns)
        named = [self.node_cost(one, within, turns) for one in node.get("properties", {}).values()]
        return found + max(named, default=0.0)

    def _reference_cost(self, name: str, within: str, turns: int) -> float:
        if self.cycle.get(name) is None or self.cycle.get(name) != self.cycle.get(within):
            return self.definition_cost(name, CYCLE_TURNS)
        return self.definition_cost(name, turns - 1) if turns else 1


def _in_place(node: JsonSchema) -> Iterator[Any]:
    """Subschemas that judge the same value."""
    for key in IN_PLACE_KEYWORDS:
        if key in node:
            yield node[key]
    for key in IN_PLACE_LIST_KEYWORDS:
        yield from node.get(key, ())
    yield from node.get("dependentSchemas", {}).values()


def _children(node: JsonSchema) -> Iterator[Any]:
    """Subschemas that may judge one and the same item or member."""
    for key in CHILD_KEYWORDS:
        if key in node:
            yield node[key]
    yield from node.get("patternProperties", {}).values()
    yield from node.get("prefixItems", ())


def _cycles(nodes: dict[str, Any]) -> dict[str, int]:
    """Definitions that refer to themselves, through others or not, with the number of their circle."""
    number = {name: place for place, name in enumerate(nodes)}
    edges = [
        (number[name], number[other])
        for name, node in nodes.items()
        for other in _references(node, is_root=name == ROOT)
        if other in number
    ]
    if not edges:
        return {}
    starts, ends = zip(*edges, strict=True)
    graph = coo_array(([1] * len(edges), (starts, ends)), shape=(len(nodes), len(nodes)))
    labels = connected_components(graph, directed=True, connection="strong")[1].tolist()
    loops = {start for start, end in edges if start == end}
    sizes = Counter(labels)
    return {
        name: labels[place] for name, place in number.items() if place in loops or sizes[labels[place]] > 1
    }


def _references(node: Any, is_root: bool = False) -> Iterator[str]:
    """Names of definitions that a schema refers to."""
    places = [node]
    while places:
        here = places.pop()
        if isinstance(here, dict):
            if isinstance(here.get("$ref"), str):
                yield here["$ref"].rpartition("/")[2]
            places.extend(
                value for key, value in here.items() if not (is_root and here is node and key == "$defs")
            )
        elif isinstance(here, list):
            places.extend(here)


EVIDENCE = "x-census"
EXTERNAL_REFERENCE = "a $ref to another document"
UNSUPPORTED_PATTERN = "a pattern that the engine does not take"
PLAIN_KEYWORDS = frozenset(
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems "
    "uniqueItems maxContains minContains maxProperties minProperties required dependentRequired format".split()
)
SCHEMA_KEYWORDS = frozenset(
    "items not additionalProperties propertyNames contains if then else unevaluatedProperties unevaluatedItems".split()
)
SCHEMA_LIST_KEYWORDS = frozenset("allOf anyOf oneOf prefixItems".split())
SCHEMA_MAP_KEYWORDS = frozenset("properties patternProperties dependentSchemas".split())
MAX_NODES = 20_000
"""Schemas that one schema may consist of, with what it refers to. More is no request that anybody sends: a circle of YAML
aliases, or a bomb.
"""
BACKTRACK_LIMIT = 10_000
"""Steps of a pattern that needs backtracking (look-around, back references); all others run in linear time. Where they do not
suffice, nothing is said of the value: some 0.1 ms at most.
"""
PATTERN_OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT)


def compile_validator(schema: JsonSchema | bool) -> jsonschema_rs.Draft202012Validator:
    """The compiled schema: formats are checked, nothing is fetched, no message holds a value.

    Raises:
        jsonschema_rs.ValidationError: it is no JSON Schema; `instance_path` is the place.
    """
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, offline=True, mask="…", pattern_options=PATTERN_OPTIONS
    )


@lru_cache(maxsize=4096)
def is_supported_pattern(pattern: object) -> bool:
    """Whether the engine takes a text as a regular expression."""
    try:
        compile_validator({"pattern": pattern})
    except jsonschema_rs.ValidationError:
        return False
    return isinstance(pattern, str)


def make_standalone(
    document: Document, schema: Any, place: tuple[str, ...], notes: Counter[str]
) -> JsonSchema | bool:
    """`schema`, found at `place` of `document`. `notes` counts what is not judged, by its reason.

    Raises:
        InputError: it is no schema, with the place.
    """
    conversion = _Conversion(document, notes)
    try:
        found = conversion.schema(schema, place)
        for _ in range(MAX_NODES):
            if not conversion.pending:
                break
            name, node = conversion.pending.popitem()
            conversion.definitions[name] = conversion.schema(node, place)
        whole = (
            found
            if isinstance(found, bool) or not conversion.definitions
            else conversion.with_definitions(found)
        )
        if validation_cost(whole) > document.max_work:
            raise InputError(
                document_location(document.source, place),
                f"a value may be judged more than {document.max_work:,} times: references are shared level by level",
                f"{REMEDY} Where you trust it, raise conformance.schema_max_work in the settings.",
            )
        compile_validator(whole)
        orjson.dumps(whole)
    except orjson.JSONEncodeError:
        raise document_error(document.source, place, "numbers of at most 64 bits", 0) from None
    except RecursionError:
        raise InputError(
            document_location(document.source, place), "the schema is nested too deeply", REMEDY
        ) from None
    except jsonschema_rs.ValidationError as error:
        inside = "/".join(map(str, error.instance_path))
        raise InputError(
            document_location(document.source, place),
            f"the schema is none: keyword {inside[:200] or '$ref'!r}",
            REMEDY,
        ) from error
    return whole


@dataclass(slots=True)
class _Conversion:
    """The state of one conversion: definitions by their number, those still to convert, the schemas so far."""

    document: Document
    notes: Counter[str]
    numbers: dict[str, str] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)
    nodes: int = 0

    def with_definitions(self, schema: JsonSchema) -> JsonSchema:
        return {**schema, "$defs": self.definitions}

    def schema(self, node: Any, place: tuple[str, ...]) -> JsonSchema | bool:
        if isinstance(node, bool):
            return node
        if not isinstance(node, dict):
            raise document_error(self.document.source, place, "a schema", node)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise document_error(
                self.document.source, place, f"a schema of at most {MAX_NODES:,} parts", node
            )
        if "$dynamicRef" in node:
            self.notes["a $dynamicRef"] += 1
            return {}
        rest = {key: value for key, value in node.items() if key != "$ref"}
        if "$ref" not in node:
            return self._plain(rest, place)
        reference = self._reference(node["$ref"], place)
        if self.document.is_30 or not rest:  # 3.0.3 s. 4.7.23: what stands beside it is ignored
            return reference
        return {"allOf": [reference, self._plain(rest, place)]}

    def _reference(self, reference: Any, place: tuple[str, ...]) -> JsonSchema:
        node = resolve_reference(self.document, reference, place)
        if node is None:
            self.notes[EXTERNAL_REFERENCE] += 1
            return {}
        if reference not in self.numbers:
            self.numbers[reference] = str(len(self.numbers))
            self.pending[self.numbers[reference]] = node
        return {"$ref": f"#/$defs/{self.numbers[reference]}"}

    def _plain(self, node: dict[str, Any], place: tuple[str, ...]) -> JsonSchema:
        out: JsonSchema = {}
        for key, value in node.items():
            here = (*place, key)
            if key in PLAIN_KEYWORDS:
                out[key] = value
            elif key in SCHEMA_KEYWORDS:
                out[key] = self.schema(value, here)
            elif key in SCHEMA_LIST_KEYWORDS:
                if not isinstance(value, list):
                    raise document_error(self.document.source, here, "a list of schemas", value)
                out[key] = [self.schema(one, (*here, str(number))) for number, one in enumerate(value)]
            elif key in SCHEMA_MAP_KEYWORDS:
                if not isinstance(value, dict):
                    raise document_error(self.document.source, here, "a mapping of schemas", value)
                out[key] = {name: self.schema(one, (*here, name)) for name, one in value.items()}
        self._drop_patterns(out)
        self._keep_evidence(node, out)
        if isinstance(out.get("required"), list) and isinstance(node.get("properties"), dict):
            out["required"] = [
                name for name in out["required"] if not self._is_read_only(node["properties"], name)
            ]
        elif isinstance(out.get("required"), bool):  # a frequent mistake, of JSON Schema draft 3
            del out["required"]
        return _convert_openapi_30(out, node) if self.document.is_30 else out

    def _drop_patterns(self, out: JsonSchema) -> None:
        if "pattern" in out and not is_supported_pattern(out["pattern"]):
            del out["pattern"]
            self.notes[UNSUPPORTED_PATTERN] += 1
        for pattern in [one for one in out.get("patternProperties", ()) if not is_supported_pattern(one)]:
            del out["patternProperties"][pattern]
            out.pop("additionalProperties", None)  # it is about the names that no pattern takes
            self.notes[UNSUPPORTED_PATTERN] += 1

    def _is_read_only(self, properties: dict[str, Any], name: Any) -> bool:
        """Read-only members are required of answers only (OpenAPI 3.0.3 s. 4.7.24.2)."""
        member = follow_references(self.document, properties.get(str(name)), ())
        return isinstance(member, dict) and member.get("readOnly") is True

    def _keep_evidence(self, node: dict[str, Any], out: JsonSchema) -> None:
        """Of our own evidence only what a finding says."""
        evidence = node.get(EVIDENCE)
        stated = evidence.get("constraints") if isinstance(evidence, dict) else None
        if isinstance(stated, dict):
            out[EVIDENCE] = {
                key: one["confidence"]
                for key, one in stated.items()
                if isinstance(one, dict) and isinstance(one.get("confidence"), int | float)
            }


def _convert_openapi_30(out: JsonSchema, node: dict[str, Any]) -> JsonSchema:
    """Exclusive limits are flags in 3.0, and null is a flag beside the type."""
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(out.get(exclusive), bool) and out.pop(exclusive) and limit in out:
            out[exclusive] = out.pop(limit)
            confidence = out.get(EVIDENCE, {})
            if limit in confidence:
                confidence[exclusive] = confidence[limit]
    if node.get("nullable") is not True:
        return out
    if isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if isinstance(out.get("enum"), list) and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
    return {"anyOf": [out, {"type": "null"}]} if out.keys() & {"allOf", "anyOf", "oneOf"} else out
