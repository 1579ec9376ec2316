"""Infers enums: sets of values that are complete on the evidence of many clients.

docs/methods.md, 2.2 and 2.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from operator import or_

from pipelines.http.value_formats import NUMBER_KINDS, detect_kind
from pipelines.http.value_patterns import classes_of
from pipelines.requests.json_body import holder_name, last_token
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.inference.contamination import MAX_SHARE, NO_EXPOSURE, NO_VALUES, is_contamination
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
GENUINE_MEMBER = 0.5
"""Prior probability (0-1) that a rare value of another sort is a member (`contamination.is_contamination`)."""
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
    place: Place,
    seen: Mapping[str, ValueCount],
    evidence: Evidence,
    settings: SchemaSettings,
    contaminated: float = NO_EXPOSURE.share,
) -> tuple[str, ...] | None:
    """Infers the values of an enum, sorted.

    Every value must be common and sent by several clients; a rare one keeps the set open, unless it is of another sort and is
    contamination.

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
    aliens = _find_aliens(seen, n, contaminated)
    members = {value: one for value, one in seen.items() if value not in aliens}
    is_common = (
        one.n >= settings.enum_count and one.clients.bit_count() >= SUPPORTING_CLIENTS
        for one in members.values()
    )
    if not members or not all(is_common) or len(members) > settings.max_enum:
        return None
    if any(is_shortened(value) or _is_identifier(value, location) for value in members):
        return None
    if follows_clock_or_counter(members, last_token(name), evidence.first_day, evidence.last_day):
        return None
    return tuple(sorted(members))


def _find_aliens(seen: Mapping[str, ValueCount], n: int, contaminated: float) -> set[str]:
    """Returns the rare values of another sort that are not members of the set.

    Of another sort is a value with a class of characters that no common value has, a number where no common value is one, one
    much longer than all of them, or what programs write in place of no value.
    """
    ordered = sorted(seen, key=lambda value: (-seen[value].n, value))
    common: list[str] = []
    covered = 0
    for value in ordered:
        if covered >= (1 - MAX_SHARE) * n:
            break
        common.append(value)
        covered += seen[value].n
    held = reduce(or_, map(classes_of, common), 0)
    length, has_numbers = max(map(len, common), default=0), any(map(_is_number, common))
    odd = {
        value
        for value in ordered[len(common) :]
        if len(value) > ODD_LENGTH_FACTOR * length
        or classes_of(value) & ~held
        or (_is_number(value) and not has_numbers)
        or value.lower() in NO_VALUES
    }
    k = sum(seen[value].n for value in odd)
    is_little = k <= max(1, n // WEAK_ONE_IN) and all(seen[value].n < SUPPORTING_CLIENTS for value in odd)
    return odd if is_little or is_contamination(k, n, contaminated, GENUINE_MEMBER) else set()


def _is_number(text: str) -> bool:
    return detect_kind(text) in NUMBER_KINDS


def _is_identifier(value: str, location: str) -> bool:
    if _NUMBER_OF_A_PERSON.fullmatch(value) or "@" in value:
        return True
    return _RANDOM.search(value) is not None or (location == "path" and any(c.isdigit() for c in value))
