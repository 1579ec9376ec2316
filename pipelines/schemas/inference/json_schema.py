"""Inferred schemas as JSON Schema 2020-12.

Each constraint has its evidence in `x-census`; there are never examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.http.json_values import JsonSchema
from pipelines.http.openapi_names import CENSUS
from pipelines.http.value_formats import (
    BY_KIND,
    EMPTY,
    INTEGER,
    JSON_ONLY,
    LIST_KINDS,
    TEXT,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
)
from pipelines.schemas.inference.confidence import ENFORCEABLE, Claim, Standard, state_claim
from pipelines.schemas.inference.constraints import GROWTH_NOTE
from pipelines.schemas.inference.infer import Alternative, InferredSchema

INT32 = range(-(2**31), 2**31)
TYPE, PRESENCE = "type", "presence"
"""Names of two constraints in the evidence: the type with its format, and that a parameter is required.

The latter is no keyword of the parameter's own schema.
"""
COMMA_LIST, PIPE_LIST, SPACE_LIST = "comma-list", "pipe-list", "space-list"
LIST_STYLES = {COMMA_LIST: "form", PIPE_LIST: "pipeDelimited", SPACE_LIST: "spaceDelimited"}
"""Rule of an array whose items are in one value → its style, without explode.

OpenAPI 3.1 s. 4.8.12.3.
"""
_LIST_RULES = dict(zip(LIST_KINDS, LIST_STYLES, strict=True))
TIME_NOTE = "unix time: grows, so it gets no maximum"


def to_json_schema(inferred: InferredSchema) -> JsonSchema:
    """Converts to the schema of one value.

    The value is as in the URL. If names repeat, its schema becomes the `items` of an array.

    Members of `x-census`: `n` values, `distinct` values, `clients`, `days`, `share` of the values that the schema covers, `level`
    and `rule` of the inference; where they apply, `trimmed` values left out, the `kind` recognised, a `note`, and
    `refused` keywords with the reasons.
    """
    alternatives = inferred.alternatives
    if len(alternatives) <= 1:
        alternative = alternatives[0] if alternatives else None
        schema = {
            **(_constraint(alternative) if alternative else {}),
            CENSUS: _evidence(inferred, inferred.evidence.n - inferred.trimmed, alternative),
        }
    else:
        members = [
            {**_constraint(alternative), CENSUS: _member_evidence(inferred, alternative)}
            for alternative in alternatives
        ]
        schema = {
            "anyOf": members,
            CENSUS: _evidence(inferred, inferred.evidence.n - inferred.trimmed, None),
        }
    if inferred.is_repeated or inferred.list_kind:
        return {"type": "array", "items": schema, CENSUS: _array_evidence(inferred)}
    return schema


def without_evidence(schema: Any) -> Any:
    """Removes `x-census` at every depth, as schemas are compared between versions."""
    if isinstance(schema, dict):
        return {key: without_evidence(value) for key, value in schema.items() if key != CENSUS}
    return [without_evidence(item) for item in schema] if isinstance(schema, list) else schema


def with_status(schema: Any) -> Any:
    """Replaces `x-census` by the sorted names of the enforceable constraints.

    At every depth; two versions of a schema are the same only if this is.
    """
    if isinstance(schema, dict):
        stated = schema.get(CENSUS, {}).get("constraints", {})
        sure = sorted(keyword for keyword, one in stated.items() if is_enforceable(one))
        rest = {key: with_status(value) for key, value in schema.items() if key != CENSUS}
        return {**rest, **({CENSUS: sure} if sure else {})}
    return [with_status(item) for item in schema] if isinstance(schema, list) else schema


def with_presence(schema: JsonSchema, claim: Claim, standard: Standard) -> JsonSchema:
    """Adds the evidence that a parameter is required to that of its schema."""
    census = schema.get(CENSUS, {})
    stated = {**census.get("constraints", {}), PRESENCE: state_claim(claim, standard)}
    return {**schema, CENSUS: {**census, "constraints": stated}}


def constraint_evidence(schema: Any) -> Iterator[dict[str, Any]]:
    """Yields each constraint's evidence (`confidence.py`), at any depth of a schema."""
    if isinstance(schema, dict):
        yield from schema.get(CENSUS, {}).get("constraints", {}).values()
        for key, part in schema.items():
            if key != CENSUS:
                yield from constraint_evidence(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from constraint_evidence(part)


def is_enforceable(constraint: Mapping[str, Any]) -> bool:
    """Returns whether the evidence of a constraint says that it is enforceable."""
    return constraint.get("status") == ENFORCEABLE


def _constraint(alternative: Alternative) -> JsonSchema:
    limits = dict(alternative.constraints.keywords)
    if alternative.kind == EMPTY:
        return {"type": "string", "maxLength": 0}
    if alternative.kind == INTEGER:
        is_small = (
            alternative.low in INT32 and alternative.high in INT32 and int(limits.get("maximum", 0)) in INT32
        )
        is_small = is_small and alternative.constraints.note != GROWTH_NOTE
        return {"type": "integer", "format": "int32" if is_small else "int64", **limits}
    if alternative.kind in (UNIX_SECONDS, UNIX_MILLISECONDS):
        return {"type": "integer", "format": "int64"}  # seconds pass 32 bits in 2038
    if alternative.kind in JSON_ONLY:
        return {"type": JSON_ONLY[alternative.kind], **limits}
    recogniser = BY_KIND[alternative.kind]
    schema: JsonSchema = {"type": recogniser.type, **limits}
    if recogniser.format is not None:
        schema["format"] = recogniser.format
    elif recogniser.writes_pattern:
        schema["pattern"] = recogniser.ecma
    return schema


def _evidence(inferred: InferredSchema, covered: int, alternative: Alternative | None) -> dict[str, Any]:
    evidence = inferred.evidence
    stated: dict[str, Any] = {
        "n": evidence.n,
        "distinct": evidence.distinct,
        "clients": evidence.clients,
        "days": evidence.days,
        "share": _share(covered, evidence.n),
        "level": inferred.level.value,
        "rule": inferred.rule.value,
    }
    if inferred.trimmed:
        stated["trimmed"] = inferred.trimmed
    if inferred.refused:
        stated["refused"] = dict(inferred.refused)
    return {**stated, **_remarks(alternative), **_proofs(inferred, alternative)}


def _member_evidence(inferred: InferredSchema, alternative: Alternative) -> dict[str, Any]:
    return {
        "n": alternative.n,
        "distinct": alternative.distinct,
        "clients": alternative.clients,
        "days": alternative.days,
        "share": _share(alternative.n, inferred.evidence.n),
        "level": inferred.level.value,
        "rule": inferred.rule.value,
        **_remarks(alternative),
        **_proofs(inferred, alternative),
    }


def _array_evidence(inferred: InferredSchema) -> dict[str, Any]:
    evidence = inferred.evidence
    return {
        "n": evidence.requests,
        "values": evidence.n,
        "level": inferred.level.value,
        "rule": _LIST_RULES[inferred.list_kind] if inferred.list_kind else "repeated-name",
    }


def _proofs(inferred: InferredSchema, alternative: Alternative | None) -> dict[str, Any]:
    """Returns `constraints`: keyword → its evidence (`confidence.state_claim`)."""
    claims = alternative.constraints.proofs if alternative else {}
    stated = {keyword: state_claim(claim, inferred.standard) for keyword, claim in claims.items()}
    return {"constraints": stated} if stated else {}


def _remarks(alternative: Alternative | None) -> dict[str, str]:
    """Returns the kind, if the schema does not say it, and why there is no maximum."""
    if alternative is None:
        return {}
    note = (
        TIME_NOTE if alternative.kind in (UNIX_SECONDS, UNIX_MILLISECONDS) else alternative.constraints.note
    )
    said = alternative.kind in JSON_ONLY or alternative.kind in (
        TEXT,
        BY_KIND[alternative.kind].format,
        BY_KIND[alternative.kind].type,
    )
    return {**({} if said else {"kind": alternative.kind}), **({"note": note} if note else {})}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
