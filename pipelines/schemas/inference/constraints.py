"""Infers constraints of values: ranges, lengths, patterns, enums.

A format implies the limits of its values; those of any other text are inferred from the values seen.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from pipelines.http.value_formats import (
    ARRAY,
    BOOLEAN,
    BY_KIND,
    DIGITS,
    EMPTY,
    EMPTY_KINDS,
    INTEGER,
    LOCALE,
    NUMBER,
    NUMBER_KINDS,
    SEMVER,
    TEXT,
    TOKEN,
    UNFORMATTED_KINDS,
    UNIX_MILLISECONDS,
    UNIX_SECONDS,
)
from pipelines.http.value_patterns import BITS, bracket_expression
from pipelines.requests.json_body import last_token
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.inference import tail_bounds
from pipelines.schemas.inference.claims import claim_closed_set, claim_property, fit_sizes, standard_of
from pipelines.schemas.inference.confidence import PURE_IDENTIFIER, PURE_TEXT, Claim
from pipelines.schemas.inference.contamination import NO_EXPOSURE, is_contamination
from pipelines.schemas.inference.enums import GENUINE_MEMBER, Place, infer_enum
from pipelines.schemas.inference.tails import RATE_OF_LENGTHS, RATE_OF_NUMBERS, Limit, SizeCounts
from pipelines.schemas.statistics.counters import is_counter_name
from pipelines.schemas.statistics.evidence import SIZED_KINDS, Evidence, KindEvidence
from pipelines.schemas.statistics.kept_values import kept_values
from pipelines.schemas.statistics.prefix import constant_prefix, escape_for_pattern
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS, ExtremeValues, ValueCount

MAX_FORMAT_LENGTH = 512
"""Longest format that limits the length of other text.

Formats that may be longer (addresses of any kind) give no limit when they occur together with other text.
"""
NAME_CLASSES = sum(BITS[name] for name in ("lower", "upper", "digit", "hyphen", "underscore", "dot"))
"""Classes of the characters that identifiers consist of."""
_NAMES = (
    EMPTY,
    BOOLEAN,
    UNIX_SECONDS,
    UNIX_MILLISECONDS,
    INTEGER,
    LOCALE,
    DIGITS,
    "uuid",
    "date",
    "ulid",
)
_FORMAT_CLASSES = {
    **dict.fromkeys((*_NAMES, "objectid", "hex32", "hex40", "hex64", "ipv4"), NAME_CLASSES),
    **dict.fromkeys((NUMBER, SEMVER, TOKEN, "date-time", "ipv6"), NAME_CLASSES | BITS["punctuation"]),
}


def format_length(kind: KindEvidence) -> int | None:
    """Returns the greatest length of a format's values; None if there is no limit.

    0 for texts whose lengths were observed.
    """
    if kind.kind in SIZED_KINDS:
        return 0
    longest = BY_KIND[kind.kind].longest if kind.kind in BY_KIND else MAX_FORMAT_LENGTH + 1
    return longest if longest <= MAX_FORMAT_LENGTH else None


def possible_classes(kind: KindEvidence) -> int | None:
    """Returns the classes of characters that values of a kind have or may have.

    None if they may be any (an address may contain `{` and `|`).
    """
    if kind.kind in SIZED_KINDS:
        return kind.classes.bits | (BITS["digit"] if kind.kind == DIGITS else 0)
    return _FORMAT_CLASSES.get(kind.kind)


INT64 = 2**63 - 1
IDENTIFIERS_WITH_DIGITS = 0.5
"""Share of texts with a digit from which machines made them: people type words, which have none.

Of random texts of 8 letters and digits 76 % have a digit, of those of 22 98 %.
"""
FREE_TEXT = BITS["space"] | BITS["other"] | BITS["dangerous"]
"""Characters of free text.

Where they occur, no pattern can predict which others will (docs/methods.md, 2.9, rule 4).
"""
IDENTIFIER_SHARE, IDENTIFIER_SIZE = 0.5, 1e5
"""Numbers that are mostly different and large are identifiers.

They count objects whose number grows (docs/methods.md, 2.3).
"""
SMALL_ALLOWANCES = ((100, 2), (30, 1))
"""(from how many values, how many of them may be trimmed).

It counts where (1 - min_share) * n is still less: docs/methods.md, 2.9, rule 5.
"""
TOKEN_CHARACTERS, TOKEN_PATTERN = 128, "^[A-Za-z0-9._~+/=-]*$"
"""Length and characters of the tokens that ingest masks.

See `redaction.QUERY_TOKEN` and `JSON_TOKEN`.
"""
OFFSET_SHARE = 0.5
"""Numbers that are all above this share of the largest began before the window.

Examples are years, build numbers and constants.
"""
GROWTH_NOTE = "grows with time, so it gets no maximum"


@dataclass(frozen=True, slots=True)
class Constraints:
    """Constraints of one alternative.

    Attributes:
        keywords: Keywords of JSON Schema and their values.
        proofs: Keyword → what it claims (`confidence.Claim`).
        classes: The classes of characters that the pattern allows, in a form that evidence can be compared with.
        prefix: The prefix that the pattern requires.
        note: Why a keyword is missing.
    """

    keywords: Mapping[str, Any] = field(default_factory=dict)
    proofs: Mapping[str, Claim] = field(default_factory=dict)
    classes: int = 0
    prefix: str = ""
    note: str = ""

    def without(self, refused: Collection[str]) -> Constraints:
        """Returns the constraints without some keywords."""
        return replace(
            self,
            keywords={key: limit for key, limit in self.keywords.items() if key not in refused},
            proofs={key: proof for key, proof in self.proofs.items() if key not in refused},
        )


NO_CONSTRAINTS = Constraints()


def infer_constraints(
    place: Place,
    whole: KindEvidence,
    kinds: Sequence[KindEvidence],
    evidence: Evidence,
    settings: SchemaSettings,
    refused: Collection[str] = (),
    contaminated: float = NO_EXPOSURE.share,
) -> Constraints:
    """Infers the constraints of one alternative of a parameter.

    Args:
        place: Location and name of the parameter.
        whole: The sum of `kinds`, of the alternative's kind.
        kinds: The kinds of values that the alternative covers.
        evidence: The evidence of the parameter.
        settings: Thresholds.
        refused: Keywords that are not written. Where an enum is refused, the limits of any text apply.
        contaminated: Expected share of contaminating values (`contamination.Exposure.share`).
    """
    may_go = allowed_outliers(evidence.n, settings)
    found = NO_CONSTRAINTS
    if whole.kind in (INTEGER, NUMBER):
        found = _range_constraints(place, whole, kinds, may_go, settings)
    elif whole.kind == ARRAY:
        found = _size_constraints(whole, may_go, settings)
    elif whole.kind == TEXT:
        closed = (
            _enum_constraints(place, kinds, evidence, settings, contaminated)
            if "enum" not in refused
            else NO_CONSTRAINTS
        )
        found = (
            closed
            if closed.keywords
            else _text_constraints(whole, kinds, evidence.n, settings, "prefix" not in refused)
        )
    return found.without(refused)


def infer_token_constraints(n: int, clients: int, settings: SchemaSettings) -> Constraints:
    """Infers constraints of a secret of which only the mask is known.

    The mask (`redaction.TOKEN_MASK`) implies them; the length has slack for longer tokens.
    """
    limits: dict[str, Any] = {}
    if n >= settings.length_observations:
        limits["maxLength"] = tail_bounds.FEW_TEXTS_SLACK * TOKEN_CHARACTERS
    if n >= settings.pattern_observations:
        limits["pattern"] = TOKEN_PATTERN
    proof = claim_property(n, clients, settings)
    return Constraints(limits, dict.fromkeys(limits, proof), NAME_CLASSES | BITS["punctuation"])


def allowed_outliers(n: int, settings: SchemaSettings) -> int:
    """Returns how many of `n` values may be one client's mistake or attack.

    So many may be left out.
    """
    least = next((allowed for start, allowed in SMALL_ALLOWANCES if n >= start), 0)
    return max(least, int((1 - settings.min_share) * n + 1e-9))


def _range_constraints(
    place: Place, whole: KindEvidence, kinds: Sequence[KindEvidence], may_go: int, settings: SchemaSettings
) -> Constraints:
    n = whole.n
    if n < settings.range_observations:
        return NO_CONSTRAINTS
    has_times = any(kind.kind in (UNIX_SECONDS, UNIX_MILLISECONDS) and kind.n > may_go for kind in kinds)
    high = whole.highest.supported(SUPPORTING_CLIENTS, may_go)
    low = whole.lowest.supported(SUPPORTING_CLIENTS, may_go)
    if not high or not low:
        return NO_CONSTRAINTS
    is_identifier = (
        (whole.distinct > IDENTIFIER_SHARE * n and high[0][0] > IDENTIFIER_SIZE)
        or low[0][0] == high[0][0]
        or low[0][0] > OFFSET_SHARE * high[0][0]
        or (whole.kind == INTEGER and (place[0] == "path" or is_counter_name(last_token(place[1]))))
    )
    upper = [(max(size, 0.0), times) for size, times in high]
    top = _limit_numbers(upper, whole, whole.highest, settings, is_identifier=is_identifier)
    negated = [(-size, times) for size, times in low if size < 0]
    limits: dict[str, float] = {"minimum": 0.0, "maximum": top.limit}
    proofs: dict[str, Claim] = {"minimum": claim_property(n, whole.clients, settings), "maximum": top}
    if negated:
        bottom = _limit_numbers(negated, whole, whole.lowest, settings, is_identifier=is_identifier)
        limits["minimum"], proofs["minimum"] = -bottom.limit, bottom
    limits = {key: limit for key, limit in limits.items() if math.isfinite(limit)}
    if whole.kind == INTEGER:
        limits = {key: int(limit) for key, limit in limits.items() if abs(limit) < INT64}
    found = Constraints(limits, {key: proofs[key] for key in limits})
    grows = has_times or whole.peaks.grow()  # times among other numbers grow, too
    return replace(found.without(("maximum",)), note=GROWTH_NOTE) if grows else found


def _limit_numbers(
    largest: SizeCounts,
    whole: KindEvidence,
    kept: ExtremeValues,
    settings: SchemaSettings,
    *,
    is_identifier: bool,
) -> Limit:
    """Returns the upper limit of numbers that are not negative."""
    least = tail_bounds.upper_bound(largest, whole.n, whole.distinct, is_identifier)
    is_ladder = whole.distinct <= tail_bounds.MAX_LADDER_STEPS
    tail = fit_sizes(largest, kept, (whole.n, whole.clients), RATE_OF_NUMBERS, is_ladder=is_ladder)
    most = tail_bounds.MOST_SLACK * max(largest[0][0], 1.0)
    growth = tail_bounds.IDENTIFIER_GROWTH if is_identifier else 1.0
    return tail_bounds.widen_limit(least, tail, most, standard_of(settings), growth)


def _size_constraints(whole: KindEvidence, may_go: int, settings: SchemaSettings) -> Constraints:
    largest = whole.highest.supported(SUPPORTING_CLIENTS, may_go)
    if whole.n < settings.range_observations or not largest:
        return NO_CONSTRAINTS
    if largest[0][0] == 0:  # always empty: nothing is known about items
        return NO_CONSTRAINTS
    least = tail_bounds.upper_bound(largest, whole.n, whole.distinct, is_identifier=False)
    tail = fit_sizes(largest, whole.highest, (whole.n, whole.clients), RATE_OF_LENGTHS)
    found = tail_bounds.widen_limit(
        least, tail, tail_bounds.MOST_SLACK * max(largest[0][0], 1.0), standard_of(settings)
    )
    return Constraints({"maxItems": int(found.limit)}, {"maxItems": found})


def _enum_constraints(
    place: Place,
    kinds: Sequence[KindEvidence],
    evidence: Evidence,
    settings: SchemaSettings,
    contaminated: float,
) -> Constraints:
    """Closes the set of all values, whatever its members look like.

    Numbers may be members where they are the fewer: a set of numbers has a range.
    """
    seen: dict[str, ValueCount] = {}
    numbers = 0
    for kind in kinds:
        if kind.kind in EMPTY_KINDS:
            continue
        values = kept_values(kind)
        if values is None:
            if not is_contamination(kind.n, evidence.n, contaminated, GENUINE_MEMBER):
                return NO_CONSTRAINTS
            continue
        seen.update(values)
        numbers += len(values) if kind.kind in NUMBER_KINDS else 0
    members = infer_enum(place, seen, evidence, settings, contaminated)
    if members is None or 2 * numbers > len(seen):
        return NO_CONSTRAINTS
    proof = claim_closed_set([seen[text] for text in members], evidence.n, evidence.clients, settings)
    absent = [""] if any(kind.kind == EMPTY for kind in kinds) else []
    return Constraints({"enum": [*absent, *members]}, {"enum": proof})


def _text_constraints(
    whole: KindEvidence,
    kinds: Sequence[KindEvidence],
    of: int,
    settings: SchemaSettings,
    may_begin: bool,
) -> Constraints:
    """Infers length, characters and prefix of text.

    Where text stands beside formats, none of all `of` values of the parameter had other characters or was longer.
    """
    n, may_go = whole.n, allowed_outliers(of, settings)
    if of < settings.length_observations:
        return NO_CONSTRAINTS
    limits: dict[str, Any] = {}
    proofs: dict[str, Claim] = {}
    longest = [format_length(kind) for kind in kinds]
    if None not in longest:
        found = _limit_lengths([kind for kind in kinds if kind.kind in SIZED_KINDS], may_go, settings)
        of_formats = max((one or 0 for one in longest), default=0)
        of_texts = int(found.limit) if found else tail_bounds.MIN_MAX_LENGTH
        limits["maxLength"] = max(of_texts, of_formats)
        proofs["maxLength"] = found or claim_property(n, whole.clients, settings)
    classes = [possible_classes(kind) for kind in kinds]
    held = FREE_TEXT if None in classes else reduce(or_, (one or 0 for one in classes), 0)
    allowed = held if n >= settings.class_observations else held | NAME_CLASSES
    if of >= settings.pattern_observations and not held & FREE_TEXT:
        is_known = n >= settings.prefix_observations and whole.clients >= settings.required_clients
        prefix = constant_prefix(whole.prefix) if may_begin and is_known and len(kinds) == 1 else ""
        limits["pattern"] = f"^{escape_for_pattern(prefix)}{bracket_expression(allowed)}*$"
        pure = PURE_IDENTIFIER if _are_identifiers(kinds) else PURE_TEXT
        proofs["pattern"] = claim_property(n, whole.clients, settings, pure)
        return Constraints(limits, proofs, allowed, prefix)
    return Constraints(limits, proofs)


def _are_identifiers(kinds: Sequence[KindEvidence]) -> bool:
    """Returns whether machines made the values: most have a digit or a format."""
    digits = sum(
        kind.classes.counts_of("digit") if kind.kind in UNFORMATTED_KINDS else kind.n for kind in kinds
    )
    return digits >= IDENTIFIERS_WITH_DIGITS * sum(kind.n for kind in kinds)


def _limit_lengths(texts: Sequence[KindEvidence], may_go: int, settings: SchemaSettings) -> Limit | None:
    """Returns the limit of the lengths of texts; None if there are none.

    The size of a number is not a length, so formats are limited apart.
    """
    kept = sum((kind.highest for kind in texts), ExtremeValues())
    largest = kept.supported(SUPPORTING_CLIENTS, may_go)
    if not largest:
        return None
    n, clients = sum(kind.n for kind in texts), max(kind.clients for kind in texts)
    least = tail_bounds.length_bound(largest, n)
    tail = fit_sizes(largest, kept, (n, clients), RATE_OF_LENGTHS)
    most = tail_bounds.most_length(largest[0][0])
    return tail_bounds.widen_limit(least, tail, most, standard_of(settings))
