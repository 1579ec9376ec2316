"""The values of one request: every location and style. No Spark.

From hostile text too.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.conformance import parameter_values
from pipelines.requests import headers_and_cookies
from pipelines.requests.path_parameters import extract_path_values
from pipelines.requests.request import read_multipart
from pipelines.requests.urlencoded import MAX_ITEMS, MAX_PAIRS, split_items, split_pairs
from tests import strategies
from tests.oracles.requests import Request, observe_request

HOSTILE = st.sampled_from(strategies.HOSTILE)
PLAIN = st.text("ab-._,x1", max_size=8)
LITERAL = st.text("-._,x", max_size=2)
UPLOAD = (
    '--X\r\nContent-Disposition: form-data; name="title"\r\n\r\nBlue\r\nshoes\r\n'
    '--X\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n'
    '--X\r\nContent-Disposition: form-data; filename="name=a.png"; name="photo"\r\nContent-Type: image/png\r\n\r\nPNG--X\r\n'
    '--X\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a": 1}\r\n--X--\r\n'
)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=9)), max_size=6))
def test_pairs_are_those_of_the_standard_library(sent: list[tuple[str, str]]) -> None:
    query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe=' ').replace(' ', '+')}" for name, value in sent
    )
    assert split_pairs(query) == parse_qsl(query, keep_blank_values=True)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("2026-11-27T00:00:00+02:00", "2026-11-27T00:00:00+02:00"),
        ("2026-11-27T00:00:00.5+02:00", "2026-11-27T00:00:00.5+02:00"),
        ("2026-11-27T00%3A00%3A00+02%3A00", "2026-11-27T00:00:00+02:00"),
        ("2026-11-27T00:00:00+02:00,2026-11-28T00:00:00+02:00", "2026-11-27T00:00:00+02:00,2026-11-28T00:00:00+02:00"),
        ("at+T12:00:00", "at T12:00:00"),
        ("T00:00:00+02:00h", "T00:00:00 02:00h"),
    ],
)  # fmt: skip
def test_plus_of_an_offset_that_was_not_encoded_stays_one(sent: str, value: str) -> None:
    assert split_pairs(f"at={sent}") == [("at", value)]
    assert parameter_values.parse_pairs(f"at={sent}")[0] == [("at", value)]


@given(st.lists(LITERAL, min_size=2, max_size=4), st.lists(PLAIN, min_size=3, max_size=3))
def test_placeholders_in_a_mixture_match_as_a_greedy_expression_does(
    literals: list[str], texts: list[str]
) -> None:
    names = [f"n{place}" for place in range(len(literals) - 1)]
    template = literals[0] + "".join(
        f"{{{name}}}{after}" for name, after in zip(names, literals[1:], strict=True)
    )
    path = (
        "".join(text + literal for text, literal in zip(["", *texts], [*literals, "", ""], strict=False))
        + "a"
    )
    path = path.replace("/", "")
    match = re.fullmatch("(.+)".join(map(re.escape, literals)), path, re.DOTALL)
    assert extract_path_values(f"/{template}", f"/{path}") == (
        list(zip(names, match.groups(), strict=True)) if match else []
    )


@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_requests_give_bounded_observations(one: str, other: str, third: str) -> None:
    request = Request(f"/{one}/{{id}}", f"/{one}/{other}", f"{one}={other}&{third}", third, other, one, other)
    assert observe_request(request)[0] == ("request", "", "", None, True)
    multipart_body = f'--{one}\r\nname="{other}"\r\n\r\n{third}'
    assert len(read_multipart(multipart_body)) <= MAX_PAIRS


def test_multipart_names_its_parts_and_keeps_no_file_and_no_secret() -> None:
    values = observe_request(Request("/", "/", None, "multipart/form-data", UPLOAD))
    assert values[1:] == [
        ("media", "multipart/form-data", "", None, True),
        ("part", "title", "Blue\r\nshoes", None, True),
        ("part", "password", "redacted", None, True),
        ("file", "photo", "redacted", None, True),
        ("file", "meta", "redacted", None, True),
    ]


def test_multipart_without_end_is_read_to_a_bound() -> None:
    part = '--X\nContent-Disposition: form-data; name="a"\n\n1\n'
    values = read_multipart(part * (2 * MAX_PAIRS))
    assert len(values) == MAX_PAIRS
    assert [one[4] for one in values] == [True] + [False] * (MAX_PAIRS - 1)
    assert read_multipart("{}") == read_multipart("--") == read_multipart("--X\r\nno head") == []


def test_headers_that_go_to_any_server_are_not_parameters() -> None:
    general = "accept authorization content-type sec-ch-ua x-forwarded-for cf-ray".split()
    sent = [*general, "x-api-version", "if-match", "x-api-version", "bad name"]
    assert [one[:3] for one in headers_and_cookies.read_header_names("\n".join(sent))] == [
        ("header", "x-api-version", "redacted"),
        ("header", "if-match", "redacted"),
    ]


def test_cookies_of_vendors_and_values_in_place_of_names_are_not_parameters() -> None:
    sent = "_ga_ABC\nsid\n__cf_bm\nCart\n7f577081-0c1e-4b2f-9d3a-000000000000\n"
    assert [one[:3] for one in headers_and_cookies.read_cookie_names(sent)] == [
        ("cookie", "sid", "redacted"),
        ("cookie", "Cart", "redacted"),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a,b", ["a", "b"]),
        ("red|green", ["red", "green"]),
        ("1 2 30", ["1", "2", "30"]),
        ("blue shoes 2", []),  # words are a string
        ("030 1234", []),  # a telephone number
        ("a||b", []),
        ("x' | rm -rf", []),
        ("a", []),
        (",".join("a" * 99), ["a"] * MAX_ITEMS),
        ("|".join("a" * 99), []),
    ],
)
def test_lists_are_recognised_by_their_separators(value: str, expected: list[str]) -> None:
    assert split_items(value) == expected
