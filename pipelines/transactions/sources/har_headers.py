"""Names and values in a HAR (headers, cookies, parameters) -> dictionaries, whatever the tool wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipelines.transactions.sources.not_unicode import scalar_text

# RFC 9110 s. 5.6.2. WebPagetest writes a request line with a colon as a header named "GET /path?url=http".
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
# RFC 9110 s. 5.3 joins repeated fields by a comma, which a cookie may hold: RFC 9113 s. 8.2.3, RFC 6265 s. 3.
_JOINTS = {"cookie": "; ", "set-cookie": "\n"}


def text(value: Any) -> str | None:
    """A scalar as text, None for other values."""
    if isinstance(value, str):
        return scalar_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else None


def pairs(items: Any) -> Iterator[tuple[str, str]]:
    """Names and values of `[{"name": .., "value": ..}, ..]`, or of an object, as some tools write."""
    if isinstance(items, dict):
        items = [{"name": name, "value": value} for name, value in items.items()]
    for item in items if isinstance(items, list) else ():
        name = text(item.get("name")) if isinstance(item, dict) else None
        if name:
            yield name, text(item.get("value")) or ""


def headers(items: Any) -> tuple[dict[str, str], dict[str, str]]:
    """(header fields, HTTP/2 pseudo header fields such as `:path`) by lower-case name.

    Repeated fields are joined; what is no field name is passed over.
    """
    fields: dict[str, str] = {}
    pseudo: dict[str, str] = {}
    for name, value in pairs(items):
        key = name.strip().lower()
        if key.startswith(":"):
            pseudo.setdefault(key, value)
        elif key in fields:
            fields[key] += _JOINTS.get(key, ", ") + value
        elif _FIELD_NAME.fullmatch(key):
            fields[key] = value
    return fields, pseudo


def cookies(items: Any, header: str | None) -> dict[str, str]:
    """Cookies by name: of the HAR's list, else of the Cookie header; of a repeated name the first."""
    found: dict[str, str] = {}
    for name, value in pairs(items):
        found.setdefault(name.strip(), value)
    if not found and header:
        for part in header.split(";"):
            name, _, value = part.partition("=")
            if name.strip():
                found.setdefault(name.strip(), value.strip())
    return found
