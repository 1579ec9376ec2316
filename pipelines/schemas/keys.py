"""Keys of parameters: the endpoint, the location in a request and the name."""

from __future__ import annotations

from pipelines.endpoints.keys import ENDPOINT_KEY

PARAMETER_KEY = (*ENDPOINT_KEY, "location", "name")
REQUEST_LOCATIONS = ("request", "written", "media")
"""Locations of facts about whole requests, which are not parameters."""
BODY_LOCATIONS = ("body", "key")
"""Locations whose names are JSON Pointers."""
LOCATIONS = (
    *REQUEST_LOCATIONS,
    "path",
    "query",
    "item",
    "header",
    "cookie",
    *BODY_LOCATIONS,
    "form",
    "part",
    "file",
)
"""Locations of what is read of a request.

- `request`: the successful request itself, with an empty name and value; the number that presence is measured against.
- `written`: a path that is not spelled as its template; the name is one of `path_parameters.PATH_VARIANTS`.
- `media`: a body; the name is its media type.
- `path`, `query`: parameters. `item`: an item of a list in a query value (`a,b`).
- `header`, `cookie`: only the name is known.
- `body`: a value in a JSON body; the name is its JSON Pointer.
- `key`: a key of the map at such a pointer, which ends in `{}`; only its kind, length and character classes are kept
  (`parameter_names.anonymise_key`).
- `form`: a field of a URL-encoded body.
- `part`, `file`: parts of a multipart body; of a `file`, only the name is known.
"""
