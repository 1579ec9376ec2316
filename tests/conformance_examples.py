"""Documents and requests that the tests of `validate` share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pipelines.conformance.documents import Document, require_openapi
from pipelines.conformance.findings import RequestCheck
from pipelines.conformance.operations import build_routes
from pipelines.conformance.request_check import Request, RequestChecker

HOST = "api.example.com"


def openapi(paths: dict[str, Any], version: str = "3.1.0", **rest: Any) -> dict[str, Any]:
    """Returns an OpenAPI document with these paths."""
    return {
        "openapi": version,
        "info": {"title": "test", "version": "1"},
        "servers": [{"url": f"https://{HOST}"}],
        "paths": paths,
        **rest,
    }


def get(*parameters: dict[str, Any]) -> dict[str, Any]:
    """Returns a Path Item Object with a GET operation that has these parameters."""
    return {"get": {"parameters": list(parameters), "responses": {"200": {"description": "ok"}}}}


def query(name: str, schema: Any, **rest: Any) -> dict[str, Any]:
    """Returns a Parameter Object of the query."""
    return {"name": name, "in": "query", "schema": schema, **rest}


def post(schema: Any, media: str = "application/json") -> dict[str, Any]:
    """Returns a Path Item Object with a POST operation that takes this body."""
    responses = {"200": {"description": "ok"}}
    return {"post": {"requestBody": {"content": {media: {"schema": schema}}}, "responses": responses}}


def checker(*trees: dict[str, Any], notes: Counter[str] | None = None) -> RequestChecker:
    """Returns a checker of requests against these documents."""
    documents = [
        Document(f"{number}.yaml", require_openapi(f"{number}.yaml", tree))
        for number, tree in enumerate(trees)
    ]
    return RequestChecker(build_routes(documents, Counter() if notes is None else notes), 1000)


def check_request(
    check: RequestChecker, target: str, method: str = "GET", body: str | None = None, media: str | None = None
) -> RequestCheck:
    """Checks one request to `HOST`."""
    path, _, sent = target.partition("?")
    return check.check_request(Request(HOST, method, path, sent or None, media, body))


def rules(result: RequestCheck) -> list[tuple[str, str, str]]:
    """Returns (location, name, rule) of the findings."""
    return [(one.location, one.name, one.rule) for one in result.findings]


def query_findings(
    schema: Any, sent: str, version: str = "3.1.0", components: Any = None, **rest: Any
) -> list[tuple[str, str]]:
    """Returns (rule, severity) of the findings on `GET /x?sent`.

    The document describes one query parameter, `q`, with the given schema.
    """
    more = {"components": {"schemas": components}} if components else {}
    result = check_request(
        checker(openapi({"/x": get(query("q", schema, **rest))}, version, **more)), f"/x?{sent}"
    )
    return [(one.rule, one.severity) for one in result.findings]
