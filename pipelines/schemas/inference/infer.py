"""Infers the schema of a parameter from its evidence and thresholds.

The same evidence always gives the same schema. A wider schema is safe, a narrower one is not: in doubt the wider type is written,
and values that no rule covers are a plain string. Types are decided here; ranges, lengths and patterns in `constraints`, enums in
`enums`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from pipelines.http.redaction import has_secret_name
from pipelines.http.value_formats import (
    EMPTY,
    EMPTY_KINDS,
    JWT,
    LIST_KINDS,
    NUMBER_KINDS,
    PIPED,
    REDACTED,
    SUSPICIOUS,
    TEXT,
    TOKEN,
    UNFORMATTED_KINDS,
)
from pipelines.requests.json_body import holder_name
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.inference.claims import claim_property, standard_of
from pipelines.schemas.inference.cleaning import without_contamination
from pipelines.schemas.inference.confidence import PURE_TYPE, PURE_UNION, Standard
from pipelines.schemas.inference.constraints import (
    NO_CONSTRAINTS,
    Constraints,
    allowed_outliers,
    infer_constraints,
    infer_token_constraints,
)
from pipelines.schemas.inference.contamination import NO_EXPOSURE
from pipelines.schemas.inference.types import TypeGroup, group_basic_types, group_json_types, group_url_types
from pipelines.schemas.statistics.evidence import Evidence, KindEvidence

LIST_SHARE = 0.2
"""Share of values with separators from which a parameter is a list.

docs/methods.md, 2.9, rule 10.
"""
ATTACK_SHARE = 0.01
"""Largest share of texts that may be injections among numbers and formats."""


Refused = Mapping[str, str]
"""Keyword of JSON Schema ("type" stands for the alternatives) → reason."""


NOTHING_REFUSED: Refused = MappingProxyType({})


class Level(StrEnum):
    """How much evidence there is (docs/methods.md, 2.6).

    Enough for a guess, for a type, for a known field, or for numeric bounds.
    """

    GUESS = "L0"
    TYPE = "L1"
    FIELD = "L2"
    BOUND = "L3"


class Rule(StrEnum):
    """The rule by which a schema was inferred."""

    FEW = "too-few-observations"
    EMPTY = "no-value-seen"
    SECRET = "secret"  # noqa: S105 - the name of a rule
    SINGLE = "one-type"
    UNION = "several-types"
    MIXED = "no-common-form"
    REFUSED = "broken-in-the-back-test"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One type or format that values may have.

    Attributes:
        kind: Its name (`value_formats`); `TEXT`: any text.
        n: Values seen.
    """

    kind: str
    n: int
    clients: int
    distinct: int
    days: int
    low: int | None = None
    high: int | None = None
    constraints: Constraints = NO_CONSTRAINTS


@dataclass(frozen=True, slots=True)
class InferredSchema:
    """The schema inferred for a parameter, and its evidence.

    Attributes:
        alternatives: The most frequent first; none: any value.
        trimmed: Values left out as one client's mistake or attack.
        is_repeated: Whether names occur more than once in a request, so that the parameter is an array of the alternatives.
        standard: What is asked of a constraint that is enforceable.
        list_kind: The kind of list that its values are.
        refused: Keyword → why it is not written although its rule would have allowed it.
    """

    alternatives: tuple[Alternative, ...]
    level: Level
    rule: Rule
    trimmed: int
    is_repeated: bool
    evidence: Evidence
    standard: Standard
    list_kind: str | None = None
    refused: Refused = field(default_factory=dict)


class _Subject(NamedTuple):
    """The parameter that a schema is built for, with its evidence and thresholds."""

    name: str
    location: str
    evidence: Evidence
    settings: SchemaSettings
    refused: Refused
    level: Level
    contaminated: float


def _build(
    subject: _Subject, rule: Rule, groups: Sequence[TypeGroup], dropped: int = 0, *, limited: bool = True
) -> InferredSchema:
    evidence, settings = subject.evidence, subject.settings
    repeated = evidence.n - evidence.requests
    repeats = subject.location in ("query", "form", "part", "file") and repeated > allowed_outliers(
        evidence.n, settings
    )
    pure = PURE_TYPE if len(groups) == 1 else PURE_UNION
    alternatives = [_alternative(subject, *group, pure, limited=limited) for group in groups]
    if limited and len(groups) > 1 and subject.location != "body" and any(map(_is_open, alternatives)):
        # beside text that may be anything, no other alternative refuses a value
        every = [kind for _, kinds in groups for kind in kinds]
        alternatives = [_alternative(subject, TEXT, every, PURE_TYPE, limited=True)]
    ordered = sorted(alternatives, key=lambda alternative: (-alternative.n, alternative.kind))
    standard = standard_of(settings)
    return InferredSchema(
        tuple(ordered), subject.level, rule, dropped, repeats, evidence, standard, refused=subject.refused
    )


def _alternative(
    subject: _Subject, type_name: str, kinds: Sequence[KindEvidence], pure: float, *, limited: bool
) -> Alternative:
    # parts may share clients and days: the largest part's number is a lower bound
    whole = sum(kinds, KindEvidence(type_name, n=0, clients=0, distinct=0, days=0))
    evidence, settings, constraints = subject.evidence, subject.settings, NO_CONSTRAINTS
    if limited:
        place = (subject.location, subject.name)
        constraints = infer_constraints(
            place, whole, kinds, evidence, settings, subject.refused, subject.contaminated
        )
    if type_name not in (TEXT, EMPTY) or (type_name == TEXT and subject.location == "body"):
        of_type = claim_property(evidence.n, evidence.clients, settings, pure)
        constraints = replace(constraints, proofs={"type": of_type, **constraints.proofs})
    numbers = (whole.n, whole.clients, whole.distinct, whole.days, whole.low, whole.high)
    return Alternative(type_name, *numbers, constraints)


def _is_open(alternative: Alternative) -> bool:
    """Returns whether an alternative accepts text with any characters."""
    return alternative.kind == TEXT and not {"enum", "pattern"} & alternative.constraints.keywords.keys()


def infer_schema(
    name: str,
    evidence: Evidence,
    settings: SchemaSettings,
    location: str = "query",
    items: Evidence | None = None,
    refused: Refused = NOTHING_REFUSED,
    contaminated: float = NO_EXPOSURE.share,
) -> InferredSchema:
    """Infers the schema of one parameter.

    Args:
        name: Its name.
        evidence: Its values.
        settings: Thresholds.
        location: Where in a request it is.
        items: The items of those of its values that may be lists.
        refused: Keywords that are not written, with the reasons.
        contaminated: Expected share of contaminating values (`contamination.Exposure.share`).
    """
    list_kind = infer_list_kind(evidence, settings) if items is not None else None
    if items is not None and list_kind is not None:
        merged = merge_items(evidence, items)
        of_items = infer_schema(name, merged, settings, "item", refused=refused, contaminated=contaminated)
        return replace(of_items, evidence=evidence, list_kind=list_kind, is_repeated=False)
    clean = without_contamination(evidence, contaminated, settings)
    level = evidence_level(clean.n, settings)
    inferred = _infer_clean(_Subject(name, location, clean, settings, refused, level, contaminated))
    return replace(inferred, evidence=evidence, trimmed=inferred.trimmed + evidence.n - clean.n)


def _infer_clean(subject: _Subject) -> InferredSchema:
    name, location, evidence, settings, refused, level, _ = subject
    kept = _without_outliers(evidence, settings)
    trimmed = evidence.n - sum(kind.n for kind in kept)
    in_json = location == "body"
    build = partial(_build, subject)
    any_text: list[TypeGroup] = [(TEXT, evidence.kinds)]
    if has_secret_name(holder_name(name)) or any(kind.kind in (REDACTED, JWT, TOKEN) for kind in kept):
        # ingest masks a secret member by a text, whatever its type: the type is unknown
        secret = build(Rule.SECRET, [] if in_json else any_text, limited=False)
        return _token(secret, kept, settings) if {kind.kind for kind in kept} == {TOKEN} else secret
    if "type" in refused:
        return build(Rule.REFUSED, [] if in_json else any_text, limited=False)
    if all(kind.kind in EMPTY_KINDS for kind in kept):
        return build(Rule.EMPTY, _of_no_value(kept) if in_json else any_text, limited=False)
    if level is Level.GUESS:
        return build(Rule.FEW, group_basic_types(evidence.kinds) if in_json else any_text)
    groups = group_json_types(kept) if in_json else group_url_types(kept)
    if len(groups) > 1 and any(kind == TEXT for kind, _ in groups) and not in_json:
        closed = build(Rule.SINGLE, [(TEXT, kept)], trimmed)
        if "enum" in closed.alternatives[0].constraints.keywords:
            return closed
    if len(groups) > settings.max_union:
        return build(Rule.MIXED, any_text)
    return build(Rule.SINGLE if len(groups) == 1 else Rule.UNION, groups, trimmed)


def _of_no_value(kept: Sequence[KindEvidence]) -> list[TypeGroup]:
    """Returns the types of JSON values that are all absent or empty.

    Absent values say nothing about the type, but an empty text is a string.
    """
    return group_basic_types(kept) if any(kind.kind == EMPTY for kind in kept) else []


def _token(secret: InferredSchema, kept: Sequence[KindEvidence], settings: SchemaSettings) -> InferredSchema:
    """Returns the schema of a secret whose every mask says which characters it has."""
    masks = kept[0]
    numbers = (masks.n, masks.clients, masks.distinct, masks.days)
    constraints = infer_token_constraints(masks.n, masks.clients, settings).without(secret.refused)
    return replace(secret, alternatives=(Alternative(TEXT, *numbers, constraints=constraints),))


def infer_list_kind(evidence: Evidence, settings: SchemaSettings) -> str | None:
    """Returns the kind of list (`LISTS`) of the values; None if they are not lists.

    A fifth of the values must have it, sent by more than a few clients.
    """
    lists = [kind for kind in evidence.kinds if kind.kind in LIST_KINDS]
    if not lists or evidence.n < settings.min_observations:
        return None
    main = max(lists, key=lambda kind: (kind.n, kind.kind))
    is_common = main.n >= LIST_SHARE * evidence.n
    return (
        main.kind if is_common and main.clients >= min(settings.min_union_clients, evidence.clients) else None
    )


def merge_items(evidence: Evidence, items: Evidence) -> Evidence:
    """Merges the evidence of single values with that of the items of lists."""
    merged = {kind.kind: kind for kind in evidence.kinds if kind.kind not in LIST_KINDS}
    for kind in items.kinds:
        merged[kind.kind] = merged[kind.kind] + kind if kind.kind in merged else kind
    n = sum(kind.n for kind in merged.values())
    kinds = tuple(merged[name] for name in sorted(merged))
    between = (evidence.first_day, evidence.last_day)
    return Evidence(n, n, max(evidence.clients, items.clients), evidence.days, kinds, *between)


def evidence_level(n: int, settings: SchemaSettings) -> Level:
    """Returns the level that `n` observations reach."""
    if n < settings.min_observations:
        return Level.GUESS
    if n < settings.field_observations:
        return Level.TYPE
    return Level.FIELD if n < settings.bound_observations else Level.BOUND


def _without_outliers(evidence: Evidence, settings: SchemaSettings) -> tuple[KindEvidence, ...]:
    """Leaves out kinds that few clients sent few times (docs/methods.md, 2.5).

    If the parameter has too few clients to distinguish an attacker from a user, every kind is kept. Missing values are always
    kept, and the others are not measured against them.
    """
    by_size = sorted(
        (kind for kind in evidence.kinds if kind.kind not in EMPTY_KINDS),
        key=lambda kind: (kind.n, kind.kind),
    )
    if evidence.clients <= settings.min_union_clients or not by_size:
        return evidence.kinds
    left = allowed_outliers(sum(kind.n for kind in by_size), settings)
    dropped = {kind.kind for kind in by_size[:-1] if is_attack(kind, evidence, settings)}
    for kind in by_size[:-1]:
        if (
            kind.n <= left
            and kind.clients < settings.min_union_clients
            and not _is_harmless(kind, by_size[-1])
        ):
            dropped.add(kind.kind)
            left -= kind.n
    return tuple(kind for kind in evidence.kinds if kind.kind not in dropped)


def is_attack(kind: KindEvidence, evidence: Evidence, settings: SchemaSettings) -> bool:
    """Returns whether values that look like an injection do not belong to a parameter.

    They do not if few clients send them, or if they are rare where all other values have a format: numbers and UUIDs contain no
    quotation marks (docs/methods.md, 2.9, rule 6).
    """
    if kind.kind not in (SUSPICIOUS, PIPED):
        return False
    rest = sum(other.n for other in evidence.kinds if other.kind in UNFORMATTED_KINDS)
    return kind.clients < settings.min_union_clients or rest <= ATTACK_SHARE * evidence.n


def _is_harmless(kind: KindEvidence, main: KindEvidence) -> bool:
    """Returns whether keeping `kind` hardly widens the schema: a number among numbers."""
    return kind.kind in NUMBER_KINDS and main.kind in NUMBER_KINDS
