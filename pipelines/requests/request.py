"""Everything that is read of one request; multipart bodies (RFC 7578).

Of multipart/form-data, names of parts and texts of fields are read, never the content of a file. Ingest keeps a media type
without its parameters, so the boundary is read from the first line of the body (RFC 2046 s. 5.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipelines.http.media_types import MULTIPART
from pipelines.http.redaction import MASK, has_secret_name
from pipelines.http.value_formats import MAX_CHARACTERS
from pipelines.requests.headers_and_cookies import read_cookie_names, read_header_names
from pipelines.requests.json_body import KEY, read_json_values
from pipelines.requests.parameter_names import NAME_CHARACTERS
from pipelines.requests.path_parameters import PLAIN, extract_path_values, path_variant_of
from pipelines.requests.urlencoded import MAX_PAIRS, Observation, observe_pairs, read_urlencoded

DELIMITER_CHARACTERS = 72
"""Two hyphens and a boundary of at most 70 characters (RFC 2046 s. 5.1.1)."""
HEAD_CHARACTERS = 2048
"""Most characters of a part's header fields: no genuine part has longer ones."""
_DELIMITER = re.compile(rf"--[^\r\n]{{1,{DELIMITER_CHARACTERS - 2}}}")
_NAME = re.compile(r'(?i)(?:^|[;\s])name="?([^"\r\n;]*)')
_IS_FILE = re.compile(r"(?i)[;\s]filename\*?=")
_TYPE = re.compile(r"(?i)(?:^|\n)content-type:[ \t]*([^\r\n;]*)")
_BLANK_LINE = re.compile(r"\r?\n\r?\n")
TEXT_TYPES = ("", "text/plain")


def read_multipart(body: str) -> list[Observation]:
    """Reads fields at location "part" with their text, files at location "file".

    Parts of other media types than text count as files. A mask stands for the content of files and for the text of fields with a
    secret name.
    """
    split = list(_split(body))
    texts = [(name, value) for name, value in split if value is not None]
    return observe_pairs("part", texts) + observe_pairs(
        "file", [(name, MASK) for name, value in split if value is None]
    )


def _split(body: str) -> Iterator[tuple[str, str | None]]:
    """Yields name and text of each part; None in place of a file's content."""
    delimiter = _DELIMITER.match(body)
    if delimiter is None:
        return
    for piece in f"\n{body}".split(f"\n{delimiter[0]}", MAX_PAIRS + 1)[1 : MAX_PAIRS + 1]:
        blank = _BLANK_LINE.search(piece, 0, HEAD_CHARACTERS)
        name = _NAME.search(piece, 0, blank.start()) if blank else None
        if blank is None or name is None:
            continue
        known = name[1][:NAME_CHARACTERS]
        head = piece[: blank.start()]
        kind = _TYPE.search(head)
        if _IS_FILE.search(head) or (kind is not None and kind[1].strip().lower() not in TEXT_TYPES):
            yield known, None
        elif has_secret_name(known):
            yield known, MASK
        else:
            yield known, piece[blank.end() :].removesuffix("\r")


FORM = "x-www-form-urlencoded"
REQUEST: Observation = ("request", "", "", None, True)


def observe_path(template: str, path: str) -> list[Observation]:
    """Reads the values of a path, and its spelling if it differs from the template's."""
    writing = path_variant_of(path)
    found: list[Observation] = [] if writing == PLAIN else [("written", writing, "", None, True)]
    for name, value in extract_path_values(template, path):
        found.append(("path", name, value[:MAX_CHARACTERS], None, True))
    return found


def observe_query(query: str | None) -> list[Observation]:
    """Reads the values of a query string."""
    return read_urlencoded("query", query) if query else []


def observe_headers(names: str | None) -> Sequence[Observation]:
    """Reads the names of header fields, one text."""
    return read_header_names(names) if names else ()


def observe_cookies(names: str | None) -> Sequence[Observation]:
    """Reads the names of cookies, one text."""
    return read_cookie_names(names) if names else ()


def observe_body(content_type: str | None, body: str | None) -> list[Observation]:
    """Reads the media type of a body and the values in it."""
    if not body:
        return []
    media: list[Observation] = (
        [("media", content_type[:NAME_CHARACTERS], "", None, True)] if content_type else []
    )
    return [*media, *_values_of(content_type or "", body)]


def _values_of(content_type: str, body: str) -> list[Observation]:
    if FORM in content_type:
        return read_urlencoded("form", body)
    if content_type.startswith(MULTIPART):
        return read_multipart(body)
    return [
        (KEY, name[:NAME_CHARACTERS], value, None, is_first)
        if json_type == KEY
        else ("body", name[:NAME_CHARACTERS], value[:MAX_CHARACTERS], json_type, is_first)
        for name, value, json_type, is_first in read_json_values(body)
    ]
