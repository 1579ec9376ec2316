"""HAR 1.1-1.3 → RECORD rows as dictionaries, entry by entry.

Source: http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

import orjson

from pipelines.http.text import replace_surrogates
from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.detection import decode_text

# RFC 9110 s. 5.6.2. WebPagetest writes a request line with a colon as a header named "GET /path?url=http".
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
# RFC 9110 s. 5.3 joins repeated fields by a comma, which a cookie may hold: RFC 9113 s. 8.2.3, RFC 6265 s. 3.
_JOINTS = {"cookie": "; ", "set-cookie": "\n"}


def scalar_to_text(value: Any) -> str | None:
    """Converts a scalar to text; None for other values."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else None


def name_value_pairs(items: Any) -> Iterator[tuple[str, str]]:
    """Yields the names and values of `[{"name": .., "value": ..}, ..]`.

    Also accepts an object of names and values, which some tools write instead.
    """
    if isinstance(items, dict):
        items = [{"name": name, "value": value} for name, value in items.items()]
    for item in items if isinstance(items, list) else ():
        name = scalar_to_text(item.get("name")) if isinstance(item, dict) else None
        if name:
            yield name, scalar_to_text(item.get("value")) or ""


def parse_headers(items: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Returns (header fields, pseudo-header fields) by lower-case name.

    Pseudo-header fields are those of HTTP/2 such as `:path`. Repeated fields are joined; invalid field names are skipped.
    """
    fields: dict[str, str] = {}
    pseudo: dict[str, str] = {}
    for name, value in name_value_pairs(items):
        key = name.strip().lower()
        if key.startswith(":"):
            pseudo.setdefault(key, value)
        elif key in fields:
            fields[key] += _JOINTS.get(key, ", ") + value
        elif _FIELD_NAME.fullmatch(key):
            fields[key] = value
    return fields, pseudo


def parse_cookies(items: Any, header: str | None) -> dict[str, str]:
    """Returns cookies by name, from the HAR's list or else the Cookie header.

    Of a repeated name the first value is used.
    """
    found: dict[str, str] = {}
    for name, value in name_value_pairs(items):
        found.setdefault(name.strip(), value)
    if not found and header:
        for part in header.split(";"):
            name, _, value = part.partition("=")
            if name.strip():
                found.setdefault(name.strip(), value.strip())
    return found


_ESCAPED: Final = re.compile(r"(?:[^%\s\"<>&=\x7f-\U0010ffff]|%[0-9A-Fa-f]{2})*+", re.ASCII)


def encode_form(items: Any) -> str:
    """Encodes listed parameters as a URL-encoded body; empty if there are none."""
    return urlencode(_decode_if_sent(list(name_value_pairs(items))), quote_via=quote_plus)


def encode_query(items: Any) -> str:
    """Encodes listed parameters as a query string; empty if there are none."""
    return urlencode(_decode_if_sent(list(name_value_pairs(items))), quote_via=quote)


def _decode_if_sent(found: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Returns names and values decoded; some tools list them as they were sent.

    A list is taken as sent, and is decoded once, if it contains an escape anywhere and nothing that encoded text cannot contain.
    """
    texts = [item for pair in found for item in pair]
    if any("%" in item for item in texts) and all(_ESCAPED.fullmatch(item) for item in texts):
        return [(_decoded_form(name), _decoded_form(value)) for name, value in found]
    return found


def _decoded_form(encoded: str) -> str:
    return replace_surrogates(unquote_plus(encoded, errors="replace"))


_EXPORT_AGAIN = "Export the HAR again, or leave the file out."


def parse_har(content: bytes, source: str) -> list[Any]:
    """Returns `log.entries` of a HAR 1.1-1.3, whatever its elements are.

    The text is UTF-8 or, by its byte order mark, UTF-16.

    Raises:
        InputError: not JSON (with line and column), or JSON without a list of entries.
    """
    document = _parsed(content, source)
    log = document.get("log") if isinstance(document, dict) else None
    listed = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(listed, list):
        place = "log.entries" if isinstance(log, dict) else "log"
        raise InputError(source, f"is not a HAR: {place} is missing or of the wrong type", _EXPORT_AGAIN)
    return listed


def _parsed(content: bytes, source: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass  # orjson rejects byte order marks, NaN, control characters and lone surrogates, all of which occur in real files
    try:
        return json.loads(decode_text(content), strict=False)
    except json.JSONDecodeError as error:
        problem = f"is not complete JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise InputError(source, problem, _EXPORT_AGAIN) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # a number with thousands of digits, or thousands of nested brackets
        raise InputError(source, f"holds JSON that cannot be read: {error}", _EXPORT_AGAIN) from error


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK: Final = r"(?P<clock>\d\d:\d\d(?::\d\d)?)"
_ZONE: Final = r"(?P<zone>Z|z|UTC|GMT|(?:GMT|UTC)?[+-]\d\d:?\d\d)"
_FORMS: Final = (
    # ISO 8601, also with a comma (s. 4.2.2.4) and with more digits than a microsecond has (.NET writes seven)
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[Tt ]{_CLOCK}(?:[.,](?P<fraction>\d{{1,30}}))? ?{_ZONE}?",
    # HTTP and mail (RFC 9110 s. 5.6.7, RFC 5322 s. 3.3): Fri, 27 Nov 2026 10:00:00 GMT
    rf"(?:[A-Z][a-z]{{2,8}}, ?)?(?P<day>\d{{1,2}})[ -](?P<month>[A-Z][a-z]{{2}})[ -](?P<year>\d{{4}}) {_CLOCK} {_ZONE}",
    # JavaScript's Date.toString (ECMA-262 s. 21.4.4.41): Fri Nov 27 2026 10:00:00 GMT+0100 (CET)
    rf"[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) (?P<day>\d\d) (?P<year>\d{{4}}) {_CLOCK} {_ZONE}(?: \([^()]{{0,64}}\))?",
)
_PATTERNS: Final = tuple(re.compile(form, re.ASCII) for form in _FORMS)
_FRACTION_DIGITS: Final = 6  # microseconds, the precision of a timestamp in the tables


def to_iso_time(time: str | None) -> str | None:
    """Converts a timestamp to the form `2026-11-27T10:00:00.123456+01:00`.

    Text in no known notation is returned unchanged; without a time zone in the text the result has none.
    """
    found = next((match for form in _PATTERNS if (match := form.fullmatch((time or "").strip()))), None)
    if found is None:
        return time
    parts = found.groupdict()
    month = parts["month"]
    number = month if month.isdigit() else f"{_MONTHS.index(month) + 1:02d}" if month in _MONTHS else "00"
    fraction = (parts.get("fraction") or "")[:_FRACTION_DIGITS]
    clock = parts["clock"] if parts["clock"].count(":") == 2 else f"{parts['clock']}:00"
    date = f"{parts['year']}-{number}-{int(parts['day']):02d}"
    return f"{date}T{clock}{'.' if fraction else ''}{fraction}{_offset(parts['zone'])}"


def _offset(zone: str | None) -> str:
    """Converts `+0100`, `GMT+0100` → `+01:00`; GMT, UTC and z → Z; no zone → ""."""
    if not zone:
        return ""
    digits = zone.upper().removeprefix("GMT").removeprefix("UTC").replace(":", "")
    return f"{digits[:3]}:{digits[3:]}" if digits[:1] in {"+", "-"} else "Z"


NO_RESPONSE: Final = "no answer: aborted, blocked or not sent"
OTHER_SCHEME: Final = "address that is not of HTTP"
_ANY_SCHEME: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]{1,62}):(?!\d{1,5}(?:/|$))"
)  # `host:8080` has a port
_HTTP: Final = ("http", "https", "ws", "wss")
_KINDS: Final = {
    "data": "data: address",
    "blob": "blob: address",
    "filesystem": "blob: address",
    "about": "page of the browser itself",
    "chrome": "page of the browser itself",
    "edge": "page of the browser itself",
    "devtools": "page of the browser itself",
    "resource": "page of the browser itself",
    "view-source": "page of the browser itself",
    "file": "local file",
}
_EXTENSION: Final = "file of a browser extension"
NOT_A_REQUEST_REASONS: Final = (*dict.fromkeys(_KINDS.values()), _EXTENSION, OTHER_SCHEME, NO_RESPONSE)
"""All results of `reason_not_a_request`: few, because they are counted."""


def reason_not_a_request(
    method: str | None, url: str | None, status: str | None, *, has_response: bool
) -> str | None:
    """Returns why an entry is not a request that a server answered.

    None for one that is, or that is incomplete.

    Args:
        method: of the request; an entry without one is incomplete.
        url: of the request.
        status: as recorded: 0 (Chrome), -1 (Playwright) or nothing if there was no response.
        has_response: whether header fields of a response were recorded.
    """
    if not method or not url:
        return None
    scheme = _ANY_SCHEME.match(url)
    name = scheme.group(1).lower() if scheme else None
    if name is not None and name not in _HTTP and method.upper() != "CONNECT":
        return _KINDS.get(name) or (_EXTENSION if name.endswith("extension") else OTHER_SCHEME)
    if name in _HTTP and (_means_no_response(status) or (not status and not has_response)):
        return NO_RESPONSE
    return None


def _means_no_response(status: str | None) -> bool:
    return status is not None and re.fullmatch(r"0|-\d{1,3}", status) is not None


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?([^/?#@]*)")
_UNKNOWN_TYPE = "x-unknown"  # written by Chrome for a response without content type


def parse_entries(content: bytes, source: str = "HAR") -> Iterator[dict[str, Any]]:
    """Yields one dictionary of RECORD fields per entry; absent fields are absent keys.

    `line` is the entry's number, from 1. Aborted requests (status 0) and `data:` URLs are included, with the reason in
    `not_request`. An entry without the structure of a request yields only `line` and `error`.

    Raises:
        InputError: the document as a whole is not a HAR.
    """
    for number, entry in enumerate(parse_har(content, source), start=1):
        yield {"line": number, **_record(entry)}


def _record(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return {"error": f"entry is not an object but {type(entry).__name__}"}
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict):
        return {"error": "entry without a request"}
    fields, pseudo = parse_headers(request.get("headers"))
    url = _with_query(
        _url(scalar_to_text(request.get("url")), pseudo, fields.get("host")), request.get("queryString")
    )
    scheme, authority = _SCHEME.match(url or ""), _AUTHORITY.match(url or "")
    post = request.get("postData")
    post = post if isinstance(post, dict) else {}
    body = _body(post)
    response_fields = _response(response if isinstance(response, dict) else {})
    method = scalar_to_text(request.get("method")) or pseudo.get(":method")
    return {
        "transaction_id": scalar_to_text(entry.get("_ray")),
        "time": to_iso_time(scalar_to_text(entry.get("startedDateTime"))),
        "host": (authority.group(1) if authority else fields.get("host", pseudo.get(":authority"))) or None,
        "method": method,
        "url": url,
        "scheme": scheme.group(1).lower() if scheme else None,
        "request_content_type": fields.get("content-type")
        or (scalar_to_text(post.get("mimeType")) if body else None)
        or None,
        "request_bytes": _size(request.get("bodySize")) or (str(len(body.encode())) if body else None),
        "user_agent": fields.get("user-agent"),
        "referer": fields.get("referer"),
        "request_headers": fields,
        "cookies": parse_cookies(request.get("cookies"), fields.get("cookie")),
        "request_body": body,
        "not_request": reason_not_a_request(
            method, url, response_fields["status"], has_response=bool(response_fields["response_headers"])
        ),
        **response_fields,
    }


def _response(response: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields of the response.

    The size is that of the decoded content, otherwise the transferred size, which few tools record.
    """
    fields, pseudo = parse_headers(response.get("headers"))
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    mime_type = scalar_to_text(content.get("mimeType"))
    return {
        "status": scalar_to_text(response.get("status")) or pseudo.get(":status"),
        "response_content_type": fields.get("content-type")
        or (mime_type if mime_type != _UNKNOWN_TYPE else None)
        or None,
        "response_bytes": _size(content.get("size")) or _size(response.get("bodySize")),
        "response_headers": fields,
    }


def _url(url: str | None, pseudo: dict[str, str], host: str | None) -> str | None:
    """Returns the absolute URL.

    If a tool wrote less, it is completed from HTTP/2 pseudo-header fields or Host.
    """
    target = url or pseudo.get(":path")
    authority = pseudo.get(":authority") or host
    if target and target.startswith("/") and authority:
        return f"{pseudo.get(':scheme', 'http')}://{authority}{target}"
    return target


def _with_query(url: str | None, listed: Any) -> str | None:
    """Returns the URL, with the listed query appended if the URL itself has none."""
    if not url or "?" in url or not listed:
        return url
    query = encode_query(listed)
    address, mark, fragment = url.partition("#")
    return f"{address}?{query}{mark}{fragment}" if query else url


def _size(value: Any) -> str | None:
    """Converts a number of bytes to text; None for -1, which HAR writes for unknown."""
    return str(int(value)) if isinstance(value, int | float) and 0 <= value < 2**63 else None


def _body(post: dict[str, Any]) -> str | None:
    """Returns the body as recorded, decoded if it is base64; None if it is empty.

    Without a recorded text, listed form parameters are encoded again.
    """
    recorded = scalar_to_text(post.get("text"))
    if recorded:
        return _decoded(recorded) if post.get("encoding") == "base64" else recorded
    if (scalar_to_text(post.get("mimeType")) or "").lower().startswith("multipart/"):
        return None  # parts are listed without their text: URL encoding would contradict the content type
    return encode_form(post.get("params")) or None


def _decoded(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):  # declared as base64, but is not
        return body
