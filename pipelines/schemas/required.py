"""Whether a parameter or a member of a body is in every request (METHODS B4): never absent, in enough of them."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.schemas.evidence import Evidence
from pipelines.schemas.recognisers import OBJECT
from pipelines.sections import SchemaSettings

Known = Mapping[tuple[str, str], Evidence]
"""(location, name) → evidence, of one endpoint."""


def is_required(location: str, name: str, known: Known, requests: int, settings: SchemaSettings) -> bool:
    """A query or form field of all `requests`, a member of all objects that could hold it; a writing that all have."""
    mine = known[location, name]
    if location == "written":  # as it is always written, on whatever evidence there is
        return mine.requests >= requests
    if location != "body":
        whole, present = requests, mine.requests
    else:
        parent = known.get(("body", name.rpartition("/")[0]))
        objects = [kind.n for kind in parent.kinds if kind.kind == OBJECT] if parent and name else []
        whole, present = sum(objects), mine.n
    return (
        0 < whole <= present
        and whole >= settings.required_observations
        and mine.clients >= settings.required_clients
    )
