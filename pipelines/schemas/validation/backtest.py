"""The back-test: removes constraints that held-out evidence violates.

Also decides whether a parameter or member is required (docs/methods.md, 2.4): never absent, in enough requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.http.value_formats import OBJECT
from pipelines.requests.json_body import KEY, MEMBER, last_token, parent_pointer
from pipelines.requests.urlencoded import ANY_INDEX, ANY_KEY
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.cleaning import without_contamination
from pipelines.schemas.inference.contamination import NO_EXPOSURE, Exposure, is_contamination
from pipelines.schemas.inference.infer import InferredSchema, infer_schema, is_attack, merge_items
from pipelines.schemas.statistics.evidence import NO_EVIDENCE, Evidence
from pipelines.schemas.validation.violations import (
    Violation,
    ViolationsByKeyword,
    find_contradicted_keywords,
    find_violations,
)

EvidenceByPlace = Mapping[tuple[str, str], Evidence]
"""(location, name) → evidence, of one endpoint."""


def is_required(
    location: str, name: str, known: EvidenceByPlace, requests: int, settings: SchemaSettings
) -> bool:
    """Returns whether a field is in all requests, or a member in all objects.

    A field is one of a query or form. The objects are those that could have the member.
    """
    mine = known[location, name]
    is_any = last_token(name) == MEMBER if location == "body" else ANY_INDEX in name or ANY_KEY in name
    # a map may be empty, and it may have any keys; no document can require a field of any index
    if location == KEY or is_any:
        return False
    return (
        count_holders(location, name, known, requests) >= settings.required_observations
        and count_missing(location, name, known, requests) <= 0
        and mine.clients >= settings.required_clients
    )


def count_holders(location: str, name: str, known: EvidenceByPlace, requests: int) -> int:
    """Counts requests, or objects in bodies, that could have a parameter or member."""
    if location != "body":
        return requests
    holder = known.get(("body", parent_pointer(name))) if name else None
    return sum(kind.n for kind in holder.kinds if kind.kind == OBJECT) if holder else 0


def count_missing(location: str, name: str, known: EvidenceByPlace, requests: int) -> int:
    """Counts the holders without the parameter or member."""
    mine = known.get((location, name), NO_EVIDENCE)
    return count_holders(location, name, known, requests) - (mine.n if location == "body" else mine.requests)


Place = tuple[str, str]
EvidenceBySplit = Mapping[str, EvidenceByPlace]
"""Split → (location, name) → evidence; ("request", "") stands for the requests."""
Refusals = dict[Place, dict[str, str]]
REQUEST: Place = ("request", "")
REQUIRED = "required"
NOT_KNOWN_OF_KEYS = dict.fromkeys(
    ("enum", "prefix", "minimum", "maximum"), "only kind, length and characters of a map's keys are kept"
)
"""Keywords about a key itself, of which only a stand-in is kept.

See `parameter_names.anonymise_key`.
"""
GENUINE_EXCEPTION = 0.5
"""Prior probability (0-1) that values which break a constraint of the whole window are genuine."""
MAX_REPLAYS = 8
"""Each replay leaves out one more keyword.

There are seven, and nothing is refused once the type is left out.
"""
SPLITS = (
    (Split.EARLIER, Split.LATEST, "of the latest part"),
    (Split.TRAIN, Split.HOLDOUT, "held out of learning"),
    (Split.WHOLE, Split.WHOLE, "of the window"),
)
"""What is learned from, what is tested, and how the reason describes the latter.

The last one verifies the schema of the whole window.
"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """The inferred schema of one parameter, and whether it is required."""

    inferred: InferredSchema
    is_required: bool


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """The result of a back-test.

    Attributes:
        parameters: The schema of each parameter.
        tested: Requests that were held out.
        false_alarms: Values among them that violated the schema.
    """

    parameters: Mapping[Place, Parameter]
    tested: int
    false_alarms: int


def run_backtest(
    by_split: EvidenceBySplit, settings: SchemaSettings, exposure: Exposure = NO_EXPOSURE
) -> BacktestResult:
    """Infers schemas from all evidence, without what the back-tests refuse.

    Args:
        by_split: The evidence of each part.
        settings: Thresholds.
        exposure: Where attacks were plain to see on the host.
    """
    refused: Refusals = {}
    every = by_split.get(Split.WHOLE, {})
    whole = _Test(every, every, settings, exposure.share)
    latest, heldout = (
        _Test(by_split.get(train, {}), by_split.get(holdout, {}), settings, exposure.share, whole)
        for train, holdout, _ in SPLITS[:-1]
    )
    for test, (_, _, where) in zip((latest, heldout, whole), SPLITS, strict=True):
        test.refuse(refused, where)
    whole.replay(refused)
    return BacktestResult(
        {place: whole.infer(place, refused).parameter for place in whole.places},
        sum(test.requests for test in (latest, heldout) if test.train),
        sum(test.false_alarms(refused) for test in (latest, heldout)),
    )


def _parameter(
    place: Place,
    known: EvidenceByPlace,
    reasons: Mapping[str, str],
    settings: SchemaSettings,
    contaminated: float,
) -> Parameter:
    location, name = place
    unwritten = {**NOT_KNOWN_OF_KEYS, **reasons} if location == KEY else reasons
    inferred = infer_schema(
        name, known[place], settings, location, _items(place, known), unwritten, contaminated
    )
    if location == KEY:
        inferred = replace(inferred, refused=reasons)
    always = location == "path" or (
        REQUIRED not in reasons and is_required(location, name, known, _requests(known), settings)
    )
    return Parameter(inferred, always)


def _items(place: Place, known: EvidenceByPlace) -> Evidence | None:
    return known.get(("item", place[1])) if place[0] == "query" else None


def _requests(known: EvidenceByPlace) -> int:
    return known.get(REQUEST, NO_EVIDENCE).requests


@dataclass(frozen=True, slots=True)
class _InferredParameter:
    """A parameter inferred from one part, and its violations in the other part.

    Attributes:
        reasons: Keywords that were refused.
        parameter: The parameter without these.
        violations: What violates the rest.
    """

    reasons: Mapping[str, str]
    parameter: Parameter
    violations: ViolationsByKeyword


class _Test:
    """One split of the evidence: infers from `train` and tests with `holdout`.

    A parameter is inferred again only if more is refused.
    """

    def __init__(
        self,
        train: EvidenceByPlace,
        holdout: EvidenceByPlace,
        settings: SchemaSettings,
        contaminated: float,
        whole: _Test | None = None,
    ) -> None:
        self.train, self.holdout, self.settings = train, holdout, settings
        self.contaminated = contaminated
        self.whole = whole
        self.requests = _requests(holdout)
        self.places = [place for place in train if place[0] not in ("request", "item")]
        self._known: dict[Place, _InferredParameter] = {}

    def refuse(self, refused: Refusals, where: str) -> None:
        """Adds the most violated constraints to `refused` until the budget is kept.

        The budget of the endpoint is a share of its requests.
        """
        found = {place: self._several(place, refused) for place in self.places}
        budget = self.settings.false_alarm_budget * self.requests
        while sum(one.n for by_keyword in found.values() for one in by_keyword.values()) > budget:
            place, keyword, worst = max(
                (
                    (place, keyword, one)
                    for place, by_keyword in found.items()
                    for keyword, one in by_keyword.items()
                ),
                key=lambda entry: (entry[2].n, entry[:2]),
            )
            reason = f"{worst.n} values {where}, from at least {worst.clients} clients, violate it"
            refused.setdefault(place, {})[keyword] = reason
            found[place] = self._several(place, refused)

    def replay(self, refused: Refusals) -> None:
        """Adds keywords to `refused` that the very values they were learned from violate."""
        for place in self.places:
            evidence, items = self.train[place], _items(place, self.train)
            for _ in range(MAX_REPLAYS):
                inferred = self.infer(place, refused).parameter.inferred
                merged = (
                    merge_items(evidence, items) if inferred.list_kind and items is not None else evidence
                )
                tested = without_contamination(merged, self.contaminated, self.settings)
                found = find_contradicted_keywords(inferred, tested, place[0], self.settings)
                if not found:
                    break
                refused.setdefault(place, {}).update(found)

    def false_alarms(self, refused: Refusals) -> int:
        """Counts values that violate the schema, whoever sent them, except attacks."""
        return sum(one.n for place in self.places for one in self.infer(place, refused).violations.values())

    def infer(self, place: Place, refused: Refusals) -> _InferredParameter:
        """Returns a parameter without what is refused now."""
        reasons = refused.get(place, {})
        known = self._known.get(place)
        if known is None or known.reasons != reasons:
            parameter = _parameter(place, self.train, dict(reasons), self.settings, self.contaminated)
            known = _InferredParameter(dict(reasons), parameter, self._violations(place, parameter, refused))
            self._known[place] = known
        return known

    def _several(self, place: Place, refused: Refusals) -> ViolationsByKeyword:
        """Returns violations by more clients than may be attackers or mistaken.

        Of the whole window, values that are as rare as contamination do not count: they were left out on purpose.
        """
        least, n = self.settings.min_union_clients, self.holdout.get(place, NO_EVIDENCE).n
        return {
            keyword: one
            for keyword, one in self.infer(place, refused).violations.items()
            if one.clients >= least
            and (
                self.whole is not None or not is_contamination(one.n, n, self.contaminated, GENUINE_EXCEPTION)
            )
        }

    def _violations(self, place: Place, parameter: Parameter, refused: Refusals) -> ViolationsByKeyword:
        """Returns violations, but for values that the schema of the whole window refuses.

        That schema has seen them and left them out.
        """
        found = self._refused_by(place, parameter)
        if self.whole is not None:
            known = self._refused_by(place, self.whole.infer(place, refused).parameter)
            found = {
                keyword: Violation(n, min(one.clients, n))
                for keyword, one in found.items()
                if (n := one.n - known.get(keyword, Violation()).n) > 0
            }
        absent = count_missing(*place, self.holdout, self.requests) if parameter.is_required else 0
        if absent > 0 and place[0] != "path":
            found[REQUIRED] = Violation(absent, absent)
        return found

    def _refused_by(self, place: Place, parameter: Parameter) -> ViolationsByKeyword:
        """Returns violating values of the other part, without contamination."""
        whole, items = self.holdout.get(place, NO_EVIDENCE), _items(place, self.holdout)
        merged = merge_items(whole, items) if parameter.inferred.list_kind and items is not None else whole
        honest = _without_attacks(merged, self.settings)
        clean = without_contamination(honest, self.contaminated, self.settings)
        return find_violations(parameter.inferred, clean, place[0], None)


def _without_attacks(evidence: Evidence, settings: SchemaSettings) -> Evidence:
    return replace(
        evidence, kinds=tuple(kind for kind in evidence.kinds if not is_attack(kind, evidence, settings))
    )
