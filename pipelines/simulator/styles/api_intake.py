"""API calls that look like files or need no session.

Uploads, exports, object storage, streams, telemetry and login; also the tables of all API styles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from pipelines.simulator.styles.api_events import declare_query_calls
from pipelines.simulator.styles.api_partners import declare_partner_calls
from pipelines.simulator.styles.api_protocols import (
    FORM,
    declare_form_calls,
    declare_graphql,
    declare_grpc_web,
    declare_json_rpc,
    declare_soap,
)
from pipelines.simulator.styles.api_styles import (
    declare_hal,
    declare_json_api,
    declare_odata,
    declare_operation,
    declare_rest,
    declare_suffixed_endpoints,
    declare_xml_endpoints,
)
from pipelines.simulator.styles.api_tenants import declare_tenant_services
from pipelines.simulator.vocabulary.api_conventions import ApiConventions, make_values
from pipelines.simulator.vocabulary.operation import Operation, Parameter, make_responses
from pipelines.simulator.vocabulary.values import Values
from pipelines.simulator.vocabulary.web_conventions import make_query_parameters
from pipelines.simulator.vocabulary.words import NOUNS, draw_text

_BINARY = (
    "application/octet-stream",
    "application/pdf",
    "image/png",
    "image/jpeg",
    "application/zip",
    "audio/mpeg",
)
_TABLES = (
    "text/csv",
    "text/csv; charset=utf-8",
    "application/vnd.ms-excel",
    "application/x-ndjson",
    "text/plain",
)
_EVENTS = ("text/event-stream", "text/event-stream;charset=UTF-8", "application/x-ndjson")


def declare_files(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares uploads, downloads, exports and rendered pictures.

    Their bodies look like files.
    """
    operations = []
    for noun in rng.sample(NOUNS, max(1, size // 2)):
        root, key = f"{conventions.base}/{conventions.collection(noun)}", conventions.variable(rng, noun)
        item, binary = f"{root}/{{{key.name}}}", rng.choice(_BINARY)
        responses, form = conventions.responses(rng, "POST", 300), "multipart/form-data; boundary=x7"
        upload = f"{root}{draw_text(rng, '/upload /import ~ /files')}"
        operations.append(
            declare_operation(conventions, "upload", "POST", upload, (), responses, request_media=form)
        )
        responses, sends = conventions.responses(rng, "PUT", 100), rng.choice((binary, "text/plain"))
        content = f"{item}/{draw_text(rng, 'content data file blob')}"
        operations.append(
            declare_operation(conventions, "upload", "PUT", content, (key,), responses, request_media=sends)
        )
        responses = conventions.responses(rng, "GET", 60000, binary)
        content = f"{item}/{draw_text(rng, 'content download file raw thumbnail render pdf')}"
        operations.append(
            declare_operation(conventions, "download", "GET", content, (key,), responses, weight=2)
        )
        responses = conventions.responses(rng, "GET", 30000, rng.choice(_TABLES))
        export = f"{root}{draw_text(rng, '/export .csv /export.csv /report')}"
        operations.append(
            declare_operation(conventions, "csv", "GET", export, conventions.query(rng, 4), responses)
        )
    return operations


def declare_document_contents(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares documents that are managed by name.

    JSON about a file whose path ends in an extension, and redirects to archives.
    """
    owner, name = conventions.variable(rng, rng.choice(NOUNS)), Parameter("path", "file", Values("file-name"))
    root = f"{conventions.base}/{conventions.collection(rng.choice(NOUNS))}/{{{owner.name}}}"
    tail = draw_text(rng, "contents files blobs documents attachments")
    operations = []
    for method, weight in (("GET", 3), ("PUT", 2), ("DELETE", 1)):
        sends, body = ("application/json", conventions.body(rng, 4)) if method == "PUT" else ("", ())
        responses = conventions.responses(rng, method, 400 * size)
        path, given = f"{root}/{tail}/{{file}}", (owner, name, *body)
        operations.append(
            declare_operation(
                conventions, "contents", method, path, given, responses, request_media=sends, weight=weight
            )
        )
    moved = make_responses(
        [(0.95, 302, rng.choice(("", "", "text/html")), 0), (0.05, 404, conventions.error_media, 90)]
    )
    operations.append(declare_operation(conventions, "contents", "GET", f"{root}/archive", (owner,), moved))
    index = make_responses([(0.98, 200, conventions.media, 900), (0.02, 401, conventions.error_media, 90)])
    operations.append(
        declare_operation(conventions, "contents", "GET", "/", conventions.query(rng, 2), index, weight=0.5)
    )
    return operations


def declare_object_store(rng: Random, conventions: ApiConventions, _size: int) -> list[Operation]:
    """Declares storage of objects by bucket and key.

    XML listings at the root, uploads and downloads, empty responses.
    """
    bucket = conventions.variable(rng, "bucket", rng.choice(("slug", "uuid", "user-name")))
    name, xml_media = Parameter("path", "key", Values("file-name")), "application/xml"
    root = f"/{{{bucket.name}}}" if rng.random() < 0.6 else ""
    given: tuple[Parameter, ...] = (bucket,) if root else ()
    listing = make_query_parameters("comp:word prefix:word marker:base62 maxresults:choice", 0.7)
    operations = [
        declare_operation(
            conventions,
            "object-store",
            "GET",
            root or "/",
            (*given, *listing),
            conventions.responses(rng, "GET", 3000, xml_media),
            weight=4,
        )
    ]
    for method, media, weight in (
        ("GET", rng.choice(_BINARY), 4),
        ("PUT", "", 3),
        ("DELETE", "", 1),
        ("HEAD", rng.choice(_BINARY), 1),
    ):
        responses = make_responses(
            [(0.96, {"PUT": 201, "DELETE": 202}.get(method, 200), media, 40000), (0.04, 404, xml_media, 220)]
        )
        sends = rng.choice(_BINARY) if method == "PUT" else ""
        parameters = (*given, name)
        operations.append(
            declare_operation(
                conventions,
                "object-store",
                method,
                f"{root}/{{key}}",
                parameters,
                responses,
                request_media=sends,
                weight=weight,
            )
        )
    return operations


def declare_event_streams(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares server-sent events and long polling."""
    responses = conventions.responses(rng, "GET", 5000, rng.choice(_EVENTS))
    path = f"{conventions.base}/{draw_text(rng, 'events stream live subscribe notifications/stream eval {s}/watch')}"
    return [
        declare_operation(
            conventions, "stream", "GET", path, conventions.query(rng, 2), responses, weight=size
        )
    ]


_INTAKE = ("track", "log", "events", "batch", "identify", "metrics", "envelope", "collect", "sessions")
_INTAKE_MEDIA = ("application/json", "application/json", "text/plain;charset=UTF-8", "application/x-ndjson")


def declare_telemetry(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares the event intake of an analytics or logging product.

    Its SDK sends JSON; the response is small or empty.
    """
    operations = []
    for name in rng.sample(_INTAKE, min(3, size)):
        media = rng.choice((conventions.media, conventions.media, "text/plain", ""))
        good = rng.choice(((200, media, 20), (202, media, 30), (204, "", 0), (200, media, 2)))
        responses, sends = (
            make_responses([(0.97, *good), (0.03, 429, conventions.error_media, 60)]),
            rng.choice(_INTAKE_MEDIA),
        )
        path, body = f"{conventions.base}/{name}", conventions.body(rng)
        operations.append(
            declare_operation(
                conventions,
                "telemetry",
                "POST",
                path,
                body,
                responses,
                request_media=sends,
                weight=4,
                public=True,
            )
        )
    return operations


def declare_unauthenticated_calls(rng: Random, conventions: ApiConventions, size: int) -> list[Operation]:
    """Declares login, health checks and public data.

    These calls have no session identifier, so discovery by session identifiers does not find them.
    """
    operations = [_login(rng, conventions), _health(rng, conventions)]
    for noun in rng.sample(NOUNS, max(1, size // 3)):
        root = (
            f"{conventions.base}/{draw_text(rng, 'public open catalog {n}')}/{conventions.collection(noun)}"
        )
        key, responses = conventions.variable(rng, noun), conventions.responses(rng, "GET", 5000)
        country = Parameter("query", conventions.field("country-code"), make_values(rng, "country"), 0.3)
        listing, item = (*conventions.query(rng, 5), country), f"{root}/{{{key.name}}}"
        for path, parameters in ((root, listing), (item, (key,))):
            operations.append(
                declare_operation(
                    conventions, "public-data", "GET", path, parameters, responses, weight=3, public=True
                )
            )
    return operations


def _login(rng: Random, conventions: ApiConventions) -> Operation:
    secret = (
        Parameter("body", conventions.field("user-name"), Values("email")),
        Parameter("body", "password", Values("base62")),
    )
    path = conventions.base + draw_text(
        rng, "/login /auth/login /auth/token /oauth/token /sessions /signin /authenticate /oauth2/v2.0/token"
    )
    responses = make_responses(
        [(0.85, 200, conventions.media, 700), (0.15, 401, conventions.error_media, 80)]
    )
    sends = rng.choice(("application/json", "application/json", FORM))
    return declare_operation(
        conventions, "login", "POST", path, secret, responses, request_media=sends, weight=2, public=True
    )


def _health(rng: Random, conventions: ApiConventions) -> Operation:
    media = rng.choice((conventions.media, conventions.media, "text/plain", "text/plain; charset=utf-8", ""))
    path = rng.choice(("", conventions.base)) + draw_text(
        rng, "/health /healthz /status /ping /ready /actuator/health /version /info"
    )
    responses = make_responses([(0.99, 200, media, 20), (0.01, 503, media, 30)])
    probed = declare_operation(conventions, "health", "GET", path, (), responses, weight=2, public=True)
    return replace(
        probed, audience=(("monitor", 0.8), *((role, 0.2 * share) for role, share in conventions.audience))
    )


MAIN_STYLES: dict[str, tuple[Callable[[Random, ApiConventions, int], list[Operation]], int]] = {
    "rest": (declare_rest, 46),
    "json-api": (declare_json_api, 4),
    "hal": (declare_hal, 4),
    "xml": (declare_xml_endpoints, 5),
    "odata": (declare_odata, 4),
    "suffixed": (declare_suffixed_endpoints, 10),
    "graphql": (declare_graphql, 9),
    "json-rpc": (declare_json_rpc, 5),
    "grpc-web": (declare_grpc_web, 5),
    "soap": (declare_soap, 4),
    "form": (declare_form_calls, 6),
    "telemetry": (declare_telemetry, 4),
    "object-store": (declare_object_store, 5),
    "query-call": (declare_query_calls, 8),
    "tenants": (declare_tenant_services, 7),
    "partners": (declare_partner_calls, 3),
}
"""Main styles with their weights in a fleet of sites."""

EXTRA_STYLES: tuple[tuple[Callable[[Random, ApiConventions, int], list[Operation]], float], ...] = (
    (declare_unauthenticated_calls, 0.75),
    (declare_files, 0.3),
    (declare_document_contents, 0.12),
    (declare_event_streams, 0.12),
    (declare_telemetry, 0.15),
    (declare_form_calls, 0.12),
    (declare_graphql, 0.08),
    (declare_suffixed_endpoints, 0.1),
    (declare_tenant_services, 0.05),
    (declare_partner_calls, 0.05),
)
"""Styles that many APIs have in addition to their main style, with the share of sites."""
