"""The back-test, computed from states alone. No Spark.

Constraints learned from one part of the traffic are tested on the held-out part.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.http.value_formats import detect_kind
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from pipelines.schemas.statistics.evidence import SIZED_KINDS, Evidence
from pipelines.schemas.validation.backtest import (
    REQUEST,
    BacktestResult,
    EvidenceBySplit,
    Parameter,
    run_backtest,
)
from pipelines.schemas.validation.violations import find_violations
from tests import strategies
from tests.inferred_schemas import DAY, SETTINGS, Observation, accepts, infer_observations
from tests.oracles.parameter_state import fold, observe

Q = ("query", "q")


def evidence_of(observations: Iterable[Observation]) -> Evidence:
    """Returns the evidence of observations."""
    return fold(
        observe(value, client, day, is_first=first) for value, client, day, first in observations
    ).evidence()


def observations_of(texts: Iterable[str], clients: int = 60, tag: str = "c") -> list[Observation]:
    """Returns observations of texts that clients send in turn."""
    return [(text, f"{tag}{i % clients}", DAY, True) for i, text in enumerate(texts)]


def back_test(
    past: list[Observation], newest: list[Observation], requests: int | None = None
) -> BacktestResult:
    """Back-tests one query parameter.

    The same requests serve as those of the held-out clients.
    """
    parts = {
        Split.WHOLE: past + newest,
        Split.EARLIER: past,
        Split.LATEST: newest,
        Split.TRAIN: past,
        Split.HOLDOUT: newest,
    }
    by_split: EvidenceBySplit = {
        split: {Q: evidence_of(part), REQUEST: evidence_of(observations_of([""] * (requests or len(part))))}
        for split, part in parts.items()
    }
    return run_backtest(by_split, SETTINGS)


def schema(result: BacktestResult) -> object:
    """Returns the schema that remains after the back-test, without evidence."""
    return without_evidence(to_json_schema(result.parameters[Q].inferred))


@given(
    strategies.similar_observations | strategies.observations,
    strategies.similar_observations | strategies.observations,
)
def test_every_value_conforms_to_constraints_that_its_state_does_not_violate(
    learned_from: list[Observation], others: list[Observation]
) -> None:
    inferred = infer_observations(learned_from)
    assume(not inferred.list_kind and not inferred.is_repeated)
    written = to_json_schema(inferred)
    refused = [
        text
        for text, *_ in others
        if detect_kind(text[:2048]) in SIZED_KINDS and not accepts(written, text[:2048])
    ]
    violations = find_violations(inferred, evidence_of(others), "query", None)
    assert bool(violations) or not refused
    assert sum(one.n for one in violations.values()) >= len(refused)


@given(strategies.similar_observations)
def test_evidence_violates_its_own_schema_only_where_it_was_trimmed(learned_from: list[Observation]) -> None:
    inferred = infer_observations(learned_from)
    violations = find_violations(inferred, inferred.evidence, "query", None)
    assert violations.get("type", None) is None or inferred.trimmed >= violations["type"].n


@pytest.mark.parametrize(
    ("learned_from", "other", "keyword"),
    [
        ([str(n % 100) for n in range(1000)], "987654", "maximum"),
        ([str(n % 100) for n in range(1000)], "-7", "minimum"),
        ([str(n % 100) for n in range(1000)], "seven", "type"),
        ([("red", "green", "blue")[n % 3] for n in range(1000)], "mauve", "enum"),
        ([f"word {n}" for n in range(1000)], "w" * 500, "maxLength"),
        ([f"a-{n}" for n in range(1000)], "a<b>", "pattern"),
    ],
)
def test_each_limit_that_is_broken_is_named_and_counted(
    learned_from: list[str], other: str, keyword: str
) -> None:
    inferred = infer_observations(observations_of(learned_from))
    violations = find_violations(
        inferred, evidence_of(observations_of([*learned_from[:9], other, other], tag="d")), "query", None
    )
    assert {name: (one.n, one.clients) for name, one in violations.items()} == {keyword: (2, 2)}


def test_values_that_keep_growing_are_not_an_enum_and_the_reason_is_given() -> None:
    past = [f"tag-{'abcdefgh'[n % 8]}" for n in range(800)]
    newest = [f"tag-{'abcdefghxyz'[n % 11]}" for n in range(400)]
    result = back_test(observations_of(past), observations_of(newest))
    written = to_json_schema(result.parameters[Q].inferred)
    assert "enum" not in written
    assert "of the latest part" in written["x-census"]["refused"]["enum"]
    assert (result.tested, result.false_alarms) == (800, 0)  # without the enum nothing is violated
    assert "enum" in str(schema(back_test(observations_of(past), observations_of(past[:400]))))


def test_two_clients_cannot_have_a_constraint_dropped() -> None:
    past = [f"tag-{'abcdefgh'[n % 8]}" for n in range(800)]
    strangers = [(f"evil-{n % 5}", f"x{n % 2}", DAY, True) for n in range(40)]
    result = back_test(observations_of(past), [*observations_of(past[:400]), *strangers])
    assert result.parameters[Q].inferred.refused == {}
    assert result.false_alarms == 80  # and yet nothing is hidden: in both tests 40 values violated the enum


def test_within_the_budget_nothing_is_dropped() -> None:
    past = [f"tag-{'abcdefgh'[n % 8]}" for n in range(800)]
    few = [("tag-q", f"x{n}", DAY, True) for n in range(4)]
    within, beyond = (
        back_test(observations_of(past), [*observations_of(past[:400]), *few], requests)
        for requests in (4000, 3999)
    )
    assert within.parameters[Q].inferred.refused == {}
    assert set(beyond.parameters[Q].inferred.refused) == {"enum"}


def test_parameter_that_stays_away_is_no_longer_required() -> None:
    n = SETTINGS.required_observations
    always = back_test(observations_of(["1"] * n), observations_of(["1"] * 500))
    assert always.parameters[Q].is_required
    sometimes = back_test(observations_of(["1"] * n), observations_of(["1"] * 400), requests=n)
    assert not sometimes.parameters[Q].is_required


def test_masked_tokens_conform_to_what_their_mask_stands_for() -> None:
    place = ("query", "access_token")
    evidence = evidence_of(observations_of(["redacted-token"] * 400))
    by_split: EvidenceBySplit = {
        split: {place: evidence, REQUEST: evidence_of(observations_of([""] * 400))} for split in Split
    }
    inferred = run_backtest(by_split, SETTINGS).parameters[place].inferred
    assert inferred.refused == {}
    assert "pattern" in to_json_schema(inferred)


Draw = Callable[[random.Random], str]
HONEST: dict[str, Draw] = {
    "skewed set": lambda rng: rng.choices(("new", "paid", "sent", "lost"), (900, 90, 9, 1))[0],
    "heavy tail": lambda rng: str(int(10 * rng.paretovariate(1.5))),
    "two formats": lambda rng: rng.choice(("2026-06-01", str(1_718_000_000 + rng.randrange(10**6)))),
    "rare punctuation": lambda rng: "a" * rng.randint(3, 20) + ("'" if rng.random() < 0.01 else ""),
}


@pytest.mark.parametrize("name", HONEST)
def test_later_values_are_refused_within_the_budget(name: str) -> None:
    """At most the budget of honest later values is refused.

    After the back-test, over many endpoints (docs/methods.md, 2.6).
    """
    rng, alarms, future = random.Random(7), 0, 0  # noqa: S311  # a simulation
    for _ in range(12):
        draw = HONEST[name]
        result = back_test(
            observations_of(draw(rng) for _ in range(1500)), observations_of(draw(rng) for _ in range(500))
        )
        parameter: Parameter = result.parameters[Q]
        later = evidence_of(observations_of((draw(rng) for _ in range(2000)), tag="later"))
        alarms += sum(one.n for one in find_violations(parameter.inferred, later, "query", None).values())
        future += 2000
    assert alarms / future <= SETTINGS.false_alarm_budget


@given(st.integers(2, 60))
def test_constant_of_each_client_never_becomes_an_enum(clients: int) -> None:
    observed = [
        (f"tenant-{'abcdefghij'[i % 10]}{i % clients}x", f"c{i % clients}", DAY, True) for i in range(600)
    ]
    assert "enum" not in str(schema(back_test(observed[:450], observed[450:])))
