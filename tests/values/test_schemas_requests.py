"""Variants of a path, and media types of bodies.

Those that three clients or most requests use.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.requests.path_parameters import (
    DOUBLED,
    DOUBLED_TRAILING,
    PATH_VARIANTS,
    PLAIN,
    TRAILING,
    apply_path_variant,
    path_variant_of,
)
from pipelines.schemas.statistics.requests import (
    MAX_MEDIA_TYPES,
    UsageCount,
    infer_media_types,
    infer_path_variants,
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", PLAIN), ("//", DOUBLED), ("", PLAIN), ("/a", PLAIN), ("/a/", TRAILING), ("//a", DOUBLED),
        ("//a/", DOUBLED_TRAILING), ("///a//", DOUBLED_TRAILING), ("/a//", TRAILING),
    ],
)  # fmt: skip
def test_a_path_has_one_of_four_variants(path: str, expected: str) -> None:
    assert path_variant_of(path) == expected


@given(
    st.lists(st.text(st.characters(exclude_characters="/"), min_size=1), min_size=1),
    st.sampled_from(PATH_VARIANTS),
)
def test_a_template_is_written_as_the_requests_were(segments: list[str], writing: str) -> None:
    template = "/" + "/".join(segments)
    if segments[-1] != "**":
        assert path_variant_of(apply_path_variant(template, writing)) == writing
    assert apply_path_variant(template, PLAIN) == template


@pytest.mark.parametrize(("template", "expected"), [("/", "/"), ("/a/**", "/a/**"), ("/a", "/a/")])
def test_root_and_deep_templates_have_no_last_slash(template: str, expected: str) -> None:
    assert apply_path_variant(template, TRAILING) == expected


@pytest.mark.parametrize(
    ("requests", "clients", "others", "expected"),
    [
        (10, 5, [], [PLAIN]),
        (10, 5, [UsageCount(TRAILING, 10, 5)], [TRAILING]),
        (10, 5, [UsageCount(TRAILING, 9, 5)], [TRAILING]),  # one unusual request of a client that sends both
        (1000, 50, [UsageCount(TRAILING, 3, 2)], [PLAIN]),  # two clients alone change nothing
        (1000, 50, [UsageCount(TRAILING, 3, 3)], [PLAIN, TRAILING]),
        (1000, 50, [UsageCount(DOUBLED, 500, 30), UsageCount(DOUBLED_TRAILING, 400, 17)], [PLAIN, DOUBLED, DOUBLED_TRAILING]),
        (1000, 50, [UsageCount(TRAILING, 550, 50)], [PLAIN, TRAILING]),  # all clients send both
        (2, 1, [UsageCount(DOUBLED, 1, 1)], [PLAIN, DOUBLED]),
        (0, 0, [], [PLAIN]),
    ],
)  # fmt: skip
def test_path_variants_need_three_clients_or_most_requests(
    requests: int, clients: int, others: list[UsageCount], expected: list[str]
) -> None:
    assert infer_path_variants(requests, clients, others) == expected


def test_media_types_need_three_clients_or_most_requests_and_are_few() -> None:
    assert infer_media_types([]) == []
    sent = [
        UsageCount("text/evil", 900, 2),
        UsageCount("application/json", 1000, 9),
        UsageCount("a/b", 3, 3),
        UsageCount("c/d", 2, 2),
    ]
    assert infer_media_types(sent) == ["a/b", "application/json"]
    many = [UsageCount(f"a/{number:02}", 100 - number, 5) for number in range(40)]
    assert infer_media_types(many) == [f"a/{number:02}" for number in range(MAX_MEDIA_TYPES)]
