"""What a document is made from: endpoints with their learned parameters, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from pipelines.endpoints.standing import format_reasons
from pipelines.http.json_values import JsonSchema
from pipelines.requests.path_parameters import PLAIN

RESPONSES = {
    "1XX": "informational", "2XX": "successful", "304": "not_modified", "3XX": "redirects", "4XX": "client_errors",
    "5XX": "server_errors",
}  # fmt: skip
"""Key of the Responses Object (OpenAPI 3.1.0 s. 4.8.16.1: a code goes before its range) → column of the endpoints."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A learned parameter: `requests` had it.

    `location`: "path", "query", "header", "cookie", "form", "part", "file" (of a multipart body) or "body", whose name is a JSON
    Pointer.
    """

    location: str
    name: str
    schema: JsonSchema
    required: bool
    requests: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of one host.

    `path_template` is as the tables hold it ("/users/{userId}"); `statuses` counts answers by class ("2XX")
    or code ("404"); `learned_from` successful requests taught the parameters, where the probability is `min_to_learn` or more
    (None: whatever it is); `left_out` parameters were not
    written; of `tested` requests that the back-test left out `false_alarms` broke the schema; requests have
    paths of the `writings` and bodies of the `media_types`; `schemes` were seen ("https"); `reasons` say why it
    looks like an API. Times without a zone are UTC.
    """

    host: str
    method: str
    path_template: str
    requests: int
    clients: int
    first_seen: datetime
    last_seen: datetime
    probability: float | None = None
    state: str = "new"
    schemes: tuple[str, ...] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    learned_from: int = 0
    min_to_learn: float | None = None
    left_out: int = 0
    tested: int = 0
    false_alarms: int = 0
    path_variants: tuple[str, ...] = (PLAIN,)
    media_types: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    reasons: tuple[str, ...] = ()


def endpoint_from_row(row: Mapping[str, Any]) -> Endpoint:
    """A row of the merged endpoints, with column `schema` (a row of the schemas table as a mapping, or None).

    Answers are counted by class as they were given, 304 apart, whatever taught the schema.
    Optional columns: `schemes` (array of strings), `reasons` (as of `endpoints.explained`), `min_to_learn`.
    `schema.parameters[].schema` is JSON text.
    """
    schema = row["schema"] or {}
    counts = {status: int(row.get(name) or 0) for status, name in RESPONSES.items()}
    return Endpoint(
        host=row["host"],
        method=row["method"],
        path_template=row["path_template"],
        requests=int(row["requests"]),
        clients=int(row["clients"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        probability=row.get("probability"),
        state=row.get("state") or "new",
        schemes=tuple(sorted(row.get("schemes") or ())),
        statuses={status: n for status, n in counts.items() if n},
        learned_from=int(schema.get("requests") or 0),
        min_to_learn=row.get("min_to_learn"),
        left_out=int(schema.get("left_out") or 0),
        tested=int(schema.get("tested") or 0),
        false_alarms=int(schema.get("false_alarms") or 0),
        path_variants=tuple(schema.get("writings") or (PLAIN,)),
        media_types=tuple(schema.get("media_types") or ()),
        parameters=parameters_from_rows(schema.get("parameters") or ()),
        reasons=tuple(format_reasons(row.get("reasons") or ())),
    )


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds: `2026-06-30T12:00:00Z`."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ")


def parameters_from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    """Rows (or structs) of `PARAMETER_SCHEMA` as values."""
    return tuple(
        Parameter(
            row["location"],
            row["name"],
            orjson.loads(row["schema"]),
            bool(row["required"]),
            int(row["requests"]),
        )
        for row in rows
    )
