"""Two versions of an endpoint's schema → what changed, and whether requests that fitted the old may not fit the new.

A document is read as a gateway enforces it: a request fits when all of its parameters are in the document, every value fits
its schema, and everything required is there. So a parameter that is new was refused before, and one that is gone is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.changes.accepts import URL
from pipelines.changes.difference import Difference, Probe, differences
from pipelines.openapi.endpoint import Parameter
from pipelines.schemas.json_body import ITEM, last_token, parent
from pipelines.schemas.path_segments import PLAIN

Kind = Literal[
    "endpoint-new", "method-new", "endpoint-removed", "endpoint-gone",
    "parameter-new", "parameter-removed", "parameter-gone",
    "widened", "narrowed", "changed",
]  # fmt: skip
"""`removed`: the refreshed document has it no more. `gone`: it has it, the traffic no longer."""
Place = tuple[str, str]
REQUIRED, PATH, MEDIA_TYPE = "required", "path", "content"
"""Keywords beside those of JSON Schema: a parameter must be there; ways to write the path; media types of bodies."""


@dataclass(frozen=True, slots=True)
class Version:
    """An endpoint's schema in one version."""

    parameters: tuple[Parameter, ...] = ()
    writings: tuple[str, ...] = (PLAIN,)
    media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an endpoint's schema; `before` and `after` are what documents say (JSON values)."""

    kind: Kind
    location: str
    name: str
    keyword: str
    before: Any
    after: Any
    is_breaking: bool
    probe: Probe | None = None
    risk: float | None = None


def compare(old: Version, new: Version) -> list[Change]:
    """All changes from `old` to `new`, in order of location, name and keyword; none where both accept the same requests.

    Nothing breaks: every request that fits `old` fits `new`.
    """
    before, after = ({(one.location, one.name): one for one in side.parameters} for side in (old, new))
    found = [
        *_of_set(("path", "", PATH), old.writings, new.writings),
        *_of_set(("body", "", MEDIA_TYPE), old.media_types, new.media_types),
    ]
    for place in sorted(before.keys() | after.keys()):
        if place not in after:
            found.append(Change("parameter-removed", *place, "", None, None, is_breaking=True))
        elif place not in before:
            found.append(_new(place, after[place], before))
        else:
            found.extend(_changed(place, before[place], after[place]))
    return found


def _of_set(place: tuple[str, str, str], old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Change]:
    """What a document names literally: ways to write the path, media types of bodies. One that is gone is refused."""
    before, after = set(old), set(new)
    if before != after:
        kind: Kind = "widened" if before < after else "narrowed" if after < before else "changed"
        yield Change(kind, *place, sorted(before), sorted(after), is_breaking=kind != "widened")


def _new(place: Place, parameter: Parameter, before: Mapping[Place, Parameter]) -> Change:
    is_breaking = parameter.required and _is_expected(place, before)
    return Change(
        "parameter-new", *place, "", None, REQUIRED if parameter.required else None, is_breaking, Probe()
    )


def _is_expected(place: Place, before: Mapping[Place, Parameter]) -> bool:
    """Whether old requests could lack it: a member is expected of its object only, which must have been known."""
    location, name = place
    return location != "body" or ("body", parent(name)) in before


def _changed(place: Place, old: Parameter, new: Parameter) -> list[Change]:
    location, name = place
    found = [_of(place, each) for each in differences(old.schema, new.schema, location in URL)]
    if old.required != new.required and not (location == "body" and last_token(name) == ITEM):
        kind: Kind = "narrowed" if new.required else "widened"
        found.append(
            Change(kind, location, name, REQUIRED, old.required, new.required, is_breaking=new.required)
        )
    return found


def _of(place: Place, difference: Difference) -> Change:
    return Change(
        difference.effect,
        *place,
        difference.keyword,
        difference.before,
        difference.after,
        is_breaking=difference.effect != "widened",
        probe=difference.probe,
        risk=difference.risk,
    )


def carried_over(
    old: Sequence[Parameter], new: Sequence[Parameter], changes: Sequence[Change]
) -> list[Parameter]:
    """The old parameters, with the new evidence where nothing changed: two documents then differ by changes alone."""
    touched = {(change.location, change.name) for change in changes}
    now = {(one.location, one.name): one for one in new}
    return [one if (place := (one.location, one.name)) in touched else now.get(place, one) for one in old]
