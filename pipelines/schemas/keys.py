"""Keys of parameters: which parameter of which endpoint, and where in a request it is."""

from __future__ import annotations

from pipelines.endpoints.keys import ENDPOINT_KEY

PARAMETER_KEY = (*ENDPOINT_KEY, "location", "name")
OF_REQUESTS = ("request", "written", "media")
"""Locations of what is no parameter but known of requests."""
OF_BODY = ("body", "key")
"""Locations whose names are JSON Pointers."""
LOCATIONS = (
    *OF_REQUESTS,
    "path",
    "query",
    "item",
    "header",
    "cookie",
    *OF_BODY,
    "form",
    "part",
    "file",
)
"""`request` stands for the successful request itself (its name and value are empty): the number that presence
refers to. `item` is one of a list in a query value (`a,b`); names in a `body` are JSON Pointers, in a `form` fields; a `key` is
one of the map at such a pointer that ends in `{}`, of which only kind, length and characters are kept (`names.stand_in`); those
of `part` and `file` are of multipart bodies. Of `header`, `cookie` and `file` the name alone is known.
`written` stands for a path that is not written as its template (its name is one of `requests.WRITINGS`), `media` for a body
(its name is the media type).
"""
