"""OpenAPI schemas as standalone JSON Schemas, compiled, with limited cost.

A standalone schema needs no other part of its document: everything it refers to is in its `$defs`.
"""

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
from pipelines.http.openapi_names import CENSUS
from pipelines.runtime.errors import InputError

# applicators of JSON Schema 2020-12: in place (Core, s. 10.2) and of children (s. 10.3)
IN_PLACE_KEYWORDS = ("not", "if", "then", "else")
IN_PLACE_LIST_KEYWORDS = ("allOf", "anyOf", "oneOf")
CHILD_KEYWORDS = (
    "items", "additionalProperties", "propertyNames", "contains", "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
ROOT = ""
CYCLE_TURNS = 3
"""References that are followed within a cycle: 150 schemas that refer to each other then cost 150 * 150."""


def validation_cost(schema: JsonSchema | bool) -> float:
    """Returns how many schemas one place of a value is validated against, at most.

    The places above it are included; the result may be infinite. Alternatives, references and conditions all apply to the same
    place, so they add up; of properties only one applies to a place, so the costliest counts. References that are shared
    multiply the cost, unlike the branches of a tree.
    """
    if isinstance(schema, bool):
        return 1
    nodes = {ROOT: schema, **schema.get("$defs", {})}
    return _CostCounter(nodes).definition_cost(ROOT, CYCLE_TURNS)


class _CostCounter:
    """Sums costs, each definition once for each number of turns left in its cycle."""

    def __init__(self, nodes: dict[str, Any]) -> None:
        self.nodes = nodes
        self.cycle = _cycles(nodes)
        self.costs: dict[tuple[str, int], float] = {}

    def definition_cost(self, name: str, turns: int) -> float:
        """The cost of a definition with so many turns left in its cycle."""
        if (name, turns) not in self.costs:
            self.costs[name, turns] = self.node_cost(self.nodes.get(name, True), name, turns)
        return self.costs[name, turns]

    def node_cost(self, node: Any, within: str, turns: int) -> float:
        """The cost of a schema inside the definition `within`."""
        if not isinstance(node, dict):
            return 1
        cost = 1.0
        if "$ref" in node:
            cost += self._reference_cost(node["$ref"].rpartition("/")[2], within, turns)
        for child in _in_place(node):
            cost += self.node_cost(child, within, turns)
        for child in _children(node):
            cost += self.node_cost(child, within, turns)
        properties = [self.node_cost(child, within, turns) for child in node.get("properties", {}).values()]
        return cost + max(properties, default=0.0)

    def _reference_cost(self, name: str, within: str, turns: int) -> float:
        if self.cycle.get(name) is None or self.cycle.get(name) != self.cycle.get(within):
            return self.definition_cost(name, CYCLE_TURNS)
        return self.definition_cost(name, turns - 1) if turns else 1


def _in_place(node: JsonSchema) -> Iterator[Any]:
    """Yields the subschemas that apply to the same value."""
    for key in IN_PLACE_KEYWORDS:
        if key in node:
            yield node[key]
    for key in IN_PLACE_LIST_KEYWORDS:
        yield from node.get(key, ())
    yield from node.get("dependentSchemas", {}).values()


def _children(node: JsonSchema) -> Iterator[Any]:
    """Yields the subschemas that may apply to the same item or member of the value."""
    for key in CHILD_KEYWORDS:
        if key in node:
            yield node[key]
    yield from node.get("patternProperties", {}).values()
    yield from node.get("prefixItems", ())


def _cycles(nodes: dict[str, Any]) -> dict[str, int]:
    """Returns the number of the cycle of each definition that refers to itself.

    A reference may be direct or through other definitions.
    """
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
    """Yields the names of the definitions that a schema refers to."""
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


EXTERNAL_REFERENCE = "a $ref to another document"
UNSUPPORTED_PATTERN = "a pattern that the regex engine does not support"
PLAIN_KEYWORDS = frozenset(
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems "
    "uniqueItems maxContains minContains maxProperties minProperties required dependentRequired format".split()
)
SCHEMA_KEYWORDS = frozenset(
    "items not additionalProperties propertyNames contains if then else unevaluatedProperties unevaluatedItems".split()
)
STATED_KEYWORDS = PLAIN_KEYWORDS - {"required"}
"""Keywords about the value itself, which the confidence of a schema refers to."""
OF_TYPE = ("format", "pattern")
"""Keywords that belong to a learned type, unless they have a confidence of their own."""
SCHEMA_LIST_KEYWORDS = frozenset("allOf anyOf oneOf prefixItems".split())
SCHEMA_MAP_KEYWORDS = frozenset("properties patternProperties dependentSchemas".split())
MAX_NODES = 20_000
"""Subschemas of one schema and those it refers to. No real request needs more: it is a cycle of YAML aliases, or a bomb."""
BACKTRACK_LIMIT = 10_000
"""Steps for a pattern that needs backtracking (look-around, back references); all others run in linear time.

If they do not suffice (after some 0.1 ms at most), the value is not checked against the pattern.
"""
PATTERN_OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT)


def compile_validator(schema: JsonSchema | bool) -> jsonschema_rs.Draft202012Validator:
    """Compiles a schema.

    Formats are checked, nothing is fetched, and no message holds a value.

    Raises:
        jsonschema_rs.ValidationError: it is not a JSON Schema; `instance_path` is the location.
    """
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, offline=True, mask="…", pattern_options=PATTERN_OPTIONS
    )


@lru_cache(maxsize=4096)
def is_supported_pattern(pattern: object) -> bool:
    """Whether the regex engine supports a pattern."""
    try:
        compile_validator({"pattern": pattern})
    except jsonschema_rs.ValidationError:
        return False
    return isinstance(pattern, str)


def make_standalone(
    document: Document, schema: Any, place: tuple[str, ...], notes: Counter[str]
) -> JsonSchema | bool:
    """Converts a schema of a document into a standalone JSON Schema 2020-12.

    Args:
        document: the document that holds the schema.
        schema: the schema as the document has it.
        place: the keys that lead to the schema, for messages.
        notes: counts what is not checked, by its reason.

    Raises:
        InputError: it is not a schema, or too costly; the message has the location.
    """
    conversion = _Conversion(document, notes)
    try:
        converted = conversion.schema(schema, place)
        for _ in range(MAX_NODES):
            if not conversion.pending:
                break
            name, node = conversion.pending.popitem()
            conversion.definitions[name] = conversion.schema(node, place)
        whole = (
            converted
            if isinstance(converted, bool) or not conversion.definitions
            else conversion.with_definitions(converted)
        )
        if validation_cost(whole) > document.max_work:
            raise InputError(
                document_location(document.source, place),
                f"one value may need more than {document.max_work:,} validations, as shared references multiply at each level",
                f"{REMEDY} If you trust it, raise conformance.schema_max_work in the settings.",
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
            f"invalid JSON Schema at keyword {inside[:200] or '$ref'!r}",
            REMEDY,
        ) from error
    return whole


@dataclass(slots=True)
class _Conversion:
    """The state of one conversion.

    Numbers of references, nodes still to convert, converted definitions, and the number of schemas so far.
    """

    document: Document
    notes: Counter[str]
    numbers: dict[str, str] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)
    nodes: int = 0

    def with_definitions(self, schema: JsonSchema) -> JsonSchema:
        """The schema with all converted definitions."""
        return {**schema, "$defs": self.definitions}

    def schema(self, node: Any, place: tuple[str, ...]) -> JsonSchema | bool:
        """Converts one node."""
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
        if self.document.is_30 or not rest:  # 3.0.3 s. 4.7.23: siblings of $ref are ignored
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
                out[key] = [self.schema(child, (*here, str(number))) for number, child in enumerate(value)]
            elif key in SCHEMA_MAP_KEYWORDS:
                if not isinstance(value, dict):
                    raise document_error(self.document.source, here, "a mapping of schemas", value)
                out[key] = {name: self.schema(child, (*here, name)) for name, child in value.items()}
        self._drop_patterns(out)
        self._keep_evidence(node, out)
        if isinstance(out.get("required"), list) and isinstance(node.get("properties"), dict):
            out["required"] = [
                name for name in out["required"] if not self._is_read_only(node["properties"], name)
            ]
        elif isinstance(out.get("required"), bool):  # a frequent mistake: the syntax of JSON Schema draft 3
            del out["required"]
        return _convert_openapi_30(out, node) if self.document.is_30 else out

    def _drop_patterns(self, out: JsonSchema) -> None:
        if "pattern" in out and not is_supported_pattern(out["pattern"]):
            del out["pattern"]
            self.notes[UNSUPPORTED_PATTERN] += 1
        for pattern in [
            regex for regex in out.get("patternProperties", ()) if not is_supported_pattern(regex)
        ]:
            del out["patternProperties"][pattern]
            out.pop("additionalProperties", None)  # it applies to the names that match no pattern
            self.notes[UNSUPPORTED_PATTERN] += 1

    def _is_read_only(self, properties: dict[str, Any], name: Any) -> bool:
        """Whether a member is read-only.

        Such a member is required in responses only (OpenAPI 3.0.3 s. 4.7.24.2).
        """
        member = follow_references(self.document, properties.get(str(name)), ())
        return isinstance(member, dict) and member.get("readOnly") is True

    def _keep_evidence(self, node: dict[str, Any], out: JsonSchema) -> None:
        """Keeps the confidence of each constraint, which findings report.

        Learned schemas state it in `constraints`, their documents in `confidence`: by keyword, or for all.
        """
        evidence = node.get(CENSUS)
        if not isinstance(evidence, dict):
            return
        stated: Any = evidence.get("constraints")
        if isinstance(stated, dict):
            stated = {key: one.get("confidence") for key, one in stated.items() if isinstance(one, dict)}
        else:
            stated = evidence.get("confidence")
        if isinstance(stated, int | float):
            stated = dict.fromkeys(STATED_KEYWORDS & node.keys(), stated)
        if isinstance(stated, dict):
            of_type = {key: stated["type"] for key in OF_TYPE if key in node and "type" in stated}
            known = {**of_type, **stated}
            out[CENSUS] = {key: one for key, one in known.items() if isinstance(one, int | float)}


def _convert_openapi_30(out: JsonSchema, node: dict[str, Any]) -> JsonSchema:
    """Converts the flags of OpenAPI 3.0: exclusive limits and nullable."""
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(out.get(exclusive), bool) and out.pop(exclusive) and limit in out:
            out[exclusive] = out.pop(limit)
            confidence = out.get(CENSUS, {})
            if limit in confidence:
                confidence[exclusive] = confidence[limit]
    if node.get("nullable") is not True:
        return out
    if isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if isinstance(out.get("enum"), list) and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
    return {"anyOf": [out, {"type": "null"}]} if out.keys() & {"allOf", "anyOf", "oneOf"} else out
