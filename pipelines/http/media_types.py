"""Media types by name: bodies that are read, JSON, pages, static files."""

from __future__ import annotations

JSON = "application/json"  # RFC 8259 s. 11
FORM = "application/x-www-form-urlencoded"  # URL standard (WHATWG) s. 5
MULTIPART = "multipart/form-data"  # RFC 7578
HTML = ("text/html", "application/xhtml+xml")
"""Media types of pages."""
STATIC_PREFIXES = ("image/", "font/", "audio/", "video/", "text/css")
"""How media types of static files begin; scripts and older names of fonts do not begin alike."""


def is_json_media_type(media_type: str) -> bool:
    """Whether a media type is JSON by its name.

    That is `application/json`, or the suffix `+json` (RFC 6838 s. 4.2.8).
    """
    return media_type == JSON or media_type.endswith("+json")
