"""One request → all values of its parameters: where each location is read."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.http.media_types import MULTIPART
from pipelines.schemas.json_body import KEY, leaves
from pipelines.schemas.multipart import parts
from pipelines.schemas.names import NAME_CHARACTERS
from pipelines.schemas.placed_values import path_values
from pipelines.schemas.recognisers import MAX_CHARACTERS
from pipelines.schemas.requests import PLAIN, writing_of
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
    found = [REQUEST]
    writing = writing_of(path)
    if writing != PLAIN:
        found.append(("written", writing, "", None, True))
    for name, value in path_values(template, path):
        found.append(("path", name, value[:MAX_CHARACTERS], None, True))
    if query:
        found += fields("query", query)
    if header_names:
        found += headers(header_names)
    if cookie_names:
        found += cookies(cookie_names)
    if body:
        if content_type:
            found.append(("media", content_type[:NAME_CHARACTERS], "", None, True))
        found += _in_body(content_type or "", body)
    return found


def _in_body(content_type: str, body: str) -> list[Observed]:
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
