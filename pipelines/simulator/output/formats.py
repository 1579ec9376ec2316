"""Log formats of one transaction: Logpush NDJSON, HAR 1.2, Apache combined."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote_plus

from pipelines.simulator.traffic.transactions import Transaction

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_REASONS = {status.value: status.phrase for status in HTTPStatus}
# English regardless of the locale of the process, which strftime("%b") would follow.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_timestamp(seconds: float) -> str:
    """Formats a time as RFC 3339 in UTC with milliseconds."""
    return (
        datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{int(seconds * 1000) % 1000:03}Z"
    )


def format_day(seconds: float) -> str:
    """Formats a time as its UTC day, ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def format_logpush_line(transaction: Transaction) -> str:
    """Formats a line of Cloudflare Logpush `http_requests`, without the line end."""
    return _ENCODER.encode(
        {
            "RayID": transaction.ray_id,
            "EdgeStartTimestamp": format_timestamp(transaction.time),
            "ClientIP": transaction.client_ip,
            "ClientRequestHost": transaction.host,
            "ClientRequestMethod": transaction.method,
            "ClientRequestScheme": transaction.scheme,
            "ClientRequestURI": transaction.uri,
            "ClientRequestPath": transaction.uri.partition("?")[0],
            "ClientRequestUserAgent": transaction.user_agent,
            "ClientRequestReferer": transaction.referer,
            "ClientRequestBytes": transaction.request_bytes,
            "EdgeResponseStatus": transaction.status,
            "EdgeResponseBytes": transaction.response_bytes,
            "EdgeResponseContentType": transaction.content_type,
            "RequestHeaders": transaction.request_headers,
            "Cookies": transaction.cookies,
            "ResponseHeaders": transaction.response_headers,
            "RequestBody": transaction.request_body,
        }
    )


def format_combined_line(transaction: Transaction) -> str:
    r"""Formats a line of Apache's `combined` format, without the line end.

    The RayID is in the field of the remote log name (%l), which is usually "-".
    Quotes, backslashes and control characters are escaped as Apache does (`\"`, `\\`, `\xhh`).
    """
    moment = datetime.fromtimestamp(transaction.time, UTC)
    stamp = f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
    return (
        f"{transaction.client_ip} {transaction.ray_id} - [{stamp}] "
        f'"{transaction.method} {_escaped(transaction.uri)} HTTP/1.1" '
        f"{transaction.status} {transaction.response_bytes or '-'} "
        f'"{_escaped(transaction.referer) or "-"}" "{_escaped(transaction.user_agent) or "-"}"'
    )


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def build_har_entry(transaction: Transaction) -> dict[str, object]:
    """Builds an entry of HAR 1.2.

    The RayID is the custom field `_ray`; custom fields start with "_".
    """
    query = transaction.uri.partition("?")[2]
    request: dict[str, object] = {
        "method": transaction.method,
        "url": f"{transaction.scheme}://{transaction.host}{transaction.uri}",
        "httpVersion": "HTTP/2.0",
        "cookies": _pairs(transaction.cookies),
        "headers": _pairs(transaction.request_headers),
        "queryString": [_query_pair(part) for part in query.split("&") if part],
        "headersSize": -1,
        "bodySize": len(transaction.request_body.encode()),
    }
    if transaction.request_body:
        media = transaction.request_headers.get("content-type", "")
        request["postData"] = {"mimeType": media, "text": transaction.request_body}
    return {
        "_ray": transaction.ray_id,
        "startedDateTime": format_timestamp(transaction.time),
        "time": 40,
        "request": request,
        "response": {
            "status": transaction.status,
            "statusText": _REASONS.get(transaction.status, ""),
            "httpVersion": "HTTP/2.0",
            "cookies": [],
            "headers": _pairs(transaction.response_headers),
            # Browsers write "x-unknown" without a type: counted, 5 % of one shared HAR set.
            "content": {
                "size": transaction.response_bytes,
                "mimeType": transaction.content_type or "x-unknown",
            },
            "redirectURL": transaction.response_headers.get("location", ""),
            "headersSize": -1,
            "bodySize": transaction.response_bytes,
        },
        "cache": {},
        "timings": {"send": 1, "wait": 35, "receive": 4},
    }


def render_har_document(entries: list[dict[str, object]]) -> str:
    """Renders a HAR 1.2 document."""
    creator = {"name": "apicensus simulator", "version": "1"}
    return json.dumps(
        {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}}, ensure_ascii=False
    )


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _query_pair(part: str) -> dict[str, str]:
    name, _, value = part.partition("=")
    return {"name": unquote_plus(name), "value": unquote_plus(value)}
