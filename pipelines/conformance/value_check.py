"""A value against a schema → broken rules: keyword, place, kind of the value, what the document says of its confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from pipelines.conformance import parameter_values as reading
from pipelines.conformance.findings import REQUIRED
from pipelines.conformance.openapi_schema import EVIDENCE, NAMED, ONE, SEVERAL, validator
from pipelines.conformance.operation import Parameter
from pipelines.http.masking.personal import EMAIL, is_personal_mask
from pipelines.http.redaction import MASK
from pipelines.http.value_formats import REDACTED, TOKEN, kind_of
from pipelines.requests.json_body import MEMBER

MAX_ERRORS = 100
"""Broken rules that are read of one value: a body of a million wrong items says nothing more."""
ALTERNATIVES = ("anyOf", "oneOf")
OF_CHARACTERS = ("enum", "const", "pattern")
OF_LENGTH = ("minLength", "maxLength")
"""Keywords that cannot be judged where ingest kept class and shape of a personal value, and of an address no length."""


class Broken(NamedTuple):
    """`place`: names and numbers down to the value, of a missing or unexpected member with its name."""

    place: tuple[str | int, ...]
    rule: str
    value_class: str
    confidence: float | None


class Compiled:
    """A standalone schema, compiled, with its tree for what it says of its constraints."""

    def __init__(self, text: str) -> None:
        self.tree: Any = orjson.loads(text)
        self._validator = validator(self.tree)
        self.is_valid = self._validator.is_valid

    def broken(self, value: Any) -> list[Broken]:
        """Broken rules, of alternatives those of the one that fits best. Masked values break none.

        Raises:
            ValueError: the value is nested more deeply than the validator goes.
        """
        errors = islice(self._validator.iter_errors(value), MAX_ERRORS)
        return list(dict.fromkeys(one for error in _leaves(errors) for one in self._told(error)))

    def _told(self, error: jsonschema_rs.ValidationError) -> Iterator[Broken]:
        kind, place = error.kind, tuple(error.instance_path)
        confidence = self._confidence(error.schema_path)
        if kind.name == REQUIRED:
            yield Broken((*place, kind.as_dict()["property"]), REQUIRED, "", confidence)
        elif kind.name in ("additionalProperties", "unevaluatedProperties"):
            for name in kind.as_dict()["unexpected"][:MAX_ERRORS]:
                yield Broken((*place, name), kind.name, value_class(error.instance.get(name)), confidence)  # type: ignore[union-attr]
        else:
            yield Broken(place, _keyword(error), value_class(error.instance), confidence)

    def _confidence(self, path: Sequence[str | int]) -> float | None:
        """What `x-census` beside the keyword says."""
        node = self.tree
        for step in path[:-1]:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):  # through a reference
                return None
        stated = node.get(EVIDENCE, {}) if isinstance(node, dict) else {}
        return stated.get(path[-1]) if path else None


@lru_cache(maxsize=4096)
def compiled(schema: str) -> Compiled:
    """The schema of this text; a worker process compiles each once. Some kB each."""
    return Compiled(schema)


def broken_by(parameter: Parameter, given: Sequence[str]) -> tuple[Broken, ...]:
    """Broken rules of a parameter's texts (decoded): none where any reading of them conforms.

    Of several texts of a scalar each must conform.
    """
    if parameter.allows_empty and not any(given):
        return ()
    schema, shape = compiled(parameter.schema), parameter.shape
    if parameter.style == "json":
        return tuple(rule for text in given for rule in _of_json(schema, text))
    structured = list(_structured(parameter, given))
    if any(schema.is_valid(value) for value in structured):
        return ()
    if shape.is_scalar:
        return tuple(dict.fromkeys(rule for text in given for rule in _of_scalar(schema, text)))
    return tuple(rule for value in structured[:1] for rule in schema.broken(value))


def _structured(parameter: Parameter, given: Sequence[str]) -> Iterator[Any]:
    shape = parameter.shape
    if shape.items is not None:
        item = compiled(shape.items)
        yield [_best(item, text) for text in reading.listed(parameter, given)]
    if shape.members is not None:
        known = dict(shape.members)
        yield {
            name: text if schema_of is None else _best(compiled(schema_of), text)
            for name, text in reading.entries(parameter, given).items()
            for schema_of in (known.get(name, known.get(MEMBER)),)
        }


def _best(schema: Compiled, text: str) -> Any:
    """The reading that conforms, else the one that breaks something other than the type, else the text."""
    readings = list(reading.scalars(text))
    for value in readings:
        if schema.is_valid(value):
            return value
    return next(
        (value for value in readings if all(one.rule != "type" for one in schema.broken(value))), text
    )


def _of_scalar(schema: Compiled, text: str) -> list[Broken]:
    value = _best(schema, text)
    if schema.is_valid(value):
        return []
    kind = kind_of(text)
    return [one._replace(value_class=kind) for one in schema.broken(value)]


def _of_json(schema: Compiled, text: str) -> list[Broken]:
    try:
        return schema.broken(orjson.loads(text))
    except ValueError:  # no JSON, or nested too deeply
        return [Broken((), "type", kind_of(text), None)]


def _keyword(error: jsonschema_rs.ValidationError) -> str:
    """The broken keyword; of a schema that takes nothing (`false`) the keyword that it stands in."""
    if error.kind.name != "falseSchema":
        return error.kind.name
    named = [step for step in error.schema_path if step in ONE | SEVERAL | NAMED]
    return str(named[-1]) if named else "not"


def value_class(value: Any) -> str:
    """The kind of a JSON value."""
    if isinstance(value, str):
        return kind_of(value, "string")
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    if value is None:
        return "null"
    return kind_of(str(value).lower() if isinstance(value, bool) else str(value))


def is_masked(value: Any) -> bool:
    """Whether ingest wrote a mask in place of the value, of which nothing can be said."""
    return isinstance(value, str) and value.startswith(MASK) and kind_of(value) in (REDACTED, TOKEN)


def _cannot_tell(value: Any, keyword: str) -> bool:
    """Whether the value is masked, or of a personal value what the keyword asks for."""
    if is_masked(value):
        return True
    if not isinstance(value, str) or keyword not in (*OF_CHARACTERS, *OF_LENGTH):
        return False
    return value == EMAIL or (keyword in OF_CHARACTERS and is_personal_mask(value))


def _leaves(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    for error in errors:
        if _cannot_tell(error.instance, error.kind.name) or (
            error.kind.name == "pattern" and "executing regex" in error.message
        ):
            continue  # masked, or the pattern needs more steps than it may take
        branches = error.kind.as_dict().get("context") if error.kind.name in ALTERNATIVES else None
        if not branches or any(not branch for branch in branches):  # several of oneOf fit
            yield error
        else:
            yield from _closest([list(_leaves(branch)) for branch in branches])


def _closest(branches: Sequence[list[jsonschema_rs.ValidationError]]) -> list[jsonschema_rs.ValidationError]:
    """Errors of the alternative that fits best: of the value's type, with the fewest errors; else one of type.

    An alternative without errors fits but for masked values.
    """
    of_type = [branch for branch in branches if not any(map(_is_of_no_use, branch))]
    if of_type:
        return min(of_type, key=len)
    return [
        next((error for branch in branches for error in branch if error.kind.name == "type"), branches[0][0])
    ]


def _is_of_no_use(error: jsonschema_rs.ValidationError) -> bool:
    """Another type, or the alternative that stands for an empty value (`maxLength: 0`)."""
    return error.kind.name == "type" or (
        error.kind.name == "maxLength" and error.kind.as_dict().get("limit") == 0
    )
