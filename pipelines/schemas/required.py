"""Whether a parameter or a member of a body is in every request (METHODS B4): never absent, in enough of them."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.schemas.bracketed import ANY_INDEX, ANY_KEY
from pipelines.schemas.evidence import NO_EVIDENCE, Evidence
from pipelines.schemas.json_body import KEY, MEMBER, last_token, parent
from pipelines.schemas.recognisers import OBJECT
from pipelines.sections import SchemaSettings

Known = Mapping[tuple[str, str], Evidence]
"""(location, name) → evidence, of one endpoint."""


def is_required(location: str, name: str, known: Known, requests: int, settings: SchemaSettings) -> bool:
    """A query or form field of all `requests`, a member of all objects that could hold it."""
    mine = known[location, name]
    is_any = last_token(name) == MEMBER if location == "body" else ANY_INDEX in name or ANY_KEY in name
    if (
        location == KEY or is_any
    ):  # a map may be empty, its keys are any; no document can ask for a field of any index
        return False
    return (
        holders(location, name, known, requests) >= settings.required_observations
        and missing(location, name, known, requests) <= 0
        and mine.clients >= settings.required_clients
    )


def holders(location: str, name: str, known: Known, requests: int) -> int:
    """Requests, or objects of a body, that could hold a parameter or member."""
    if location != "body":
        return requests
    holder = known.get(("body", parent(name))) if name else None
    return sum(kind.n for kind in holder.kinds if kind.kind == OBJECT) if holder else 0


def missing(location: str, name: str, known: Known, requests: int) -> int:
    """Holders without the parameter or member."""
    mine = known.get((location, name), NO_EVIDENCE)
    return holders(location, name, known, requests) - (mine.n if location == "body" else mine.requests)
