"""One request → all values of its parameters: where each location is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.http.media_types import MULTIPART
from pipelines.schemas.json_body import KEY, leaves
from pipelines.schemas.multipart import parts
from pipelines.schemas.names import NAME_CHARACTERS
from pipelines.schemas.path_segments import PLAIN, writing_of
from pipelines.schemas.placed_values import path_values
from pipelines.schemas.recognisers import MAX_CHARACTERS
from pipelines.schemas.sent_names import cookies, headers
from pipelines.schemas.sent_pairs import Observed, fields

FORM = "x-www-form-urlencoded"
REQUEST: Observed = ("request", "", "", None, True)


class Request(NamedTuple):
    """What is read of a transaction; names of header fields and cookies are one text each (`sent_names.SEPARATOR`)."""

    path_template: str
    path: str
    query: str | None = None
    content_type: str | None = None
    body: str | None = None
    header_names: str | None = None
    cookie_names: str | None = None


def observed(request: Request) -> list[Observed]:
    """The request itself, its path as written, its media type, and the values in path, query, headers, cookies and body.

    Names are cut to `NAME_CHARACTERS`, values to `MAX_CHARACTERS`.
    """
    template, path, query, content_type, body, header_names, cookie_names = request
    return [
        REQUEST, *in_path(template, path), *in_query(query), *in_headers(header_names), *in_cookies(cookie_names),
        *in_body(content_type, body),
    ]  # fmt: skip


def in_path(template: str, path: str) -> list[Observed]:
    """How a path is written, where that is not as its template, and its values."""
    writing = writing_of(path)
    found: list[Observed] = [] if writing == PLAIN else [("written", writing, "", None, True)]
    for name, value in path_values(template, path):
        found.append(("path", name, value[:MAX_CHARACTERS], None, True))
    return found


def in_query(query: str | None) -> list[Observed]:
    """The values of a query string."""
    return fields("query", query) if query else []


def in_headers(names: str | None) -> Sequence[Observed]:
    """Names of header fields, one text."""
    return headers(names) if names else ()


def in_cookies(names: str | None) -> Sequence[Observed]:
    """Names of cookies, one text."""
    return cookies(names) if names else ()


def in_body(content_type: str | None, body: str | None) -> list[Observed]:
    """The media type of a body and the values in it."""
    if not body:
        return []
    media: list[Observed] = (
        [("media", content_type[:NAME_CHARACTERS], "", None, True)] if content_type else []
    )
    return [*media, *_values_of(content_type or "", body)]


def _values_of(content_type: str, body: str) -> list[Observed]:
    if FORM in content_type:
        return fields("form", body)
    if content_type.startswith(MULTIPART):
        return parts(body)
    return [
        (KEY, name[:NAME_CHARACTERS], value, None, is_first)
        if json_type == KEY
        else ("body", name[:NAME_CHARACTERS], value[:MAX_CHARACTERS], json_type, is_first)
        for name, value, json_type, is_first in leaves(body)
    ]
