"""One request read at a time: the oracle for reading requests in Arrow batches."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.requests.request import (
    REQUEST,
    observe_body,
    observe_cookies,
    observe_headers,
    observe_path,
    observe_query,
)
from pipelines.requests.urlencoded import Observation


class Request(NamedTuple):
    """The parts of a transaction that are read.

    Names of header fields and of cookies are one text each (`headers_and_cookies.SEPARATOR`).
    """

    path_template: str
    path: str
    query: str | None = None
    content_type: str | None = None
    body: str | None = None
    header_names: str | None = None
    cookie_names: str | None = None


def observe_request(request: Request) -> list[Observation]:
    """Reads a request: itself, the spelling of its path, its media type, all values.

    Values are those in path, query, header fields, cookies and body. Names are cut to `NAME_CHARACTERS`, values to
    `MAX_CHARACTERS`.
    """
    template, path, query, content_type, body, header_names, cookie_names = request
    return [
        REQUEST,
        *observe_path(template, path),
        *observe_query(query),
        *observe_headers(header_names),
        *observe_cookies(cookie_names),
        *observe_body(content_type, body),
    ]
