"""Checking one value against a schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from pipelines.conformance import parameter_values
from pipelines.conformance.findings import REQUIRED
from pipelines.conformance.openapi_schema import (
    SCHEMA_KEYWORDS,
    SCHEMA_LIST_KEYWORDS,
    SCHEMA_MAP_KEYWORDS,
    compile_validator,
)
from pipelines.conformance.operation import Parameter
from pipelines.http.masking.personal import EMAIL, is_personal_mask
from pipelines.http.openapi_names import CENSUS
from pipelines.http.redaction import MASK
from pipelines.http.value_formats import REDACTED, TOKEN, detect_kind
from pipelines.requests.json_body import MEMBER

MAX_ERRORS = 100
"""Violations that are read of one value: a body of a million wrong items tells nothing more."""
ALTERNATIVES = ("anyOf", "oneOf")
CHARACTER_KEYWORDS = ("enum", "const", "pattern")
LENGTH_KEYWORDS = ("minLength", "maxLength")
"""Keywords that cannot be checked on masked personal values.

Ingest keeps the class and shape of such a value, and of an e-mail address not even the length.
"""


class Violation(NamedTuple):
    """One violated keyword of a schema.

    `place` holds the names and indices that lead to the value; the last one is the name of a missing or unexpected member.
    `value_class` is the kind of value, `confidence` the one that the document states for the keyword.
    """

    place: tuple[str | int, ...]
    rule: str
    value_class: str
    confidence: float | None


class CompiledSchema:
    """A compiled standalone schema, with its tree for the confidence of constraints."""

    def __init__(self, text: str) -> None:
        self.tree: Any = orjson.loads(text)
        self._validator = compile_validator(self.tree)
        self.is_valid = self._validator.is_valid

    def violations(self, value: Any) -> list[Violation]:
        """Returns the violations of a value; masked values have none.

        If no alternative of `anyOf` or `oneOf` accepts the value, those of the closest one are returned.

        Raises:
            ValueError: the value is nested more deeply than the validator supports.
        """
        errors = islice(self._validator.iter_errors(value), MAX_ERRORS)
        return list(
            dict.fromkeys(
                violation for error in _leaf_errors(errors) for violation in self._to_violations(error)
            )
        )

    def _to_violations(self, error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
        kind, place = error.kind, tuple(error.instance_path)
        confidence = self._confidence(error.schema_path)
        if kind.name == REQUIRED:
            yield Violation((*place, kind.as_dict()["property"]), REQUIRED, "", confidence)
        elif kind.name in ("additionalProperties", "unevaluatedProperties"):
            holder: Any = error.instance
            for name in kind.as_dict()["unexpected"][:MAX_ERRORS]:
                yield Violation((*place, name), kind.name, classify_value(holder.get(name)), confidence)
        else:
            yield Violation(place, _violated_keyword(error), classify_value(error.instance), confidence)

    def _confidence(self, path: Sequence[str | int]) -> float | None:
        """Returns the confidence that `x-census` next to a keyword states."""
        node = self.tree
        for step in path[:-1]:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):  # through a reference
                return None
        stated = node.get(CENSUS, {}) if isinstance(node, dict) else {}
        return stated.get(path[-1]) if path else None


@lru_cache(maxsize=4096)
def compile_schema(schema: str) -> CompiledSchema:
    """Compiles a schema given as JSON text.

    Each worker process compiles a schema once and keeps it (a few kB).
    """
    return CompiledSchema(schema)


def check_parameter(parameter: Parameter, given: Sequence[str]) -> tuple[Violation, ...]:
    """Checks the values of a parameter.

    There is no violation if any way to read them conforms; of several values of a scalar, each must conform.

    Args:
        parameter: the parameter.
        given: its decoded values, in the order of the request.
    """
    if parameter.allows_empty and not any(given):
        return ()
    schema, shape = compile_schema(parameter.schema), parameter.shape
    if parameter.style == "json":
        return tuple(violation for text in given for violation in _check_json(schema, text))
    structured = list(_structured_readings(parameter, given))
    if any(schema.is_valid(value) for value in structured):
        return ()
    if shape.is_scalar:
        return tuple(dict.fromkeys(violation for text in given for violation in _check_scalar(schema, text)))
    return tuple(violation for value in structured[:1] for violation in schema.violations(value))


def _structured_readings(parameter: Parameter, given: Sequence[str]) -> Iterator[Any]:
    shape = parameter.shape
    if shape.items is not None:
        item = compile_schema(shape.items)
        yield [_best_reading(item, text) for text in parameter_values.split_items(parameter, given)]
    if shape.members is not None:
        schemas = dict(shape.members)
        yield {
            name: text if member_schema is None else _best_reading(compile_schema(member_schema), text)
            for name, text in parameter_values.parse_members(parameter, given).items()
            for member_schema in (schemas.get(name, schemas.get(MEMBER)),)
        }


def _best_reading(schema: CompiledSchema, text: str) -> Any:
    """Returns the reading of a string that fits a schema best.

    The one that conforms, or else the one that violates other rules than the type, or else the string itself.
    """
    readings = list(parameter_values.read_scalars(text))
    for value in readings:
        if schema.is_valid(value):
            return value
    return next(
        (
            value
            for value in readings
            if all(violation.rule != "type" for violation in schema.violations(value))
        ),
        text,
    )


def _check_scalar(schema: CompiledSchema, text: str) -> list[Violation]:
    value = _best_reading(schema, text)
    if schema.is_valid(value):
        return []
    kind = detect_kind(text)
    return [violation._replace(value_class=kind) for violation in schema.violations(value)]


def _check_json(schema: CompiledSchema, text: str) -> list[Violation]:
    try:
        return schema.violations(orjson.loads(text))
    except ValueError:  # not JSON, or nested too deeply
        return [Violation((), "type", detect_kind(text), None)]


def _violated_keyword(error: jsonschema_rs.ValidationError) -> str:
    """Returns the violated keyword; of the schema `false`, the keyword that holds it."""
    if error.kind.name != "falseSchema":
        return error.kind.name
    named = [
        step
        for step in error.schema_path
        if step in SCHEMA_KEYWORDS | SCHEMA_LIST_KEYWORDS | SCHEMA_MAP_KEYWORDS
    ]
    return str(named[-1]) if named else "not"


def classify_value(value: Any) -> str:
    """Returns the kind of a JSON value."""
    if isinstance(value, str):
        return detect_kind(value, "string")
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    if value is None:
        return "null"
    return detect_kind(str(value).lower() if isinstance(value, bool) else str(value))


def is_masked(value: Any) -> bool:
    """Whether ingest replaced the value by a mask, so that nothing can be checked."""
    return isinstance(value, str) and value.startswith(MASK) and detect_kind(value) in (REDACTED, TOKEN)


def _is_undecidable(value: Any, keyword: str) -> bool:
    """Whether a keyword cannot be checked because of a mask.

    Ingest masked the value, or that part of it.
    """
    if is_masked(value):
        return True
    if not isinstance(value, str) or keyword not in (*CHARACTER_KEYWORDS, *LENGTH_KEYWORDS):
        return False
    return value == EMAIL or (keyword in CHARACTER_KEYWORDS and is_personal_mask(value))


def _leaf_errors(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    for error in errors:
        if _is_undecidable(error.instance, error.kind.name) or (
            error.kind.name == "pattern" and "executing regex" in error.message
        ):
            continue  # masked, or the pattern needs more than `BACKTRACK_LIMIT` steps
        branches = error.kind.as_dict().get("context") if error.kind.name in ALTERNATIVES else None
        if not branches or any(not branch for branch in branches):  # several alternatives of oneOf accept it
            yield error
        else:
            yield from _closest_errors([list(_leaf_errors(branch)) for branch in branches])


def _closest_errors(
    branches: Sequence[list[jsonschema_rs.ValidationError]],
) -> list[jsonschema_rs.ValidationError]:
    """Returns the errors of the alternative that fits best.

    It has the value's type and the fewest errors; if none has the type, the error is about the type. An alternative without
    errors accepts the value except for masked parts.
    """
    of_type = [branch for branch in branches if not any(map(_is_mismatch, branch))]
    if of_type:
        return min(of_type, key=len)
    return [
        next((error for branch in branches for error in branch if error.kind.name == "type"), branches[0][0])
    ]


def _is_mismatch(error: jsonschema_rs.ValidationError) -> bool:
    """Whether an alternative has another type.

    One for an empty value (`maxLength: 0`) counts as such.
    """
    return error.kind.name == "type" or (
        error.kind.name == "maxLength" and error.kind.as_dict().get("limit") == 0
    )
