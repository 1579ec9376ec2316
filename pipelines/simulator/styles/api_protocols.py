"""API styles without collections: GraphQL, remote procedures, SOAP, forms."""

from __future__ import annotations

from random import Random

from pipelines.simulator.styles.api_styles import declare_operation
from pipelines.simulator.vocabulary.api_conventions import ApiConventions
from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import Values
from pipelines.simulator.vocabulary.words import NOUNS, VERBS, draw_text, join_words

FORM = "application/x-www-form-urlencoded"


def _names(rng: Random, size: int, case: str) -> tuple[str, ...]:
    return tuple(join_words(f"{rng.choice(VERBS)}-{rng.choice(NOUNS)}", case) for _ in range(size))


def declare_graphql(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares GraphQL: one path, many operations, errors with status 200.

    Some sites use GET with a persisted query as well.
    """
    path = rng.choice(
        ("/graphql", "/graphql", "/api/graphql", "/gql", "/query", f"/{rng.choice(NOUNS)}/graphql", "/graph")
    )
    names = _names(rng, 3 * size, "pascal")
    query = tuple(
        f"query {name} {{ {join_words(rng.choice(NOUNS), 'camel')} {{ id name }} }}" for name in names
    )
    fields = (
        ("operationName", Values("enum", names)),
        ("query", Values("graphql", query)),
        ("variables", Values("object")),
    )
    body = tuple(Parameter("body", name, values) for name, values in fields)
    media = rng.choice(
        (conventions.media, "application/json; charset=utf-8", "application/graphql-response+json")
    )
    responses = make_responses(
        [(0.97, 200, media, 3000), (0.02, 400, media, 200), (0.01, 500, conventions.error_media, 90)]
    )
    operations = [
        declare_operation(
            conventions,
            "graphql",
            "POST",
            path,
            body,
            responses,
            request_media="application/json",
            weight=10 * size,
        )
    ]
    if rng.random() < 0.4:
        stored = (
            Parameter("query", "operationName", Values("enum", names)),
            Parameter("query", "variables", Values("object"), 0.8),
            Parameter("query", "extensions", Values("object")),
        )
        operations.append(
            declare_operation(conventions, "graphql", "GET", path, stored, responses, weight=3 * size)
        )
    return operations


def declare_json_rpc(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares JSON-RPC 2.0 at one path, or at a path per procedure."""
    names = _names(rng, 2 * size, "camel")
    body = (
        Parameter("body", "jsonrpc", Values("enum", ("2.0",))),
        Parameter("body", "method", Values("enum", names)),
        Parameter("body", "params", Values("object")),
        Parameter("body", "id", Values("int")),
    )
    if rng.random() < 0.5:
        paths = [rng.choice(("/rpc", "/jsonrpc", "/api/jsonrpc", "/", f"{conventions.base}/rpc"))]
    else:
        paths = [f"{conventions.base or '/rpc'}/{name}" for name in dict.fromkeys(names)]
    responses = make_responses(
        [(0.98, 200, conventions.media, 600), (0.02, 500, conventions.error_media, 120)]
    )
    sends = rng.choice(("application/json", "application/json", "application/json-rpc", "text/plain"))
    return [
        declare_operation(
            conventions, "json-rpc", "POST", path, body, responses, request_media=sends, weight=4
        )
        for path in paths
    ]


def declare_grpc_web(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares gRPC, gRPC-Web or Connect: POST to `/package.v1.Service/Method`.

    Errors are in trailers, with status 200.
    """
    media = rng.choice(
        (
            "application/grpc-web+proto",
            "application/grpc-web-text",
            "application/grpc",
            "application/proto",
            "application/json",
        )
    )
    service = (
        draw_text(rng, "{n}.v1. {n}.v2. {n}.api. {n}.{n}.v1.")
        + join_words(rng.choice(NOUNS), "pascal")
        + "Service"
    )
    responses = make_responses(
        [(0.97, 200, media, 700), (0.02, 200, media, 0), (0.01, 503, "text/plain", 60)]
    )
    return [
        declare_operation(
            conventions,
            "grpc-web",
            "POST",
            f"/{service}/{name}",
            (),
            responses,
            request_media=media,
            weight=rng.random() * 5 + 0.2,
        )
        for name in dict.fromkeys(_names(rng, 2 * size, "pascal"))
    ]


def declare_soap(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares SOAP 1.1 and 1.2 (media types of the W3C notes)."""
    media, operations = rng.choice(("text/xml; charset=utf-8", "application/soap+xml; charset=utf-8")), []
    responses = make_responses([(0.95, 200, media, 2500), (0.05, 500, media, 600)])
    folder, suffix = draw_text(rng, "/services/ /soap/ /ws/ /"), draw_text(rng, "~ ~ .asmx .svc Service .php")
    for noun in rng.sample(NOUNS, max(1, size // 2)):
        path, body = f"{folder}{join_words(noun, 'pascal')}{suffix}", conventions.body(rng, 5)
        operations.append(
            declare_operation(
                conventions, "soap", "POST", path, body, responses, request_media=media, weight=3
            )
        )
    return operations


def declare_form_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares form-encoded calls whose response is JSON or plain text.

    OAuth tokens, webhooks and older SDKs work like this.

    Counted: 99 % of the Azure POSTs and 26 % of the browser POST calls are form-encoded.
    """
    operations = []
    for name in dict.fromkeys(_names(rng, size, conventions.case)):
        media = rng.choice((conventions.media, conventions.media, "text/plain", "text/plain; charset=utf-8"))
        responses = conventions.responses(rng, "POST", 250, media)
        path = f"{conventions.base}/{name}"
        operations.append(
            declare_operation(
                conventions,
                "form-api",
                "POST",
                path,
                conventions.body(rng, 6),
                responses,
                request_media=FORM,
                weight=2,
            )
        )
    return operations
