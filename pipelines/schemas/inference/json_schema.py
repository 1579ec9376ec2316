"""A judgement as JSON Schema 2020-12, each constraint with its evidence in `x-census`. Never an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.http.json_values import JsonSchema
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
from pipelines.schemas.inference.confidence import fleet_prior
from pipelines.schemas.inference.constraints import GROWS
from pipelines.schemas.inference.infer import Alternative, Judgement

EVIDENCE = "x-census"
INT32 = range(-(2**31), 2**31)
SURE = 0.999
"""The confidence that the share of constraints is reported for (METHODS B1)."""
COMMA_LIST, PIPE_LIST, SPACE_LIST = "comma-list", "pipe-list", "space-list"
LIST_STYLES = {COMMA_LIST: "form", PIPE_LIST: "pipeDelimited", SPACE_LIST: "spaceDelimited"}
"""Rule of an array whose items one value holds → its style in OpenAPI (3.1 s. 4.8.12.3), without explode."""
_LIST_RULES = dict(zip(LIST_KINDS, LIST_STYLES, strict=True))
TIME_NOTE = "unix time: grows, so it gets no maximum"


def json_schema(judgement: Judgement) -> JsonSchema:
    """The schema of one value as it stands in the URL (`items` where names repeat).

    `x-census`: `n` values, `distinct` values, `clients`, `days`, `share` of the values that the constraint
    covers, `level` and `rule` of the judgement; where it applies `trimmed` values left out, `kind`
    recognised, `note`, and keywords `refused` with the reason.
    """
    forms = judgement.alternatives
    if len(forms) <= 1:
        form = forms[0] if forms else None
        schema = {
            **(_constraint(form) if form else {}),
            EVIDENCE: _evidence(judgement, judgement.evidence.n - judgement.trimmed, form),
        }
    else:
        members = [{**_constraint(form), EVIDENCE: _member_evidence(judgement, form)} for form in forms]
        schema = {
            "anyOf": members,
            EVIDENCE: _evidence(judgement, judgement.evidence.n - judgement.trimmed, None),
        }
    if judgement.is_repeated or judgement.listed:
        return {"type": "array", "items": schema, EVIDENCE: _array_evidence(judgement)}
    return schema


def without_evidence(schema: Any) -> Any:
    """The schema alone, as it is compared between versions: no `x-census` at any depth."""
    if isinstance(schema, dict):
        return {key: without_evidence(value) for key, value in schema.items() if key != EVIDENCE}
    return [without_evidence(item) for item in schema] if isinstance(schema, list) else schema


def constraints(schema: Any) -> Iterator[dict[str, Any]]:
    """What `x-census` says of each constraint (`confidence.py`), at any depth of a schema."""
    if isinstance(schema, dict):
        yield from schema.get(EVIDENCE, {}).get("constraints", {}).values()
        for key, part in schema.items():
            if key != EVIDENCE:
                yield from constraints(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from constraints(part)


def is_sure(constraint: Mapping[str, Any]) -> bool:
    """Whether a constraint's confidence is `SURE` or more."""
    return float(constraint["confidence"]) >= SURE


def _constraint(form: Alternative) -> JsonSchema:
    limits = dict(form.limits.keywords)
    if form.kind == EMPTY:
        return {"type": "string", "maxLength": 0}
    if form.kind == INTEGER:
        is_small = form.low in INT32 and form.high in INT32 and int(limits.get("maximum", 0)) in INT32
        is_small = is_small and form.limits.note != GROWS
        return {"type": "integer", "format": "int32" if is_small else "int64", **limits}
    if form.kind in (UNIX_SECONDS, UNIX_MILLISECONDS):
        return {"type": "integer", "format": "int64"}  # seconds pass 32 bits in 2038
    if form.kind in JSON_ONLY:
        return {"type": JSON_ONLY[form.kind], **limits}
    recogniser = BY_KIND[form.kind]
    schema: JsonSchema = {"type": recogniser.type, **limits}
    if recogniser.format is not None:
        schema["format"] = recogniser.format
    elif recogniser.is_written:
        schema["pattern"] = recogniser.ecma
    return schema


def _evidence(judgement: Judgement, covered: int, form: Alternative | None) -> dict[str, Any]:
    evidence = judgement.evidence
    stated: dict[str, Any] = {
        "n": evidence.n,
        "distinct": evidence.distinct,
        "clients": evidence.clients,
        "days": evidence.days,
        "share": _share(covered, evidence.n),
        "level": judgement.level.value,
        "rule": judgement.rule.value,
    }
    if judgement.trimmed:
        stated["trimmed"] = judgement.trimmed
    if judgement.refused:
        stated["refused"] = dict(judgement.refused)
    return {**stated, **_remarks(form), **_proofs(form)}


def _member_evidence(judgement: Judgement, form: Alternative) -> dict[str, Any]:
    return {
        "n": form.n,
        "distinct": form.distinct,
        "clients": form.clients,
        "days": form.days,
        "share": _share(form.n, judgement.evidence.n),
        "level": judgement.level.value,
        "rule": judgement.rule.value,
        **_remarks(form),
        **_proofs(form),
    }


def _array_evidence(judgement: Judgement) -> dict[str, Any]:
    evidence = judgement.evidence
    return {
        "n": evidence.requests,
        "values": evidence.n,
        "level": judgement.level.value,
        "rule": _LIST_RULES[judgement.listed] if judgement.listed else "repeated-name",
    }


def _proofs(form: Alternative | None) -> dict[str, Any]:
    """`constraints`: keyword → risk for the next value, confidence, and the kind of proof (confidence.py)."""
    if form is None:
        return {}
    of_type = {} if form.kind in (TEXT, EMPTY) else {"type": fleet_prior(form.n)}
    proofs = {**of_type, **form.limits.proofs}
    return {"constraints": proofs} if proofs else {}


def _remarks(form: Alternative | None) -> dict[str, str]:
    """The recogniser's name where the schema does not say it, and why a number has no maximum."""
    if form is None:
        return {}
    note = TIME_NOTE if form.kind in (UNIX_SECONDS, UNIX_MILLISECONDS) else form.limits.note
    said = form.kind in JSON_ONLY or form.kind in (TEXT, BY_KIND[form.kind].format, BY_KIND[form.kind].type)
    return {**({} if said else {"kind": form.kind}), **({"note": note} if note else {})}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
