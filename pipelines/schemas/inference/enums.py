"""Infers enums: sets of values that are complete on the evidence of many clients.

docs/methods.md, 2.2 and 2.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.http.value_patterns import classes_of
from pipelines.requests.json_body import holder_name, last_token
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.statistics.counters import follows_clock_or_counter
from pipelines.schemas.statistics.evidence import Evidence
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS, ValueCount, is_shortened

ODD_LENGTH_FACTOR = 3
"""A value this many times longer than the longest common one is not a member.

docs/methods.md, 2.9, rule 7.
"""
WEAK_ONE_IN = 500
"""Values that may be left out of the enum: one, or one in so many.

docs/methods.md, 2.9, rule 7.
"""
_RANDOM = re.compile(
    r"[a-z][A-Z]+[a-z].*[A-Z]|[A-Z]{2}[a-z]+[A-Z]{2}|[A-Za-z][0-9]+[A-Za-z]+[0-9]|[0-9][A-Za-z]+[0-9]+[A-Za-z]"
)
"""Repeated changes of case, or between letters and digits.

Such a value was made by a machine, so it is never a member of an enum.
"""
_PERSONAL_NAME = re.compile(
    r"(?i)e-?mail|phone|mobile|msisdn|\bfax|ssn|birth|passport|iban|card|(?:first|last|full|sur|family|given|user)_?name|nick|street|address"
)
_NUMBER_OF_A_PERSON = re.compile(r"\+?[0-9][0-9 ()./-]{6,24}")
"""Telephone, card and account numbers, however they are written.

Whole dates have a kind of their own and are recognised before.
"""

Place = tuple[str, str]
"""Location and name of a parameter."""


def infer_enum(
    place: Place, seen: Mapping[str, ValueCount], evidence: Evidence, settings: SchemaSettings
) -> tuple[str, ...] | None:
    """Infers the values of an enum, sorted.

    Every value must be common and sent by several clients; a rare one keeps the set open, unless it is of another sort.

    Returns:
        The values; None if there may be others, or if they may be personal.
    """
    location, name = place
    n = evidence.n
    if (
        _PERSONAL_NAME.search(holder_name(name))
        or n < settings.enum_observations
        or evidence.clients < settings.enum_clients
    ):
        return None
    strong = {
        v
        for v, s in seen.items()
        if s.n >= settings.enum_count and s.clients.bit_count() >= SUPPORTING_CLIENTS
    }
    weak = {value: one for value, one in seen.items() if value not in strong}
    if not strong or len(strong) > settings.max_enum:
        return None
    if any(is_shortened(value) or _is_identifier(value, location) for value in strong):
        return None
    if follows_clock_or_counter(strong, last_token(name), evidence.first_day, evidence.last_day):
        return None
    known, length = 0, max(map(len, strong))
    for value in strong:
        known |= classes_of(value)
    is_odd = (len(value) > ODD_LENGTH_FACTOR * length or classes_of(value) & ~known for value in weak)
    if not all(is_odd) or sum(one.n for one in weak.values()) > max(1, n // WEAK_ONE_IN):
        return None
    return tuple(sorted(strong))


def _is_identifier(value: str, location: str) -> bool:
    if _NUMBER_OF_A_PERSON.fullmatch(value) or "@" in value:
        return True
    return _RANDOM.search(value) is not None or (location == "path" and any(c.isdigit() for c in value))
