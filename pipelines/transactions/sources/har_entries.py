"""HAR 1.1-1.3 (http://www.softwareishard.com/blog/har-12-spec/) -> RECORD rows as dictionaries."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from pipelines.transactions.sources.har_document import entries_of
from pipelines.transactions.sources.har_forms import form_text, query_text
from pipelines.transactions.sources.har_headers import cookies, headers, text
from pipelines.transactions.sources.har_time import iso_time
from pipelines.transactions.sources.not_requests import not_request

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?([^/?#@]*)")
_UNKNOWN_TYPE = "x-unknown"  # what Chrome writes for a response without content type


def entries(content: bytes, source: str = "HAR") -> Iterator[dict[str, Any]]:
    """One dictionary of RECORD fields per entry, `line` = its number from 1; absent fields are absent keys.

    Aborted requests (status 0) and `data:` URLs are delivered, with `not_request` saying what they are. An entry without the
    structure of a request yields only `line` and `error`.

    Raises:
        InputError: the document as a whole is no HAR.
    """
    for number, entry in enumerate(entries_of(content, source), start=1):
        yield {"line": number, **_record(entry)}


def _record(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return {"error": f"entry is no object but {type(entry).__name__}"}
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict):
        return {"error": "entry without a request"}
    fields, pseudo = headers(request.get("headers"))
    url = _with_query(_url(text(request.get("url")), pseudo, fields.get("host")), request.get("queryString"))
    scheme, authority = _SCHEME.match(url or ""), _AUTHORITY.match(url or "")
    post = request.get("postData")
    post = post if isinstance(post, dict) else {}
    body = _body(post)
    answer = _response(response if isinstance(response, dict) else {})
    method = text(request.get("method")) or pseudo.get(":method")
    return {
        "transaction_id": text(entry.get("_ray")),
        "time": iso_time(text(entry.get("startedDateTime"))),
        "host": (authority.group(1) if authority else fields.get("host", pseudo.get(":authority"))) or None,
        "method": method,
        "url": url,
        "scheme": scheme.group(1).lower() if scheme else None,
        "request_content_type": fields.get("content-type")
        or (text(post.get("mimeType")) if body else None)
        or None,
        "request_bytes": _size(request.get("bodySize")) or (str(len(body.encode())) if body else None),
        "user_agent": fields.get("user-agent"),
        "referer": fields.get("referer"),
        "request_headers": fields,
        "cookies": cookies(request.get("cookies"), fields.get("cookie")),
        "request_body": body,
        "not_request": not_request(
            method, url, answer["status"], has_answer=bool(answer["response_headers"])
        ),
        **answer,
    }


def _response(response: dict[str, Any]) -> dict[str, Any]:
    """Fields of the answer. Size: of the decoded content, else as transferred, which few tools know."""
    fields, pseudo = headers(response.get("headers"))
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    mime_type = text(content.get("mimeType"))
    return {
        "status": text(response.get("status")) or pseudo.get(":status"),
        "response_content_type": fields.get("content-type")
        or (mime_type if mime_type != _UNKNOWN_TYPE else None)
        or None,
        "response_bytes": _size(content.get("size")) or _size(response.get("bodySize")),
        "response_headers": fields,
    }


def _url(url: str | None, pseudo: dict[str, str], host: str | None) -> str | None:
    """The absolute URL, completed from HTTP/2 pseudo header fields or Host where a tool wrote less."""
    target = url or pseudo.get(":path")
    authority = pseudo.get(":authority") or host
    if target and target.startswith("/") and authority:
        return f"{pseudo.get(':scheme', 'http')}://{authority}{target}"
    return target


def _with_query(url: str | None, listed: Any) -> str | None:
    """The URL, completed from the listed query where a tool wrote it only there."""
    if not url or "?" in url or not listed:
        return url
    query = query_text(listed)
    address, mark, fragment = url.partition("#")
    return f"{address}?{query}{mark}{fragment}" if query else url


def _size(value: Any) -> str | None:
    """A number of bytes as text; None for -1, which HAR writes for unknown."""
    return str(int(value)) if isinstance(value, int | float) and 0 <= value < 2**63 else None


def _body(post: dict[str, Any]) -> str | None:
    """The body as recorded, decoded where base64, else the form parameters encoded again. None when empty."""
    recorded = text(post.get("text"))
    if recorded:
        return _decoded(recorded) if post.get("encoding") == "base64" else recorded
    if (text(post.get("mimeType")) or "").lower().startswith("multipart/"):
        return None  # parts that are listed, not recorded: URL encoding would contradict the content type
    return form_text(post.get("params")) or None


def _decoded(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):  # marked as base64, but is not
        return body
