"""All parameters of an endpoint judged together: what one part of the traffic taught must hold for the part left out.

A constraint that several clients break is not written any more while all of an endpoint together refuse more requests
than the budget allows (METHODS B6, the gate); the reason stays with the parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.schemas.broken import Broken, ByKeyword, broken
from pipelines.schemas.evidence import NO_EVIDENCE, Evidence
from pipelines.schemas.judge import Judgement, is_attack, judge
from pipelines.schemas.required import Known, is_required, missing
from pipelines.schemas.view import View
from pipelines.sections import SchemaSettings

Place = tuple[str, str]
Views = Mapping[str, Known]
"""View → (location, name) → evidence; ("request", "") stands for the requests themselves."""
Refusals = dict[Place, dict[str, str]]
REQUEST: Place = ("request", "")
REQUIRED = "required"
SPLITS = (
    (View.PAST, View.NEWEST, "in the newest slice"),
    (View.TAUGHT, View.HELD, "left out"),
    (View.WHOLE, View.WHOLE, "of the window"),
)
"""What teaches, what is tested with it, and how the reason says it. The last is the verification of the whole window."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is written of one parameter."""

    judgement: Judgement
    is_required: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tested` requests were left out of what taught; in them `false_alarms` values broke what is written."""

    parameters: Mapping[Place, Parameter]
    tested: int
    false_alarms: int


def back_tested(views: Views, settings: SchemaSettings) -> Verdict:
    """The judgement on all evidence, without what the back-tests refuse."""
    refused: Refusals = {}
    for taught, left_out, where in SPLITS:
        _Test(views.get(taught, {}), views.get(left_out, {}), settings).refuse(refused, where)
    tests = [
        _Test(views.get(taught, {}), views.get(left_out, {}), settings) for taught, left_out, _ in SPLITS[:2]
    ]
    whole = _judged(views[View.WHOLE], refused, settings)
    return Verdict(
        whole,
        sum(test.requests for test in tests if test.taught),
        sum(test.false_alarms(refused) for test in tests),
    )


def _judged(known: Known, refused: Refusals, settings: SchemaSettings) -> dict[Place, Parameter]:
    return {
        place: _parameter(place, known, refused, settings)
        for place in known
        if place[0] not in ("request", "item")
    }


def _parameter(place: Place, known: Known, refused: Refusals, settings: SchemaSettings) -> Parameter:
    location, name = place
    reasons = refused.get(place, {})
    judgement = judge(name, known[place], settings, location, _items(place, known), reasons)
    requests = known[REQUEST].requests if REQUEST in known else 0
    always = location == "path" or (
        REQUIRED not in reasons and is_required(location, name, known, requests, settings)
    )
    return Parameter(judgement, always)


def _items(place: Place, known: Known) -> Evidence | None:
    return known.get(("item", place[1])) if place[0] == "query" else None


class _Test:
    """One split of the evidence: what `taught` says, tested with `left_out`."""

    def __init__(self, taught: Known, left_out: Known, settings: SchemaSettings) -> None:
        self.taught, self.left_out, self.settings = taught, left_out, settings
        self.requests = left_out[REQUEST].requests if REQUEST in left_out else 0

    def refuse(self, refused: Refusals, where: str) -> None:
        """Adds to `refused` the most broken constraints until the endpoint is within its budget."""
        found = {place: self._several(place, refused) for place in self.taught}
        budget = self.settings.false_alarm_budget * self.requests
        while sum(one.n for by_keyword in found.values() for one in by_keyword.values()) > budget:
            place, keyword, worst = max(
                (
                    (place, keyword, one)
                    for place, by_keyword in found.items()
                    for keyword, one in by_keyword.items()
                ),
                key=lambda broken: (broken[2].n, broken[:2]),
            )
            reason = f"{worst.n} values of {worst.clients} or more clients {where} broke it"
            refused.setdefault(place, {})[keyword] = reason
            found[place] = self._several(place, refused)

    def false_alarms(self, refused: Refusals) -> int:
        """Values that break what is written, whoever sent them, attacks aside."""
        return sum(one.n for place in self.taught for one in self._broken(place, refused).values())

    def _several(self, place: Place, refused: Refusals) -> ByKeyword:
        """What more clients break than may be attackers or mistaken."""
        least = self.settings.min_union_clients
        return {k: one for k, one in self._broken(place, refused).items() if one.clients >= least}

    def _broken(self, place: Place, refused: Refusals) -> ByKeyword:
        location, _ = place
        if location in ("request", "item"):
            return {}
        taught = _parameter(place, self.taught, refused, self.settings)
        evidence = _without_attacks(self.left_out.get(place, NO_EVIDENCE), self.settings)
        found = broken(taught.judgement, evidence, location, _items(place, self.left_out))
        absent = missing(*place, self.left_out, self.requests) if taught.is_required else 0
        if absent > 0 and location != "path":
            found[REQUIRED] = Broken(absent, absent)
        return found


def _without_attacks(evidence: Evidence, settings: SchemaSettings) -> Evidence:
    kinds = tuple(kind for kind in evidence.kinds if not is_attack(kind, evidence, settings))
    return Evidence(evidence.n, evidence.requests, evidence.clients, evidence.days, kinds)
