"""Groups of hosts that run the same software.

Similar hosts share a group, others do not, whatever the process.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.training.stacks import (
    BAND_ROWS,
    compute_jaccard,
    compute_signature,
    count_bands,
    find_candidate_pairs,
    group_by_stack,
    is_distinctive,
    meeting_probability,
)

OPTIONS = SimpleNamespace(similarity=0.5, miss_rate=0.01, min_shapes=5)
WORDPRESS = [f"GET /wp-{part}/{{}}" for part in ("content", "includes", "json", "admin", "login", "cron")]
SHOP = [f"GET /shop/{part}" for part in ("cart", "checkout", "products", "search", "account", "orders")]
TRIVIAL = [
    "GET /",
    "GET /robots.txt",
    "GET /favicon.ico",
    "HEAD /",
    "GET /{}",
    "GET /{}/{}/**",
    "GET /.well-known/x",
]

hosts = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.sets(
        st.sampled_from([*WORDPRESS, *SHOP, *TRIVIAL, *(f"GET /own/{n}" for n in "abcdefgh")]), max_size=16
    ),
    max_size=12,
)


def pair(similarity: float, size: int, seed: int) -> tuple[list[str], list[str]]:
    """Returns two sets with exactly this Jaccard similarity.

    Of `size` tokens together, the first `similarity * size` are shared.
    """
    tokens = [f"{seed} {n}" for n in range(size)]
    shared = round(similarity * size)
    half = shared + (size - shared) // 2
    return tokens[:half], tokens[:shared] + tokens[half:]


@pytest.mark.parametrize("similarity", [0.2, 0.35, 0.5, 0.65, 0.8])
def test_pairs_meet_as_often_as_the_formula_says(similarity: float) -> None:
    """Simulates 1 - (1 - s^r)^b.

    With 8 bands, so that the probability is far from 0 and 1. Within 4 standard errors.
    """
    count, pairs = 8, 600
    found = 0
    for seed in range(pairs):
        one, other = pair(similarity, 100, seed)
        assert compute_jaccard(frozenset(one), frozenset(other)) == pytest.approx(similarity)
        found += any(find_candidate_pairs([one, other], count))
    expected = meeting_probability(similarity, count)
    error = np.sqrt(expected * (1 - expected) / pairs)
    assert abs(found / pairs - expected) < 4 * error + 1e-9


def test_share_of_equal_hashes_estimates_the_similarity() -> None:
    one, other = pair(0.5, 200, 1)
    equal = (compute_signature(one, 4000) == compute_signature(other, 4000)).mean()
    assert equal == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 4000))


@given(similarity=st.floats(0.2, 0.99), miss_rate=st.floats(0.001, 0.5))
def test_bands_are_the_fewest_that_keep_the_miss_rate(similarity: float, miss_rate: float) -> None:
    count = count_bands(similarity, miss_rate)
    assert 1 - meeting_probability(similarity, count) <= miss_rate * (1 + 1e-6)
    assert count == 1 or 1 - meeting_probability(similarity, count - 1) > miss_rate * (1 - 1e-6)


def test_stated_number_of_bands_and_of_chance_meetings() -> None:
    count = count_bands(0.5, 0.01)
    assert (count, BAND_ROWS) == (72, 4)
    assert meeting_probability(0.1, count) < 0.01


@given(hosts)
def test_alike_hosts_are_together_and_groups_share_nothing_above_the_threshold(
    shapes: dict[str, set[str]],
) -> None:
    """The law is exact for small sets: with this many bands they are certain to meet."""
    groups = group_by_stack(shapes, SimpleNamespace(similarity=0.5, miss_rate=1e-9, min_shapes=3))
    assert list(groups) == sorted(shapes)
    assert sorted(set(groups.values())) == list(range(len(set(groups.values()))))
    distinctive = {host: frozenset(filter(is_distinctive, tokens)) for host, tokens in shapes.items()}
    for one in shapes:
        near = [
            other
            for other in shapes
            if other != one
            and min(len(distinctive[one]), len(distinctive[other])) >= 3
            and compute_jaccard(distinctive[one], distinctive[other]) >= 0.5
        ]
        assert all(groups[one] == groups[other] for other in near)
        mates = [other for other in shapes if other != one and groups[other] == groups[one]]
        assert bool(mates) == bool(near)


@given(hosts)
def test_order_of_hosts_and_of_tokens_plays_no_part(shapes: dict[str, set[str]]) -> None:
    turned = {host: sorted(tokens, reverse=True) for host, tokens in reversed(shapes.items())}
    assert group_by_stack(turned, OPTIONS) == group_by_stack(shapes, OPTIONS)


def test_tenants_of_a_stack_are_together_and_other_software_is_apart() -> None:
    shapes = {
        "a.example": [*WORDPRESS, "GET /our-garden", "GET /"],
        "b.example": [*WORDPRESS[1:], "GET /prices"],
        "c.example": SHOP,
        "d.example": [*SHOP, "GET /imprint"],
    }
    assert group_by_stack(shapes, OPTIONS) == {"a.example": 0, "b.example": 0, "c.example": 1, "d.example": 1}


def test_hosts_of_few_or_trivial_paths_are_not_merged() -> None:
    shapes = {f"{n}.example": [*TRIVIAL, "GET /login", "GET /users/{}"] for n in range(6)}
    assert sorted(group_by_stack(shapes, OPTIONS).values()) == list(range(6))


def test_groups_are_the_same_in_a_process_with_another_hash_seed() -> None:
    code = (
        "from types import SimpleNamespace; from ml.training.stacks import compute_signature; "
        "print(int(compute_signature({f'GET /{n}' for n in 'abcdefgh'}, 64).sum()))"
    )
    root = Path(__file__).resolve().parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_no_hosts_make_no_groups() -> None:
    assert group_by_stack({}, OPTIONS) == {}
