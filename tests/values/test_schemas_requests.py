"""How paths are written and which media types bodies have: what three clients or most requests show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.requests.path_parameters import (
    DOUBLED,
    DOUBLED_TRAILING,
    PLAIN,
    TRAILING,
    WRITINGS,
    as_written,
    writing_of,
)
from pipelines.schemas.statistics.requests import MEDIA_TYPES, Sent, media_types, writings


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", PLAIN), ("//", DOUBLED), ("", PLAIN), ("/a", PLAIN), ("/a/", TRAILING), ("//a", DOUBLED),
        ("//a/", DOUBLED_TRAILING), ("///a//", DOUBLED_TRAILING), ("/a//", TRAILING),
    ],
)  # fmt: skip
def test_a_path_is_written_in_one_of_four_ways(path: str, expected: str) -> None:
    assert writing_of(path) == expected


@given(
    st.lists(st.text(st.characters(exclude_characters="/"), min_size=1), min_size=1),
    st.sampled_from(WRITINGS),
)
def test_a_template_is_written_as_the_requests_were(segments: list[str], writing: str) -> None:
    template = "/" + "/".join(segments)
    if segments[-1] != "**":
        assert writing_of(as_written(template, writing)) == writing
    assert as_written(template, PLAIN) == template


@pytest.mark.parametrize(("template", "expected"), [("/", "/"), ("/a/**", "/a/**"), ("/a", "/a/")])
def test_root_and_deep_templates_have_no_last_slash(template: str, expected: str) -> None:
    assert as_written(template, TRAILING) == expected


@pytest.mark.parametrize(
    ("requests", "clients", "others", "expected"),
    [
        (10, 5, [], [PLAIN]),
        (10, 5, [Sent(TRAILING, 10, 5)], [TRAILING]),
        (10, 5, [Sent(TRAILING, 9, 5)], [TRAILING]),  # one odd request of a client that sends both
        (1000, 50, [Sent(TRAILING, 3, 2)], [PLAIN]),  # two clients alone change nothing
        (1000, 50, [Sent(TRAILING, 3, 3)], [PLAIN, TRAILING]),
        (1000, 50, [Sent(DOUBLED, 500, 30), Sent(DOUBLED_TRAILING, 400, 17)], [PLAIN, DOUBLED, DOUBLED_TRAILING]),
        (1000, 50, [Sent(TRAILING, 550, 50)], [PLAIN, TRAILING]),  # all clients send both
        (2, 1, [Sent(DOUBLED, 1, 1)], [PLAIN, DOUBLED]),
        (0, 0, [], [PLAIN]),
    ],
)  # fmt: skip
def test_writings_need_three_clients_or_most_requests(
    requests: int, clients: int, others: list[Sent], expected: list[str]
) -> None:
    assert writings(requests, clients, others) == expected


def test_media_types_need_three_clients_or_most_requests_and_are_few() -> None:
    assert media_types([]) == []
    sent = [
        Sent("text/evil", 900, 2),
        Sent("application/json", 1000, 9),
        Sent("a/b", 3, 3),
        Sent("c/d", 2, 2),
    ]
    assert media_types(sent) == ["a/b", "application/json"]
    many = [Sent(f"a/{number:02}", 100 - number, 5) for number in range(40)]
    assert media_types(many) == [f"a/{number:02}" for number in range(MEDIA_TYPES)]
