"""Media types of request bodies that are read: what they are called, and which of them say that they are JSON."""

from __future__ import annotations

JSON = "application/json"  # RFC 8259 s. 11
FORM = "application/x-www-form-urlencoded"  # URL standard (WHATWG) s. 5
MULTIPART = "multipart/form-data"  # RFC 7578


def is_json_media_type(media_type: str) -> bool:
    """Whether a body of this media type is JSON by its name (RFC 6838 s. 4.2.8: suffix `+json`)."""
    return media_type == JSON or media_type.endswith("+json")
