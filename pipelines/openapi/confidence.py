"""Documents for enforcement: constraints of enough confidence, short evidence.

The full evidence of a document goes into a file of its own (`split_evidence`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipelines.http.json_values import JsonSchema, escape_pointer_token
from pipelines.http.openapi_names import CENSUS, CENSUS_METHODS
from pipelines.openapi.endpoint import Endpoint, Parameter
from pipelines.schemas.inference.json_schema import PRESENCE, TYPE

MIXED = "mixed"
"""Status of a schema that has enforceable and provisional constraints."""
OF_SCHEMA, OF_PARAMETER = ("n", "clients"), ("share", "learned")
"""Members of the evidence of a schema and of a parameter that its document has, too."""
NOT_OF_OPERATION = ("reasons", "merged_templates")
"""Members of the evidence of an operation that its document does not have."""
CONFIDENCE_DIGITS = 4
"""Digits of a confidence in a document; it is never rounded up."""
IN_JSON = ("body",)
"""Locations where a value that may be anything is `{}`; elsewhere every value is a text."""
SCHEMAS = frozenset({"items", "additionalProperties", "propertyNames"})
SCHEMA_LISTS = frozenset({"anyOf", "oneOf", "allOf"})
SCHEMA_MAPS = frozenset({"properties", "patternProperties"})
"""Keywords of learned schemas that hold a schema, a list of them, or a mapping to them."""

Evidence = dict[str, dict[str, Any]]
"""JSON Pointer of an operation, a parameter or a schema → its whole `x-census`."""


def keep_confident(endpoint: Endpoint, least: float) -> Endpoint:
    """Returns an endpoint without the constraints of less confidence than `least`.

    What is left accepts all that the given one accepts. Nothing changes where `least` is 0.
    """
    if least <= 0:
        return endpoint
    kept = tuple(_keep_parameter(parameter, least) for parameter in endpoint.parameters)
    return replace(endpoint, parameters=kept)


def _keep_parameter(parameter: Parameter, least: float) -> Parameter:
    anything: JsonSchema = {} if parameter.location in IN_JSON else {"type": "string"}
    presence = parameter.schema.get(CENSUS, {}).get("constraints", {}).get(PRESENCE)
    return replace(
        parameter,
        schema=keep_confident_schema(parameter.schema, least, anything),
        required=parameter.required and (presence is None or presence["confidence"] >= least),
    )


def keep_confident_schema(schema: JsonSchema, least: float, anything: JsonSchema) -> JsonSchema:
    """Returns a learned schema without constraints below a confidence.

    Args:
        schema: The schema, with the evidence of its constraints (`confidence.state_claim`).
        least: The confidence.
        anything: The schema of a value of which nothing is known.
    """
    stated: Mapping[str, Any] = schema.get(CENSUS, {}).get("constraints", {})
    refused = {keyword for keyword, one in stated.items() if one["confidence"] < least}
    kept = {key: value for key, value in schema.items() if key not in refused}
    if CENSUS in schema and stated:
        rest = {key: one for key, one in stated.items() if key not in refused}
        kept[CENSUS] = {key: value for key, value in schema[CENSUS].items() if key != "constraints"} | (
            {"constraints": rest} if rest else {}
        )
    if TYPE in refused:
        return {**anything, CENSUS: kept[CENSUS]}
    if "maximum" in refused and "format" in kept:  # a small range followed from the maximum
        kept["format"] = "int64"
    if "items" in kept:
        kept["items"] = keep_confident_schema(kept["items"], least, anything)
    if "anyOf" in kept:
        members = [keep_confident_schema(one, least, anything) for one in kept.pop("anyOf")]
        kept |= anything if any(_limits(one) == anything for one in members) else {"anyOf": members}
    return kept


def _limits(schema: JsonSchema) -> JsonSchema:
    return {key: value for key, value in schema.items() if key != CENSUS}


def split_evidence(document: Mapping[str, Any]) -> tuple[dict[str, Any], Evidence]:
    """Splits a document into one with short evidence, and its full evidence.

    In the first, the `x-census` of a schema with constraints has `n`, `clients`, `confidence` and `status`, and `waits_for` where
    it is not enforceable (`census.SCHEMA`). The argument is not changed.

    Args:
        document: A document of any profile.
    """
    evidence: Evidence = {}
    paths = {
        path: _path_item(item, _pointer("", "paths", path), evidence)
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths}, evidence


def _path_item(item: Mapping[str, Any], place: str, evidence: Evidence) -> dict[str, Any]:
    return {
        name: _path_item(operation, _pointer(place, name), evidence)
        if name == CENSUS_METHODS
        else _operation(operation, _pointer(place, name), evidence)
        for name, operation in item.items()
    }


def _operation(operation: Mapping[str, Any], place: str, evidence: Evidence) -> dict[str, Any]:
    out = dict(operation)
    if CENSUS in operation:
        evidence[place] = operation[CENSUS]
        out[CENSUS] = {key: one for key, one in operation[CENSUS].items() if key not in NOT_OF_OPERATION}
    if "parameters" in operation:
        out["parameters"] = [
            _parameter(one, _pointer(place, "parameters", number), evidence)
            for number, one in enumerate(operation["parameters"])
        ]
    if "requestBody" in operation:
        body = operation["requestBody"]
        content = {
            media: {
                **one,
                "schema": _shorten(
                    one["schema"], _pointer(place, "requestBody", "content", media, "schema"), evidence
                ),
            }
            for media, one in body["content"].items()
        }
        out["requestBody"] = {**body, "content": content}
    return out


def _parameter(parameter: Mapping[str, Any], place: str, evidence: Evidence) -> dict[str, Any]:
    out = {**parameter, "schema": _shorten(parameter["schema"], _pointer(place, "schema"), evidence)}
    if CENSUS in parameter:
        evidence[place] = parameter[CENSUS]
        out[CENSUS] = {key: value for key, value in parameter[CENSUS].items() if key in OF_PARAMETER}
    return out


def _shorten(schema: Any, place: str, evidence: Evidence) -> Any:
    """Returns a schema with short evidence at every depth, and adds its full evidence."""
    if not isinstance(schema, dict):
        return schema
    out = dict(schema)
    if CENSUS in schema:
        evidence[place] = schema[CENSUS]
        if "constraints" in schema[CENSUS]:
            out[CENSUS] = short_evidence(schema[CENSUS])
        else:
            del out[CENSUS]
    for key in SCHEMAS & schema.keys():
        out[key] = _shorten(schema[key], _pointer(place, key), evidence)
    for key in SCHEMA_LISTS & schema.keys():
        out[key] = [_shorten(one, _pointer(place, key, i), evidence) for i, one in enumerate(schema[key])]
    for key in SCHEMA_MAPS & schema.keys():
        out[key] = {
            name: _shorten(one, _pointer(place, key, name), evidence) for name, one in schema[key].items()
        }
    return out


def short_evidence(census: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the short form of the `x-census` of a schema.

    `confidence` is one number, that of the least certain constraint, or a number per keyword where only some are enforceable.
    """
    stated: Mapping[str, Any] = census["constraints"]
    by_keyword = {keyword: _floor(one["confidence"]) for keyword, one in stated.items()}
    statuses = {one["status"] for one in stated.values()}
    waits = [one["waits_for"] for one in stated.values() if "waits_for" in one]
    return {
        **{key: census[key] for key in OF_SCHEMA if key in census},
        "confidence": by_keyword if len(statuses) > 1 else min(by_keyword.values()),
        "status": MIXED if len(statuses) > 1 else next(iter(statuses)),
        **({"waits_for": max(waits)} if waits else {}),
    }


def _floor(confidence: float) -> float:
    unit = 10.0**CONFIDENCE_DIGITS
    return float(math.floor(confidence * unit) / unit)


def _pointer(place: str, *tokens: str | int) -> str:
    """Appends tokens to a JSON Pointer (RFC 6901 s. 3)."""
    return place + "".join(f"/{escape_pointer_token(str(token))}" for token in tokens)
