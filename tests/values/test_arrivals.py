"""Arrivals as evidence for variables and for literals, on simulated nodes."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest

from pipelines.http.methods import METHODS
from pipelines.paths.arrivals import MOST_FACTOR, explain_literals, weigh_arrivals
from pipelines.paths.calls import read_evidence
from pipelines.paths.children import ChildStatistics, count_children
from pipelines.paths.forest import build_forest, sort_evidence, with_steps
from pipelines.paths.step_texts import describe_texts

CLIENT_DAYS = 12


def count_node(calls: dict[str, int]) -> ChildStatistics:
    """Counts a node of the root: path → its calls, all of them GETs."""
    day = pa.array([0] * len(calls), pa.int32()).cast(pa.date32())
    rows = [[count, *[0] * (len(METHODS) - 1)] for count in calls.values()]
    evidence = pa.table(
        {
            "host": ["a.example"] * len(calls), "path_shape": [*calls], "clients": [1] * len(calls), "first_day": day,
            "last_day": day, "calls": pa.array(rows, pa.list_(pa.int64())),
        }
    )  # fmt: skip
    ordered = sort_evidence(evidence)
    forest = build_forest(with_steps(ordered), ["guess"])
    texts, seen = describe_texts(forest.vocabulary), read_evidence(ordered)
    return count_children(forest, texts, seen, forest.step, forest.step, None)


def draw_calls(rng: Random, pool: int, calls: int) -> dict[str, int]:
    """Draws calls of a pool of words whose shares fall as Zipf's law."""
    words = [
        f"/{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{'uvwxyz'[n // 100 % 6]}" for n in range(pool)
    ]
    drawn = rng.choices(words, [1 / (n + 1) ** 0.7 for n in range(pool)], k=calls)
    return {word: drawn.count(word) for word in words if word in drawn}


def mean_shift(calls: dict[str, int]) -> float:
    """Returns the mean log-odds that arrivals add to undecided children."""
    counted = count_node(calls)
    weighed = weigh_arrivals(counted, np.full(counted.children.count, 0.5))
    return float(np.mean(np.log(weighed / (1 - weighed))))


@pytest.mark.parametrize("seed", range(5))
def test_a_vocabulary_of_literals_saturates_and_values_keep_arriving(seed: int) -> None:
    rng = Random(seed)  # noqa: S311  # a simulation, no secret
    literals, values = draw_calls(rng, 30, 600), draw_calls(rng, 600, 300)
    literals["/busy"] = values["/busy"] = CLIENT_DAYS
    assert mean_shift(literals) == pytest.approx(0, abs=0.15)
    assert 1 < mean_shift(values) <= MOST_FACTOR


def test_one_client_day_says_nothing_because_it_counts_everything_once() -> None:
    assert mean_shift({f"/w{'abcdefghij'[n % 10]}{'klmno'[n // 10]}": 1 for n in range(50)}) == pytest.approx(
        0
    )


def test_a_child_in_heavy_use_or_with_a_rest_of_its_own_is_not_an_arriving_value() -> None:
    calls = {f"/w{'abcdefghij'[n % 10]}{'klmno'[n // 10]}": 1 for n in range(50)}
    counted = count_node(calls | {"/search": 40, "/tree/leaves": 1})
    weighed = dict(
        zip(counted.step, weigh_arrivals(counted, np.full(counted.children.count, 0.5)), strict=True)
    )
    assert weighed["/wak"] > 0.9
    assert (weighed["/search"], weighed["/tree"]) == pytest.approx((0.5, 0.5))
    explained = {
        why: dict(zip(counted.step, holds, strict=True)) for why, holds in explain_literals(counted).items()
    }
    assert explained["own use"]["/search"]
    assert explained["own rests"]["/tree"]
    assert not any(explained[why]["/wak"] for why in explained)
