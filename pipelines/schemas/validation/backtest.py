"""Whether a parameter or a member of a body is in every request (METHODS B4): never absent, in enough of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.http.value_formats import OBJECT
from pipelines.requests.json_body import KEY, MEMBER, last_token, parent_pointer
from pipelines.requests.urlencoded import ANY_INDEX, ANY_KEY
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.infer import InferredSchema, infer_schema, is_attack, merge_items
from pipelines.schemas.statistics.evidence import NO_EVIDENCE, Evidence
from pipelines.schemas.validation.violations import (
    ByKeyword,
    Violation,
    find_contradicted_keywords,
    find_violations,
)

EvidenceByPlace = Mapping[tuple[str, str], Evidence]
"""(location, name) → evidence, of one endpoint."""


def is_required(
    location: str, name: str, known: EvidenceByPlace, requests: int, settings: SchemaSettings
) -> bool:
    """A query or form field of all `requests`, a member of all objects that could hold it."""
    mine = known[location, name]
    is_any = last_token(name) == MEMBER if location == "body" else ANY_INDEX in name or ANY_KEY in name
    if (
        location == KEY or is_any
    ):  # a map may be empty, its keys are any; no document can ask for a field of any index
        return False
    return (
        count_holders(location, name, known, requests) >= settings.required_observations
        and count_missing(location, name, known, requests) <= 0
        and mine.clients >= settings.required_clients
    )


def count_holders(location: str, name: str, known: EvidenceByPlace, requests: int) -> int:
    """Requests, or objects of a body, that could hold a parameter or member."""
    if location != "body":
        return requests
    holder = known.get(("body", parent_pointer(name))) if name else None
    return sum(kind.n for kind in holder.kinds if kind.kind == OBJECT) if holder else 0


def count_missing(location: str, name: str, known: EvidenceByPlace, requests: int) -> int:
    """Holders without the parameter or member."""
    mine = known.get((location, name), NO_EVIDENCE)
    return count_holders(location, name, known, requests) - (mine.n if location == "body" else mine.requests)


Place = tuple[str, str]
EvidenceBySplit = Mapping[str, EvidenceByPlace]
"""View → (location, name) → evidence; ("request", "") stands for the requests themselves."""
Refusals = dict[Place, dict[str, str]]
REQUEST: Place = ("request", "")
REQUIRED = "required"
NOT_OF_KEYS = dict.fromkeys(
    ("enum", "prefix", "minimum", "maximum"), "only kind, length and characters of a map's keys are kept"
)
"""Keywords that would speak of a key itself: what is kept of it (`names.stand_in`) is not it."""
MOST_REPLAYS = 8
"""Each leaves out one keyword more; there are seven, and without the type nothing is refused."""
SPLITS = (
    (Split.EARLIER, Split.LATEST, "of the latest part"),
    (Split.TRAIN, Split.HOLDOUT, "held out of learning"),
    (Split.WHOLE, Split.WHOLE, "of the window"),
)
"""What teaches, what is tested with it, and how the reason says it. The last is the verification of the whole window."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is written of one parameter."""

    inferred: InferredSchema
    is_required: bool


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """`tested` requests were left out of what taught; in them `false_alarms` values broke what is written."""

    parameters: Mapping[Place, Parameter]
    tested: int
    false_alarms: int


def run_backtest(views: EvidenceBySplit, settings: SchemaSettings) -> BacktestResult:
    """The judgement on all evidence, without what the back-tests refuse."""
    refused: Refusals = {}
    newest, held, whole = (
        _Test(views.get(taught, {}), views.get(left_out, {}), settings) for taught, left_out, _ in SPLITS
    )
    for test, (_, _, where) in zip((newest, held, whole), SPLITS, strict=True):
        test.refuse(refused, where)
    whole.replay(refused)
    return BacktestResult(
        {place: whole.judged(place, refused).parameter for place in whole.places},
        sum(test.requests for test in (newest, held) if test.taught),
        sum(test.false_alarms(refused) for test in (newest, held)),
    )


def _parameter(
    place: Place, known: EvidenceByPlace, reasons: Mapping[str, str], settings: SchemaSettings
) -> Parameter:
    location, name = place
    unwritten = {**NOT_OF_KEYS, **reasons} if location == KEY else reasons
    inferred = infer_schema(name, known[place], settings, location, _items(place, known), unwritten)
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
class _Judged:
    """A parameter as what teaches says it while `reasons` refuse a part, and what of the rest breaks it."""

    reasons: Mapping[str, str]
    parameter: Parameter
    violations: ByKeyword


class _Test:
    """One split of the evidence: what `taught` says, tested with `left_out`; judged again only where more is refused."""

    def __init__(self, taught: EvidenceByPlace, left_out: EvidenceByPlace, settings: SchemaSettings) -> None:
        self.taught, self.left_out, self.settings = taught, left_out, settings
        self.requests = _requests(left_out)
        self.places = [place for place in taught if place[0] not in ("request", "item")]
        self._known: dict[Place, _Judged] = {}

    def refuse(self, refused: Refusals, where: str) -> None:
        """Adds to `refused` the most broken constraints until the endpoint is within its budget."""
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
        """Adds to `refused` what the written schemas refuse of the very values that taught them."""
        for place in self.places:
            evidence, items = self.taught[place], _items(place, self.taught)
            for _ in range(MOST_REPLAYS):
                inferred = self.judged(place, refused).parameter.inferred
                shown = merge_items(evidence, items) if inferred.listed and items is not None else evidence
                found = find_contradicted_keywords(inferred, shown, place[0], self.settings)
                if not found:
                    break
                refused.setdefault(place, {}).update(found)

    def false_alarms(self, refused: Refusals) -> int:
        """Values that break what is written, whoever sent them, attacks aside."""
        return sum(one.n for place in self.places for one in self.judged(place, refused).violations.values())

    def judged(self, place: Place, refused: Refusals) -> _Judged:
        """A parameter under what is refused now."""
        reasons = refused.get(place, {})
        known = self._known.get(place)
        if known is None or known.reasons != reasons:
            parameter = _parameter(place, self.taught, dict(reasons), self.settings)
            known = _Judged(dict(reasons), parameter, self._broken(place, parameter))
            self._known[place] = known
        return known

    def _several(self, place: Place, refused: Refusals) -> ByKeyword:
        """What more clients break than may be attackers or mistaken."""
        least = self.settings.min_union_clients
        return {k: one for k, one in self.judged(place, refused).violations.items() if one.clients >= least}

    def _broken(self, place: Place, taught: Parameter) -> ByKeyword:
        evidence = _without_attacks(self.left_out.get(place, NO_EVIDENCE), self.settings)
        found = find_violations(taught.inferred, evidence, place[0], _items(place, self.left_out))
        absent = count_missing(*place, self.left_out, self.requests) if taught.is_required else 0
        if absent > 0 and place[0] != "path":
            found[REQUIRED] = Violation(absent, absent)
        return found


def _without_attacks(evidence: Evidence, settings: SchemaSettings) -> Evidence:
    return replace(
        evidence, kinds=tuple(kind for kind in evidence.kinds if not is_attack(kind, evidence, settings))
    )
