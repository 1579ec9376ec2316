"""Endpoints with their learned parameters, from which a document is made."""

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
"""Key of the Responses Object → column of the endpoints.

A code comes before its range (OpenAPI 3.1.0 s. 4.8.16.1).
"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A learned parameter.

    Attributes:
        location: "path", "query", "header", "cookie", "form", "part", "file" (of a multipart body), "body" or "key".
        name: Its name; in a body a JSON Pointer.
        schema: Its schema.
        required: Whether every request has it.
        requests: Requests that carried it.
    """

    location: str
    name: str
    schema: JsonSchema
    required: bool
    requests: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of one host. Times without a zone are UTC.

    Attributes:
        path_template: The template as the tables hold it ("/users/{userId}").
        statuses: Responses by class ("2XX") or code ("404").
        learned_from: Successful requests that the parameters were learned from.
        min_to_learn: The probability from which an endpoint is learned; None: any.
        left_out: Parameters that were not written.
        tested: Requests that the back-test held out.
        false_alarms: Requests among them that violated the schema.
        path_variants: The spellings of the requests' paths (`path_parameters.PATH_VARIANTS`).
        media_types: Media types of the bodies.
        schemes: Schemes seen ("https").
        reasons: Why it looks like an API.
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
    """Converts a row of the merged endpoints to an endpoint.

    Responses are counted by class as they were sent, 304 apart, whichever requests the schema was learned from.

    Args:
        row: Its column `schema` is a row of the schemas table as a mapping, or None; `schema.parameters[].schema` is JSON text.
            Optional columns: `schemes` (array of strings), `reasons` (as of `endpoints.explained`), `min_to_learn`.
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
        path_variants=tuple(schema.get("path_variants") or (PLAIN,)),
        media_types=tuple(schema.get("media_types") or ()),
        parameters=parameters_from_rows(schema.get("parameters") or ()),
        reasons=tuple(format_reasons(row.get("reasons") or ())),
    )


def timestamp(moment: datetime) -> str:
    """Formats a moment as RFC 3339 in UTC, whole seconds: `2026-06-30T12:00:00Z`."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ")


def parameters_from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    """Converts rows (or structs) of `PARAMETER_SCHEMA` to parameters."""
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
