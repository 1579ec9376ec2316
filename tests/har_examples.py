"""A complete entry of a HAR file, and the record that is read from it.

A test changes only what it is about.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.transactions.sources.har_entries import parse_entries

ENTRY: dict[str, Any] = {
    "startedDateTime": "2026-01-02T03:04:05.678+01:00",
    "request": {
        "method": "GET",
        "url": "https://user:secret@a.example:8443/b?c=d",
        "headers": [
            {"name": "User-Agent", "value": "curl/8"},
            {"name": "Referer", "value": "https://r.example/"},
        ],
        "bodySize": 0,
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Type", "value": "text/html"}],
        "content": {"size": 12, "mimeType": "text/html"},
        "bodySize": -1,
    },
}


def har(*entries: Any) -> bytes:
    """Returns a HAR file with these entries."""
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def record(request: Any = None, response: Any = None, **fields: Any) -> dict[str, Any]:
    """Returns the record that is read from the entry with these changes."""
    entry = {
        "request": {**ENTRY["request"], **(request or {})},
        "response": {**ENTRY["response"], **(response or {})},
    }
    (parsed,) = parse_entries(har({**ENTRY, **entry, **fields}))
    return parsed


def name_value_pairs(**fields: str) -> list[dict[str, str]]:
    """Returns fields as a HAR file lists them: objects with `name` and `value`."""
    return [{"name": name.replace("_", "-"), "value": value} for name, value in fields.items()]
