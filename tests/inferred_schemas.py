"""Infers the schema of a parameter from its values, without Spark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator

from pipelines.runtime.settings import load_settings
from pipelines.schemas.inference.infer import InferredSchema, infer_schema
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from tests import strategies
from tests.oracles.parameter_state import fold, observe

SETTINGS = load_settings().schemas
DAY = date(2026, 6, 1)
FORMATS = Draft202012Validator.FORMAT_CHECKER
Observation = tuple[str, str, date, bool]


def infer_observations(observations: Iterable[Observation], name: str = "q") -> InferredSchema:
    """Infers the schema of one parameter from its observations."""
    state = fold(
        observe(value, client, day, is_first=is_first) for value, client, day, is_first in observations
    )
    return infer_schema(name, state.evidence(), SETTINGS)


def infer_values(values: Iterable[str], name: str = "q", clients: int = 7) -> InferredSchema:
    """Infers the schema of `values`, one a request, sent by `clients` in turn."""
    return infer_observations(((value, f"c{i % clients}", DAY, True) for i, value in enumerate(values)), name)


def schema_of(values: Iterable[str], **arguments: Any) -> dict[str, Any]:
    """Returns the JSON Schema of `values`, without the evidence."""
    schema: dict[str, Any] = without_evidence(to_json_schema(infer_values(values, **arguments)))
    return schema


def accepts(schema: dict[str, Any], value: str) -> bool:
    """Returns whether a validator accepts the text under any of its readings."""
    validator = Draft202012Validator(schema, format_checker=FORMATS)
    return any(validator.is_valid(form) for form in strategies.parsed_values(value))
