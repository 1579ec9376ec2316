"""Evidence and thresholds → what may be said of a parameter; the same evidence gets the same judgement.

Widening is safe, narrowing is not: a doubt always ends in the wider type, and what no rule covers is a plain
string.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipelines.http.redaction import has_secret_name
from pipelines.schemas.evidence import Evidence, KindEvidence
from pipelines.schemas.recognisers import (
    BY_KIND,
    DIGITS,
    EMPTY,
    INTEGER,
    JWT,
    NUMBER,
    REDACTED,
    TEXT,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
    type_of,
)
from pipelines.settings import SchemaSettings

SMALL_ALLOWANCES = ((100, 2), (30, 1))
"""Values that may be trimmed from so many observations on, where (1 - min_share) * n is still less (METHODS
B9 rule 5).
"""
UNIX_SPREAD = {UNIX_SECONDS: 3_600, UNIX_MILLISECONDS: 3_600_000}
"""One hour: numbers that look like times but never move are identifiers (METHODS B9)."""


class Level(StrEnum):
    """How much evidence there is: a guess, a type, a known field, enough for bounds (METHODS B6)."""

    GUESS = "L0"
    TYPE = "L1"
    FIELD = "L2"
    BOUND = "L3"


class Rule(StrEnum):
    """Why the judgement is what it is."""

    FEW = "too-few-observations"
    SECRET = "secret"  # noqa: S105 - the name of a rule
    SINGLE = "one-type"
    UNION = "several-types"
    MIXED = "no-common-form"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One form that values may take: `kind` names the recogniser (`TEXT`: any), `n` values were seen."""

    kind: str
    n: int
    clients: int
    distinct: int
    days: int
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be written: the alternatives (never none; the most frequent first), and on what evidence.

    `trimmed` values were left out as one client's mistake or attack; `is_repeated` says that names occur more
    than once in a request, so that the parameter is an array of the alternatives.
    """

    alternatives: tuple[Alternative, ...]
    level: Level
    rule: Rule
    trimmed: int
    is_repeated: bool
    evidence: Evidence


def judge(name: str, evidence: Evidence, settings: SchemaSettings) -> Judgement:
    """The judgement on one parameter."""
    level = level_of(evidence.n, settings)
    kept = _without_outliers(evidence, settings)
    trimmed = evidence.n - sum(kind.n for kind in kept)
    is_repeated = evidence.n - evidence.requests > _allowance(evidence.n, settings)

    def said(rule: Rule, alternatives: Sequence[Alternative], dropped: int = 0) -> Judgement:
        return Judgement(tuple(alternatives), level, rule, dropped, is_repeated, evidence)

    if has_secret_name(name) or any(kind.kind in (REDACTED, JWT) for kind in kept):
        return said(Rule.SECRET, [_any_text(evidence.kinds)])
    if level is Level.GUESS:
        return said(Rule.FEW, [_any_text(evidence.kinds)])
    alternatives = _alternatives(kept)
    if len(alternatives) > settings.max_union:
        return said(Rule.MIXED, [_any_text(evidence.kinds)])
    return said(Rule.SINGLE if len(alternatives) == 1 else Rule.UNION, alternatives, trimmed)


def level_of(n: int, settings: SchemaSettings) -> Level:
    """The level that `n` observations reach."""
    if n < settings.min_observations:
        return Level.GUESS
    if n < settings.field_observations:
        return Level.TYPE
    return Level.FIELD if n < settings.bound_observations else Level.BOUND


def _allowance(n: int, settings: SchemaSettings) -> int:
    small = next((allowed for least, allowed in SMALL_ALLOWANCES if n >= least), 0)
    return max(small, int((1 - settings.min_share) * n + 1e-9))


def _without_outliers(evidence: Evidence, settings: SchemaSettings) -> tuple[KindEvidence, ...]:
    """The kinds without those that few clients sent few times (METHODS B5).

    Where the whole parameter has too few clients to tell an attacker from a user, every kind stays.
    """
    by_size = sorted(evidence.kinds, key=lambda kind: (kind.n, kind.kind))
    if evidence.clients <= settings.min_union_clients or not by_size:
        return evidence.kinds
    left = _allowance(evidence.n, settings)
    dropped = set()
    for kind in by_size[:-1]:
        if (
            kind.n <= left
            and kind.clients < settings.min_union_clients
            and not _is_harmless(kind, by_size[-1])
        ):
            dropped.add(kind.kind)
            left -= kind.n
    return tuple(kind for kind in evidence.kinds if kind.kind not in dropped)


def _is_harmless(kind: KindEvidence, main: KindEvidence) -> bool:
    """Whether keeping `kind` hardly widens: an empty value, or a number among numbers."""
    numeric = {"integer", "number"}
    return kind.kind == EMPTY or (type_of(kind.kind) in numeric and type_of(main.kind) in numeric)


def _alternatives(kinds: Sequence[KindEvidence]) -> list[Alternative]:
    """The forms that together cover all values of `kinds`, the most frequent first."""
    by_type: dict[str, list[KindEvidence]] = {}
    for kind in kinds:
        by_type.setdefault(EMPTY if kind.kind == EMPTY else type_of(kind.kind), []).append(kind)
    numeric = [*by_type.pop("integer", []), *by_type.pop("number", [])]
    strings = by_type.pop("string", [])
    found = [_sum(group[0].kind, group) for group in by_type.values()]
    if numeric and any(kind.kind == DIGITS for kind in strings):
        found.append(_digits([*numeric, *strings]))
    else:
        found += [_number(numeric)] if numeric else []
        found += _texts(strings)
    text = next((form for form in found if form.kind == TEXT), None)
    if text is not None:  # text covers everything; a type beside it is worth naming only where it is the rule
        found = [form for form in found if form is text or (form.kind != EMPTY and form.n >= text.n)]
    return sorted(found, key=lambda form: (-form.n, form.kind))


def _digits(kinds: Sequence[KindEvidence]) -> Alternative:
    """Leading zeros make all numbers texts: digits if nothing else was seen, else any text."""
    only_digits = all(k.kind == DIGITS or (type_of(k.kind) == "integer" and (k.low or 0) >= 0) for k in kinds)
    return _sum(DIGITS if only_digits else TEXT, kinds)


def _number(kinds: Sequence[KindEvidence]) -> Alternative:
    """All numbers as one form: a time where all integers look like one and move, or integer, or number."""
    if any(type_of(kind.kind) == "number" for kind in kinds):
        return _sum(NUMBER, kinds)
    whole = _sum(INTEGER, kinds)
    only = kinds[0].kind
    if len(kinds) > 1 or only not in UNIX_SPREAD or (whole.high or 0) - (whole.low or 0) <= UNIX_SPREAD[only]:
        return whole
    return _sum(only, kinds)


def _texts(kinds: Sequence[KindEvidence]) -> list[Alternative]:
    """Forms of strings: each format alone, or any text as soon as one value has no credible format."""
    if not kinds:
        return []
    if all(
        kind.kind in BY_KIND and kind.kind != TEXT and kind.distinct >= BY_KIND[kind.kind].min_distinct
        for kind in kinds
    ):
        return [_sum(kind.kind, [kind]) for kind in kinds]
    return [_any_text(kinds)]


def _any_text(kinds: Sequence[KindEvidence]) -> Alternative:
    return _sum(TEXT, kinds)


def _sum(form: str, kinds: Sequence[KindEvidence]) -> Alternative:
    """Parts may share clients and days: the largest part's number is what there is at least."""
    lows = [kind.low for kind in kinds if kind.low is not None]
    highs = [kind.high for kind in kinds if kind.high is not None]
    return Alternative(
        form,
        sum(kind.n for kind in kinds),
        max((kind.clients for kind in kinds), default=0),
        sum(kind.distinct for kind in kinds),
        max((kind.days for kind in kinds), default=0),
        min(lows, default=None),
        max(highs, default=None),
    )
