"""Request validators of other projects, as installed by their users.

openapi-core reads OpenAPI 3.0 and 3.1, connexion 3.0.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

with warnings.catch_warnings():
    # connexion imports a test client that starlette calls old; it is not used here
    warnings.simplefilter("ignore")
    import connexion
    import httpx
    from connexion.options import SwaggerUIOptions
    from connexion.resolver import Resolver


class Sent(NamedTuple):
    """A request. `target` is a path with or without a query."""

    method: str
    target: str
    body: str | None = None
    media: str = "application/json"


def openapi_core_accepts(document: dict[str, Any], requests: Sequence[Sent]) -> list[bool]:
    """Returns whether openapi-core accepts each request."""
    api, server = OpenAPI.from_dict(deepcopy(document)), document["servers"][0]["url"]
    return [_core_accepts(api, server, one) for one in requests]


def connexion_accepts(document: dict[str, Any], requests: Sequence[Sent]) -> list[bool]:
    """Returns whether connexion's middleware accepts each request.

    An accepted request reaches a handler that always responds.
    """
    logging.getLogger("connexion").setLevel(logging.CRITICAL)
    app = connexion.AsyncApp("independent")
    app.add_api(
        deepcopy(document),
        resolver=_Answering(),
        swagger_ui_options=SwaggerUIOptions(swagger_ui=False, serve_spec=False),
    )
    return asyncio.run(_answers(app, document["servers"][0]["url"], requests))


def _core_accepts(api: OpenAPI, server: str, sent: Sent) -> bool:
    path, _, query = sent.target.partition("?")
    pairs: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        pairs.setdefault(name, []).append(value)
    body = sent.body.encode() if sent.body is not None else None
    request = MockRequest(server, sent.method.lower(), path, args=pairs, data=body, content_type=sent.media)
    try:
        api.validate_request(request)
    except OpenAPIError:
        return False
    return True


class _Answering(Resolver):  # type: ignore[misc]  # connexion has no types
    def resolve_function_from_operation_id(self, operation_id: str) -> Any:  # noqa: ARG002 - connexion's interface
        async def answer(**_: Any) -> tuple[dict[str, Any], int]:
            return {}, 200

        return answer


async def _answers(app: Any, server: str, requests: Sequence[Sent]) -> list[bool]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=server) as client:
        return [(await _sent(client, one)).status_code == 200 for one in requests]


async def _sent(client: httpx.AsyncClient, sent: Sent) -> httpx.Response:
    headers = {"content-type": sent.media} if sent.body is not None else None
    return await client.request(sent.method, sent.target, content=sent.body, headers=headers)
