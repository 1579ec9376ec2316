"""Trees of API paths for training.

The truth fits the paths, the same seed gives the same paths, and hard cases for templates occur.
"""

from __future__ import annotations

import re
from random import Random

import pytest

from pipelines.http.methods import METHODS, group_method
from pipelines.simulator.paths.path_calls import Paths
from pipelines.simulator.paths.path_traffic import render_paths, simulate_api_paths, simulate_site_paths
from pipelines.simulator.paths.path_trees import MAX_TEMPLATES, PathConventions, draw_api
from pipelines.simulator.paths.path_values import draw_generator

APIS = 120


@pytest.fixture(scope="module")
def apis() -> dict[str, Paths]:
    return dict(simulate_api_paths(APIS, 7))


def test_same_seed_same_paths_and_an_api_does_not_depend_on_their_number(apis: dict[str, Paths]) -> None:
    few = dict(simulate_api_paths(5, 7))
    assert few == {host: apis[host] for host in few}
    assert dict(simulate_api_paths(5, 8)) != few


def test_truth_names_every_segment_and_paths_hold_no_slash_or_gap(apis: dict[str, Paths]) -> None:
    for paths in apis.values():
        for segments, seen in paths.items():
            assert len(segments) == len(seen.truth)
            assert all(segment and "/" not in segment for segment in segments)


def test_literals_of_the_templates_stand_in_the_paths_and_variables_vary() -> None:
    rng = Random(3)  # noqa: S311  # a simulation, no secret
    templates = draw_api(rng)
    literal = {tuple(part for part in template if isinstance(part, str)) for template in templates}
    for segments, seen in render_paths(templates, rng).items():
        fixed = tuple(segment for segment, variable in zip(segments, seen.truth, strict=True) if not variable)
        assert fixed in literal or (*fixed[:-1], re.sub(r"\.(json|xml)$", "", fixed[-1])) in literal


def test_hard_cases_are_there(apis: dict[str, Paths]) -> None:
    """A literal next to variables, and forty literal siblings.

    Words and numbers occur on both sides, and dates as literals.
    """
    beside = siblings = 0
    words: dict[bool, int] = {True: 0, False: 0}
    numbers: dict[bool, int] = {True: 0, False: 0}
    for paths in apis.values():
        children: dict[tuple[str, ...], dict[str, bool]] = {}
        for segments, seen in paths.items():
            for depth, (segment, variable) in enumerate(zip(segments, seen.truth, strict=True)):
                children.setdefault(segments[:depth], {})[segment] = variable
                words[variable] += re.fullmatch("[a-z]{3,}", segment) is not None
                numbers[variable] += re.fullmatch(r"[0-9.]+|\d{4}-\d\d(-\d\d)?", segment) is not None
        beside += any(len({*found.values()}) == 2 for found in children.values())
        siblings += any(list(found.values()).count(False) >= 30 for found in children.values())
    assert beside > APIS / 4
    assert siblings >= 3
    assert min(words.values()) > 1000
    assert min(numbers.values()) > 100


def test_an_api_is_bounded() -> None:
    rng = Random(11)  # noqa: S311  # a simulation, no secret
    assert max(len(draw_api(rng)) for _ in range(300)) <= MAX_TEMPLATES


def test_generators_give_many_formats_and_never_an_empty_text() -> None:
    rng = Random(5)  # noqa: S311  # a simulation, no secret
    drawn = [draw_generator(rng)() for _ in range(2000)]
    forms = {re.sub("[a-z]+", "a", re.sub("[0-9]+", "9", re.sub("[A-Z]+", "A", value))) for value in drawn}
    assert all(drawn)
    assert len(forms) > 100


@pytest.mark.parametrize(
    ("case", "pattern"),
    [("kebab", r"[a-z]+(-[a-z]+)*"), ("snake", r"[a-z]+(_[a-z]+)*"), ("camel", r"[a-z]+([A-Z][a-z]+)*"),
     ("pascal", r"([A-Z][a-z]+)+"), ("flat", "[a-z]+")],
)  # fmt: skip
def test_an_api_uses_one_case(case: str, pattern: str) -> None:
    rng = Random(13)  # noqa: S311  # a simulation, no secret
    conventions = PathConventions(case, plurals=True)
    for _ in range(200):
        assert re.fullmatch(pattern + "[0-9]?", conventions.literal(rng))
        assert re.fullmatch(pattern, conventions.collection(rng))


def test_paths_of_sites_are_those_of_their_api_operations_and_repeat() -> None:
    found = dict(simulate_site_paths(6, 4))
    assert found == dict(simulate_site_paths(6, 4))
    for paths in found.values():
        for segments, seen in paths.items():
            assert len(segments) == len(seen.truth)
            assert all(segments)
    assert any(any(seen.truth) for paths in found.values() for seen in paths.values())


def test_calls_are_client_days_by_method(apis: dict[str, Paths]) -> None:
    assert [group_method(method) for method in ("HEAD", "PUT", "PURGE")] == ["GET", "PUT", "OTHER"]
    for paths in apis.values():
        for seen in paths.values():
            row = seen.row()
            assert len(row["calls"]) == len(METHODS)
            assert sum(row["calls"]) == len(seen.visits) >= row["clients"] > 0
            assert row["first_day"] <= row["last_day"]


def test_kinds_that_look_alike_are_on_both_sides(apis: dict[str, Paths]) -> None:
    """Custom methods and names with colons; nodes of many words of either kind."""
    methods = names = 0
    crowded: dict[bool, int] = {True: 0, False: 0}
    for paths in dict(simulate_api_paths(400, 3)).values():
        nodes: dict[tuple[str, ...], dict[str, bool]] = {}
        for segments, seen in paths.items():
            found = re.fullmatch("([^:]+):([a-z][A-Za-z_-]+)", segments[-1])
            posted = {method for method, _, _ in seen.visits} == {"POST"}
            methods += found is not None and posted
            names += found is not None and not posted
            for depth, (segment, variable) in enumerate(zip(segments, seen.truth, strict=True)):
                if re.fullmatch("[a-z]+(?:[-_][a-z]+)*", segment):
                    nodes.setdefault(segments[:depth], {})[segment] = variable
        for children in nodes.values():
            for variable in (True, False):
                crowded[variable] += list(children.values()).count(variable) >= 25
    assert min(methods, names) > 20
    assert min(crowded.values()) > 10
