"""Attacks answered with success, and mistakes, leave schemas as they are."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given

from pipelines.schemas.inference.cleaning import without_contamination
from pipelines.schemas.inference.contamination import (
    MAX_SHARE,
    NO_EXPOSURE,
    RARE_PER_HOSTILE,
    UNEVENNESS,
    Exposure,
    exposure_of,
    is_contamination,
    most_contamination,
)
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from tests import strategies
from tests.inferred_schemas import DAY, SETTINGS, Observation, accepts, infer_observations
from tests.oracles.parameter_state import fold, observe

ATTACKED = Exposure(50, 10_000)
"""A host of which 1 value in 200 is hostile."""
INJECTION = "' OR '1'='1"
Sent = list[tuple[str, int]]


def sent(values: list[str], clients: int = 60, tag: str = "c") -> list[Observation]:
    """Returns one observation per value; clients take turns."""
    return [(value, f"{tag}{i % clients}", DAY, True) for i, value in enumerate(values)]


def written(observations: list[Observation], name: str = "q") -> dict[str, object]:
    """Returns the schema without its evidence."""
    schema: dict[str, object] = without_evidence(to_json_schema(infer_observations(observations, name)))
    return schema


def attacks(values: list[str]) -> list[Observation]:
    """Returns one observation per value, each of an address of its own."""
    return sent(values, len(values), "attacker")


def test_a_few_texts_of_several_clients_do_not_open_an_integer() -> None:
    integers = [str(1000 + i * 7 % 5000) for i in range(2613)]
    judgement = infer_observations([*sent(integers), *attacks(["admin", "null", "../../etc/passwd"])])
    assert written([*sent(integers), *attacks(["admin", "null", "../../etc/passwd"])]) == written(
        sent(integers)
    )
    assert judgement.trimmed == 3
    assert to_json_schema(judgement)["x-census"]["trimmed"] == 3


def test_a_format_that_all_but_a_few_hold_is_the_format() -> None:
    times = [f"2026-06-{i % 28 + 1:02}T{i % 24:02}:00:00Z" for i in range(1598)]
    assert written([*sent(times), *attacks(["tomorrow", "%00", "x" * 40, "a,b c"])]) == {
        "type": "string",
        "format": "date-time",
    }


def test_words_that_a_share_of_the_requests_has_are_a_kind_of_their_own() -> None:
    integers = [str(i) for i in range(1900)]
    schema = written(sent([*integers, *["me"] * 100]))
    assert [accepts(schema, text) for text in ("7", "me", INJECTION)] == [True, True, False]


@pytest.mark.parametrize("far", ["99999999999999", "-99999999999999", "999999999999", "1e300"])
def test_one_absurd_number_of_many_clients_sets_no_bound(far: str) -> None:
    rng = random.Random(3)  # noqa: S311  # a simulation
    longitudes = [f"{rng.uniform(-180, 180):.4f}" for _ in range(2000)]
    assert written([*sent(longitudes), *attacks([far] * 5)]) == written(sent(longitudes))


def test_a_heavy_tail_keeps_its_largest_values() -> None:
    rng, lost = random.Random(5), 0  # noqa: S311  # a simulation
    for _ in range(60):
        sizes = [str(int(10 * rng.paretovariate(1.0))) for _ in range(800)]
        evidence = fold(observe(*one[:3]) for one in sent(sizes)).evidence()
        lost += evidence.n - without_contamination(evidence, ATTACKED.share, SETTINGS).n
    assert lost <= 60 * 800 * 1e-4


def test_a_set_keeps_its_enum_and_an_identifier_its_pattern_under_injections() -> None:
    words = ["red", "green", "blue", "black", "white"]
    hostile = [INJECTION, "<script>", "%00", "../../etc/passwd", "A" * 300, "-1", "999999999999", "{{7*7}}"]
    assert written([*sent([words[i % 5] for i in range(900)]), *attacks(hostile)]) == {
        "type": "string",
        "enum": sorted(words),
    }
    names = sent([f"id{i * 7919 % 1000}x" for i in range(900)])
    schema = written([*names, *attacks([INJECTION, "%00", "x y", "A" * 300])])
    assert not accepts(schema, INJECTION)
    assert not accepts(schema, "A" * 600)


def test_a_set_is_a_set_whatever_its_members_look_like() -> None:
    values = [("0", "GT0", "GT1000", "any")[i % 4] for i in range(800)]
    assert written(sent(values)) == {"type": "string", "enum": ["0", "GT0", "GT1000", "any"]}
    assert written(sent([("true", "false", "auto")[i % 3] for i in range(600)])) == {
        "type": "string",
        "enum": ["auto", "false", "true"],
    }
    assert written(sent([("a", "b", "")[i % 3] for i in range(600)])) == {
        "type": "string",
        "enum": ["", "a", "b"],
    }
    steps = written(sent([("10", "25", "50", "100", "all")[i % 5] for i in range(800)]))
    assert accepts(steps, "30")  # a set of numbers has a range


@given(strategies.observations | strategies.similar_observations)
def test_only_values_are_left_out_and_all_are_counted(observations: list[Observation]) -> None:
    evidence = fold(
        observe(value, client, day, is_first=first) for value, client, day, first in observations
    ).evidence()
    clean = without_contamination(evidence, ATTACKED.share, SETTINGS)
    before = {kind.kind: kind.n for kind in evidence.kinds}
    assert all(0 < kind.n <= before[kind.kind] for kind in clean.kinds)
    assert clean.n == sum(kind.n for kind in clean.kinds)
    assert evidence.n - clean.n <= 8 * most_contamination(evidence.n)
    assert evidence.clients > SETTINGS.min_union_clients or clean == evidence


def test_exposure_counts_only_where_almost_all_values_have_a_format() -> None:
    numbers, words = [str(i) for i in range(500)], [f"w{i}" for i in range(500)]
    evidence = [
        fold(observe(*one[:3]) for one in [*sent(some), *attacks([INJECTION] * 2)]).evidence()
        for some in (numbers, words)
    ]
    assert [exposure_of(one) for one in evidence] == [Exposure(2, 502), NO_EXPOSURE]
    assert NO_EXPOSURE.share < Exposure(0, 100).share + NO_EXPOSURE.share < ATTACKED.share <= MAX_SHARE


@pytest.mark.parametrize("attacked", [0.0, 1 / 500, 1 / 200, 1 / 100])
def test_contamination_is_told_from_honest_minorities(attacked: float) -> None:
    """Hardly any honest value is lost without attacks; most attacks are found.

    Rates of attacks differ from parameter to parameter as assumed, honest shares are those of the fleet prior.
    """
    rng, n = random.Random(11), 2000  # noqa: S311  # a simulation
    exposure = Exposure(attacked * 20_000 / RARE_PER_HOSTILE, 20_000)
    lost = values = found = tried = 0
    for _ in range(2000):
        honest = _binomial(rng, n, rng.betavariate(0.5, 2))
        lost += honest if is_contamination(honest, n, exposure.share, 0.1) else 0
        values += n
        rate = rng.gammavariate(UNEVENNESS, attacked / UNEVENNESS) if attacked else 0.0
        hostile = _binomial(rng, n, min(rate, 1.0))
        if 0 < hostile <= MAX_SHARE * n:
            tried += 1
            found += is_contamination(hostile, n, exposure.share, 0.1)
    # an honest minority is 1 parameter in 10
    assert 0.1 * lost / values <= (1e-6 if attacked == 0 else 4e-4)
    assert found >= 0.99 * tried


def _binomial(rng: random.Random, n: int, share: float) -> int:
    mean, deviation = n * share, math.sqrt(n * share * (1 - share))
    return (
        min(max(round(rng.gauss(mean, deviation)), 0), n)
        if mean > 30
        else sum(rng.random() < share for _ in range(n))
    )
