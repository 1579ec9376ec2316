"""Whether a parameter or a member of a body is in every request (METHODS B4): never absent, in enough of them."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.schemas.evidence import Evidence
from pipelines.schemas.json_body import parent
from pipelines.schemas.recognisers import OBJECT
from pipelines.sections import SchemaSettings

Known = Mapping[tuple[str, str], Evidence]
"""(location, name) → evidence, of one endpoint."""


def is_required(location: str, name: str, known: Known, requests: int, settings: SchemaSettings) -> bool:
    """A query or form field of all `requests`, a member of all objects that could hold it."""
    mine = known[location, name]
    if location != "body":
        whole, present = requests, mine.requests
    else:
        holder = known.get(("body", parent(name))) if name else None
        objects = [kind.n for kind in holder.kinds if kind.kind == OBJECT] if holder else []
        whole, present = sum(objects), mine.n
    return (
        0 < whole <= present
        and whole >= settings.required_observations
        and mine.clients >= settings.required_clients
    )
