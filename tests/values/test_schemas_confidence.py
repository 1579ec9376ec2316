"""Confidence of constraints: what is stated and what comes true. No Spark.

Each kind of claim is made about fleets of simulated parameters whose true shares of violations are known: claims hold at least as
often as they state (docs/methods.md, 2.1 to 2.4).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.random import Generator
from scipy.stats import beta, gamma, norm

from pipelines.schemas.inference import tail_bounds
from pipelines.schemas.inference.claims import claim_closed_set, fit_sizes, standard_of
from pipelines.schemas.inference.confidence import (
    ALPHA,
    BETA,
    PURE_TYPE,
    AlwaysPresent,
    Claim,
    ClosedSet,
    Property,
    Standard,
    effective_number,
    state_claim,
    values_to_wait_for,
)
from pipelines.schemas.inference.tails import RATE_OF_LENGTHS, RATE_OF_NUMBERS, Limit, fit_tail
from pipelines.schemas.statistics.value_counts import ExtremeValues, ValueCount, client_bit, estimate_clients
from pipelines.schemas.validation.calibration import Group, Outcome, group_outcomes
from tests.inferred_schemas import SETTINGS

STANDARD = standard_of(SETTINGS)


def overstated(outcomes: Iterable[Outcome]) -> list[Group]:
    """Returns the deciles of n in which significantly fewer claims held than stated."""
    return [group for group in group_outcomes(outcomes) if group.is_overstated]


def limit_of(n: int) -> Limit:
    tail = fit_tail([(float(size), 1) for size in range(100, 68, -1)], n, n, prior_rate=RATE_OF_NUMBERS)
    return Limit(tail, 150.0)


CLAIMS: dict[str, Callable[[int], Claim]] = {
    "property": lambda n: Property(n, n),
    "presence": AlwaysPresent,
    "set": lambda n: ClosedSet(n, n, n / 10),
    "limit": limit_of,
}


@pytest.mark.parametrize("name", CLAIMS)
def test_confidence_grows_with_the_evidence_until_a_claim_is_enforceable(name: str) -> None:
    stated = [state_claim(CLAIMS[name](n), STANDARD) for n in (10, 100, 1000, 10_000, 100_000)]
    assert [one["confidence"] for one in stated] == sorted(one["confidence"] for one in stated)
    assert [one["risk"] for one in stated] == sorted((one["risk"] for one in stated), reverse=True)
    assert (stated[0]["status"], stated[-1]["status"]) == ("provisional", "enforceable")
    assert [one["confidence"] >= 0.999 for one in stated] == [
        one["status"] == "enforceable" for one in stated
    ]


@pytest.mark.parametrize("name", CLAIMS)
def test_provisional_claim_is_enforceable_with_the_number_that_it_waits_for(name: str) -> None:
    claim = CLAIMS[name](12)
    waits = values_to_wait_for(claim, STANDARD)
    assert waits is not None
    assert claim.confidence(STANDARD.rate, waits / claim.n) >= STANDARD.confidence
    assert claim.confidence(STANDARD.rate, 0.85 * waits / claim.n) < STANDARD.confidence
    assert state_claim(claim, STANDARD)["waits_for"] == waits


def test_one_limit_without_slack_needs_6905_values() -> None:
    """(1 - rate)^n: docs/methods.md, 2.1."""
    assert [AlwaysPresent(n).confidence(1e-3) >= 0.999 for n in (6903, 6904)] == [False, True]
    assert values_to_wait_for(AlwaysPresent(100), STANDARD) == 7000


def test_values_of_one_client_are_worth_few() -> None:
    assert effective_number(1000, 1000, SETTINGS) == 1000
    assert effective_number(1000, 100, SETTINGS) == pytest.approx(1000 / 1.9)
    assert effective_number(100, 1, SETTINGS) == pytest.approx(100 / 10.9)
    assert effective_number(10**9, 1, SETTINGS) < 10.1
    assert Property(10**6, effective_number(10**6, 1, SETTINGS)).confidence(1e-3) < 0.999


def test_clients_are_estimated_from_their_bits() -> None:
    for k in (1, 10, 40, 100):
        estimates = []
        for run in range(40):
            bits = 0
            for i in range(k):
                bits |= client_bit(f"{run}-{i}-{k}")
            estimates.append(estimate_clients(bits))
        assert np.mean(estimates) == pytest.approx(k, rel=0.1)


def test_properties_hold_as_often_as_stated() -> None:
    """Fleets follow the prior: most properties always hold."""
    rng, outcomes = np.random.default_rng(1), []
    for n in (10, 30, 100, 300, 1000):
        shares = np.where(rng.random(200_000) < PURE_TYPE, 0.0, rng.beta(ALPHA, BETA, 200_000))
        unbroken = shares[rng.random(200_000) < (1 - shares) ** n]
        stated = Property(n, n).confidence(1e-3)
        outcomes += [Outcome("type", n, stated, bool(share <= 1e-3)) for share in unbroken]
    assert overstated(outcomes) == []


def draw_shares(rng: Generator) -> np.ndarray:
    """Draws the shares of the members of a set: equal, Zipf, geometric, Dirichlet."""
    size = int(rng.integers(1, 40))
    shares = [
        np.ones(size),
        1 / np.arange(1, size + 1) ** rng.uniform(0.3, 1.5),
        rng.uniform(0.4, 0.9) ** np.arange(size),
        rng.dirichlet(np.full(size, rng.uniform(0.5, 2))),
    ][int(rng.integers(4))]
    return np.asarray(shares / shares.sum())


def test_sets_are_closed_as_often_as_stated() -> None:
    rng, outcomes = np.random.default_rng(2), []
    for _ in range(20_000):
        shares, n = draw_shares(rng), int(10 ** rng.uniform(2, 4))
        counts = rng.multinomial(n, shares)
        if counts[counts > 0].min() >= SETTINGS.enum_count:
            stated = ClosedSet(n, n, float(counts[counts > 0].min())).confidence(1e-3)
            outcomes.append(Outcome("enum", n, stated, bool(shares[counts == 0].sum() <= 1e-3)))
    assert overstated(outcomes) == []
    assert sum(one.stated >= 0.999 for one in outcomes) > 1000


def test_members_of_few_clients_count_as_so_many() -> None:
    many, few = ValueCount(500, 2**63 - 1), ValueCount(400, 0b111)
    of_all = claim_closed_set([many], 1000, 1000, SETTINGS)
    of_few = claim_closed_set([many, few], 1000, 1000, SETTINGS)
    assert (of_all.rarest, of_all.confidence(1e-3) >= 0.999) == (500, True)
    assert of_few.rarest == pytest.approx(3, abs=0.1)
    assert of_few.confidence(1e-3) < 0.95


class Sizes(NamedTuple):
    """Sizes to draw, and the share of them above a limit."""

    draw: Callable[[int], np.ndarray]
    above: Callable[[float], float]


def draw_distribution(rng: Generator, most: float) -> Sizes:
    """Draws one of seven kinds of distributions of whole numbers from 1 on.

    One in a hundred mixes in a second population of larger ones; `most` is a typical size of the largest parameters.
    """
    kind = int(rng.integers(6)) if rng.random() >= 0.01 else 6
    size = 10 ** rng.uniform(0.5, math.log10(most))
    shape = rng.uniform(0.5, 3)
    if kind == 0:
        return Sizes(lambda n: rng.integers(1, int(size) + 1, n), lambda b: max(0.0, 1 - b / int(size)))
    if kind == 1:
        return Sizes(lambda n: rng.geometric(1 / size, n), lambda b: (1 - 1 / size) ** math.floor(b))
    if kind == 2:
        spread = rng.uniform(0.3, 1.5)
        return Sizes(
            lambda n: np.ceil(rng.lognormal(math.log(size), spread, n)),
            lambda b: float(norm.sf((math.log(math.floor(b)) - math.log(size)) / spread)),
        )
    if kind == 3:
        index = rng.uniform(1.5, 4)
        return Sizes(
            lambda n: np.ceil(size * (1 + rng.pareto(index, n))), lambda b: min(1.0, (b / size) ** -index)
        )
    if kind == 4:
        return Sizes(
            lambda n: np.ceil(rng.gamma(shape, size, n)),
            lambda b: float(gamma.sf(math.floor(b) / size, shape)),
        )
    if kind == 5:
        return Sizes(lambda n: np.full(n, math.ceil(size)), lambda b: float(math.ceil(size) > b))
    rare, larger = 10 ** rng.uniform(-3.3, -1.5), size * 10 ** rng.uniform(0.5, 2.5)
    return Sizes(
        lambda n: np.where(
            rng.random(n) < rare, np.ceil(larger * rng.random(n)), np.ceil(size * rng.random(n))
        ),
        lambda b: (1 - rare) * max(0.0, 1 - b / size) + rare * max(0.0, 1 - b / larger),
    )


def limit_numbers(values: np.ndarray) -> Limit:
    """Limits numbers that independent clients sent, as `constraints` does."""
    largest, n, distinct = sorted(Counter(values).items(), reverse=True)[:32], len(values), len(set(values))
    least = tail_bounds.upper_bound(largest, n, distinct, is_identifier=False)
    is_ladder = distinct <= tail_bounds.MAX_LADDER_STEPS
    tail = fit_tail(largest, n, n, prior_rate=RATE_OF_NUMBERS, is_ladder=is_ladder)
    return tail_bounds.widen_limit(least, tail, tail_bounds.MOST_SLACK * largest[0][0], STANDARD)


def limit_lengths(values: np.ndarray) -> Limit:
    """Limits lengths of texts that independent clients sent, as `constraints` does."""
    largest, n = sorted(Counter(values).items(), reverse=True)[:32], len(values)
    tail = fit_tail(largest, n, n, prior_rate=RATE_OF_LENGTHS)
    most = tail_bounds.most_length(largest[0][0])
    return tail_bounds.widen_limit(tail_bounds.length_bound(largest, n), tail, most, STANDARD)


LIMITS = {"numbers": (limit_numbers, 1e5, 50), "lengths": (limit_lengths, 60, 10)}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_hold_as_often_as_stated(name: str) -> None:
    limit, most, least = LIMITS[name]
    rng, outcomes = np.random.default_rng(3), []
    for _ in range(4000):
        sizes, n = draw_distribution(rng, most), int(10 ** rng.uniform(math.log10(least), 4))
        found = limit(sizes.draw(n).astype(float))
        held = bool(sizes.above(found.limit) <= 1e-3)
        outcomes.append(Outcome(name, n, found.confidence(1e-3), held))
    assert overstated(outcomes) == []
    assert sum(one.stated >= 0.999 for one in outcomes) > 2000


def keep_largest(values: np.ndarray, clients: np.ndarray) -> ExtremeValues:
    """Keeps the largest values with their clients, as evidence does."""
    counts: dict[tuple[float, str], ValueCount] = {}
    for value, client in zip(values.tolist(), clients.tolist(), strict=True):
        counts[value, ""] = counts.get((value, ""), ValueCount()) + ValueCount(1, client_bit(f"c{client}"))
    return ExtremeValues(True) + ExtremeValues(True, counts)


@pytest.mark.parametrize("is_constant", [True, False])
def test_limits_hold_for_new_clients_where_each_has_a_scale_of_its_own(is_constant: bool) -> None:
    """Values of a client are up to its scale, or all equal to it."""
    rng, outcomes = np.random.default_rng(6), []
    for _ in range(400):
        clients, per_client = int(10 ** rng.uniform(0.7, 2.5)), int(10 ** rng.uniform(0.5, 1.7))
        spread, senders = rng.uniform(0.3, 1.5), np.repeat(np.arange(clients), per_client)
        scale = rng.lognormal(5, spread, clients)[senders]
        kept = keep_largest(np.ceil(scale if is_constant else scale * rng.random(len(scale))), senders)
        largest, n = kept.supported(1, 0), len(senders)
        tail = fit_sizes(largest, kept, (n, clients), RATE_OF_NUMBERS)
        least = tail_bounds.upper_bound(largest, max(n, 50), 99, is_identifier=False)
        found = tail_bounds.widen_limit(least, tail, tail_bounds.MOST_SLACK * largest[0][0], STANDARD)
        later = rng.lognormal(5, spread, 50_000)
        above = (np.ceil(later if is_constant else later * rng.random(50_000)) > found.limit).mean()
        outcomes.append(Outcome("maximum", n, found.confidence(1e-3), bool(above <= 1e-3)))
    assert overstated(outcomes) == []
    assert sum(one.stated >= 0.999 for one in outcomes) > 100


def test_slack_is_wide_for_few_values_and_tight_for_many() -> None:
    rng = np.random.default_rng(4)
    slack = [
        limit_numbers(rng.integers(1, 1001, n).astype(float)).limit / 1000 for n in (50, 200, 1000, 10_000)
    ]
    assert slack == sorted(slack, reverse=True)
    assert 10 <= slack[0] <= tail_bounds.MOST_SLACK
    assert slack[-1] <= 1.5


def test_large_sizes_of_few_clients_count_as_so_many() -> None:
    def of_clients(clients: int) -> Limit:
        counts = {(float(1000 - i), str(i)): ValueCount(1, client_bit(f"c{i % clients}")) for i in range(32)}
        kept = ExtremeValues(True, counts)
        largest = kept.supported(1, 0)
        tail = fit_sizes(largest, kept, (5000, 5000), RATE_OF_NUMBERS)
        return Limit(tail, 1500.0)

    few, many = of_clients(2), of_clients(32)
    assert few.tail.effective == pytest.approx(5000 * 2 / 32, rel=0.05)
    assert many.tail.effective > 4000
    assert few.confidence(1e-3) < 0.99 < 0.999 <= many.confidence(1e-3)


def test_limit_follows_its_formulas_without_and_with_sizes_above_the_threshold() -> None:
    """1 - E[exp(-n rate c^a)] over the prior; over the posterior by simulation."""
    rng = np.random.default_rng(5)
    prior = fit_tail([(10.0, 3)], 200, 200, prior_rate=2.0, is_ladder=True)
    index = rng.gamma(5, 1 / 2, 400_000)
    expected = 1 - np.exp(-200 * 1e-3 * 3**index).mean()
    assert prior.confidence(30.0, 1e-3) == pytest.approx(expected, abs=2e-3)
    fitted = fit_tail([(float(size), 1) for size in range(50, 18, -1)], 300, 300, prior_rate=2.0)
    m = fitted.excesses
    index = rng.gamma(5 + m, 1 / (2 + fitted.log_sum), 400_000)
    share = rng.gamma(m + 1, 1 / 300, 400_000)
    for limit in (200.0, 400.0, 2000.0):
        of_fit = (share * (limit / fitted.threshold) ** -index <= 1e-3).mean()
        of_prior = 1 - np.exp(-0.3 * (limit / 50) ** rng.gamma(5, 1 / 2, 400_000)).mean()
        assert fitted.confidence(limit, 1e-3) == pytest.approx(0.99 * of_fit + 0.01 * of_prior, abs=4e-3)


def test_property_has_the_posterior_of_its_prior() -> None:
    """By integration of the posterior on a grid of shares."""
    n, shares = 50, (np.arange(10**6) + 0.5) / 10**6
    weights = (1 - PURE_TYPE) * beta.pdf(shares, ALPHA, BETA) * (1 - shares) ** n / 10**6
    stated = Property(n, n)
    whole = PURE_TYPE + weights.sum()
    assert 1 - stated.confidence(1e-3) == pytest.approx(weights[shares > 1e-3].sum() / whole, rel=1e-3)
    assert stated.risk() == pytest.approx((weights * shares).sum() / whole, rel=1e-2)


def test_more_than_the_rate_is_asked_by_a_stricter_standard() -> None:
    claim = Property(100, 100)
    assert state_claim(claim, Standard(1e-3, 0.999))["status"] == "enforceable"
    assert state_claim(claim, Standard(1e-3, 0.99999))["status"] == "provisional"


def test_group_is_overstated_only_if_chance_does_not_explain_it() -> None:
    def of(broken: int) -> list[Outcome]:
        return [Outcome("maximum", 50 + i, 0.99, i >= broken) for i in range(100)]

    assert not any(group.is_overstated for group in group_outcomes(of(4), parts=1))
    assert [group.is_overstated for group in group_outcomes(of(8), parts=1)] == [True]
    groups = group_outcomes([*of(8), Outcome("type", 9, 0.5, True)])
    assert [(one.rule, one.least, one.most, one.claims) for one in groups[:1] + groups[-1:]] == [
        ("maximum", 50, 59, 10),
        ("type", 9, 9, 1),
    ]
    assert [one.is_overstated for one in groups] == [True] + [False] * 10
