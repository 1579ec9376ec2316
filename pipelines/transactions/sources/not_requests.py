"""Entries of a HAR that never were a request to a server: counted apart, as they are neither traffic nor broken."""

from __future__ import annotations

import re
from typing import Final

NO_ANSWER: Final = "no answer: aborted, blocked or not sent"
OTHER_SCHEME: Final = "address that is not of HTTP"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,62}):(?!\d{1,5}(?:/|$))")  # `host:8080` has a port
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
REASONS: Final = (*dict.fromkeys(_KINDS.values()), _EXTENSION, OTHER_SCHEME, NO_ANSWER)
"""Every answer of `not_request`: few, as they are counted."""


def not_request(method: str | None, url: str | None, status: str | None, *, has_answer: bool) -> str | None:
    """Why an entry never was a request that a server answered; None for one that was, or that is broken.

    Args:
        method: of the request; without one the entry is broken.
        url: of the request.
        status: as recorded: 0 (Chrome), -1 (Playwright) or nothing where there was no answer.
        has_answer: whether header fields of an answer were recorded.
    """
    if not method or not url:
        return None
    scheme = _SCHEME.match(url)
    name = scheme.group(1).lower() if scheme else None
    if name is not None and name not in _HTTP and method.upper() != "CONNECT":
        return _KINDS.get(name) or (_EXTENSION if name.endswith("extension") else OTHER_SCHEME)
    if name in _HTTP and (_is_none(status) or (not status and not has_answer)):
        return NO_ANSWER
    return None


def _is_none(status: str | None) -> bool:
    return status is not None and re.fullmatch(r"0|-\d{1,3}", status) is not None
