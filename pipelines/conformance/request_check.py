"""Checking one request against all documents.

A value that was checked before is not checked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson

from pipelines.conformance import parameter_values
from pipelines.conformance.findings import (
    NAMELESS,
    REQUIRED,
    UNKNOWN_BODY,
    UNKNOWN_ENDPOINT,
    UNKNOWN_HOST,
    UNKNOWN_METHOD,
    UNKNOWN_PARAMETER,
    UNKNOWN_TYPE,
    UNPARSABLE,
    Finding,
    RequestCheck,
)
from pipelines.conformance.operation import Operation, Parameter, find_unknown_members
from pipelines.conformance.operations import reads_as_json
from pipelines.conformance.routes import Routes
from pipelines.conformance.value_check import Violation, check_parameter, classify_value, compile_schema
from pipelines.http.media_types import FORM
from pipelines.http.value_formats import detect_kind
from pipelines.requests.json_body import ITEM, escape_token, reference_token
from pipelines.requests.parameter_names import NAME_CHARACTERS, is_member_name
from pipelines.requests.urlencoded import parameter_name

MAX_FINDINGS = 100
"""Distinct findings of one request; five hundred made-up parameters of an attacker tell nothing more."""
REMEMBERED_CHARACTERS = 256
"""Longest value whose result is cached: longer ones rarely recur, and a cache of them could take gigabytes."""


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a transaction that are checked.

    They are as ingest stored them: credentials are masked, bodies that were too long are left out. `template` is the one that
    learning resolved the path to; if it is None, the templates of the documents decide.
    """

    host: str
    method: str
    path: str
    query: str | None = None
    content_type: str | None = None
    body: str | None = None
    template: str | None = None


class RequestChecker:
    """Checks requests; caches the results of the latest `remembered` values."""

    def __init__(self, routes: Routes, remembered: int) -> None:
        self.routes = routes
        self._remembered_check = lru_cache(maxsize=remembered)(check_parameter)

    def check_request(self, request: Request) -> RequestCheck:
        """Checks one request; never raises, whatever a client sent."""
        match = (
            self.routes.find(request.host, request.method, request.path)
            if request.template is None
            else self.routes.find_template(request.host, request.method, request.template, request.path)
        )
        if match.route is None:
            rule = UNKNOWN_ENDPOINT if self.routes.covers(request.host) else UNKNOWN_HOST
            return RequestCheck(None, (Finding("", "", rule, ""),))
        if not match.method_known:
            return RequestCheck(match.route.template, (Finding("", "", UNKNOWN_METHOD, ""),))
        operation = match.route.operation
        findings = islice(self._findings(operation, match.values, request), 10 * MAX_FINDINGS)
        return RequestCheck(match.route.template, tuple(islice(dict.fromkeys(findings), MAX_FINDINGS)))

    def _findings(
        self, operation: Operation, values: Sequence[tuple[str, str]], request: Request
    ) -> Iterator[Finding]:
        parameters = {parameter.name: parameter for parameter in operation.path}
        for name, text in values:
            if name in parameters:
                yield from self._check_value(parameters[name], (text,))
        pairs, is_whole = parameter_values.parse_pairs(request.query or "")
        yield from self._check_pairs(operation.query, pairs, "query", is_whole=is_whole, is_closed=False)
        if request.body:
            yield from self._check_body(operation, request.content_type or "", request.body)

    def _check_value(self, parameter: Parameter, given: tuple[str, ...]) -> Iterator[Finding]:
        check = self._remembered_check if sum(map(len, given)) <= REMEMBERED_CHARACTERS else check_parameter
        for violation in check(parameter, given):
            yield Finding(
                parameter.location,
                parameter.name,
                violation.rule,
                violation.value_class,
                violation.confidence,
            )

    def _check_pairs(
        self,
        parameters: tuple[Parameter, ...],
        pairs: Sequence[tuple[str, str]],
        location: str,
        *,
        is_whole: bool,
        is_closed: bool,
    ) -> Iterator[Finding]:
        given: dict[str, list[str]] = {}
        owners = _owners(parameters)
        for name, text in pairs:
            owner, key = owners.get(name), name
            if owner is None and name.endswith("]"):
                head, _, key = name[:-1].partition("[")
                owner = owners.get(parameter_name(name) or name) or owners.get(f"{head}[]")
            if owner is None:
                rule = "additionalProperties" if is_closed else UNKNOWN_PARAMETER
                yield Finding(location, publishable_name(name), rule, detect_kind(text))
                continue
            given.setdefault(owner.name, []).extend(
                (key, text) if parameter_values.is_spread_over_pairs(owner) else (text,)
            )
        for parameter in parameters:
            if parameter.name in given:
                yield from self._check_value(parameter, tuple(given[parameter.name]))
            elif parameter.required and is_whole:
                yield Finding(location, parameter.name, REQUIRED, "")

    def _check_body(self, operation: Operation, media: str, body: str) -> Iterator[Finding]:
        looks_like_json = body.lstrip()[:1] in ("{", "[")
        if FORM in media or (not media and not looks_like_json and operation.form is not None):
            if operation.form is None:
                yield Finding("body", "", UNKNOWN_TYPE if operation.media else UNKNOWN_BODY, "")
                return
            pairs, is_whole = parameter_values.parse_pairs(body)
            fields, is_closed = operation.form.fields, operation.form.is_closed
            yield from self._check_pairs(fields, pairs, "form", is_whole=is_whole, is_closed=is_closed)
        elif operation.body is not None and (reads_as_json(media) or looks_like_json):
            yield from self._check_json(operation, body, is_sure=reads_as_json(media))
        elif media not in operation.media and not {"*/*", f"{media.partition('/')[0]}/*"} & set(
            operation.media
        ):
            yield Finding("body", "", UNKNOWN_TYPE if operation.media else UNKNOWN_BODY, "")

    def _check_json(self, operation: Operation, body: str, *, is_sure: bool) -> Iterator[Finding]:
        try:
            value = orjson.loads(body)
            schema = compile_schema(operation.body or "true")
            violations = [] if schema.is_valid(value) else schema.violations(value)
        except ValueError:  # not JSON, or nested more deeply than any schema
            if is_sure:
                yield Finding("body", "", UNPARSABLE, "")
            return
        for violation in violations:
            yield Finding(
                "body", json_pointer(violation), violation.rule, violation.value_class, violation.confidence
            )
        if operation.members is not None:
            for holder, name, below in find_unknown_members(value, operation.members):
                member = f"{holder}/{publishable_member_name(name)}"
                yield Finding("body", member[:NAME_CHARACTERS], UNKNOWN_PARAMETER, classify_value(below))


@lru_cache(maxsize=4096)
def _owners(parameters: tuple[Parameter, ...]) -> dict[str, Parameter]:
    """Maps the names in a query to the parameter they belong to.

    `name[]` stands for all names of a parameter of style deepObject.
    """
    owners: dict[str, Parameter] = {}
    for parameter in parameters:
        if not parameter_values.is_spread_over_pairs(parameter):
            owners[parameter.name] = parameter
        elif parameter.style == "deepObject":
            owners[f"{parameter.name}[]"] = parameter
        else:
            owners |= {name: parameter for name, _ in parameter.shape.members or ()}
    return owners


def publishable_name(name: str) -> str:
    """Returns a field's name as learning keeps it, or `NAMELESS` if it may be a value."""
    return parameter_name(name) or NAMELESS


def publishable_member_name(name: str) -> str:
    """Returns the name of a member of a JSON body, or `NAMELESS` if it may be a value.

    The name is escaped for a JSON Pointer, as learning keeps it.
    """
    return escape_token(name[:NAME_CHARACTERS]) if name and is_member_name(name) else NAMELESS


def json_pointer(violation: Violation) -> str:
    """Formats the place of a violation in a body as a JSON Pointer.

    As in learned schemas, `*` stands for any item and `{}` for any key of a map.
    """
    tokens: list[Any] = [ITEM if isinstance(step, int) else reference_token(step) for step in violation.place]
    return "".join(f"/{name}" for name in tokens)[:NAME_CHARACTERS]
