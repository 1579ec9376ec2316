"""Names and values in HAR files: repeated, with unusual names and types.

As lists and as objects.
"""

from __future__ import annotations

from typing import Any

from pipelines.transactions.sources.har_entries import (
    name_value_pairs,
    parse_cookies,
    parse_headers,
    scalar_to_text,
)


def header_list(**fields: str) -> list[Any]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in fields.items()]


def test_scalars_become_text() -> None:
    values: list[Any] = ["a", "ü", "a\ud800", 1, 1.0, 1.5, True, None, [], {}]
    assert [scalar_to_text(value) for value in values] == [
        "a",
        "ü",
        "a\ufffd",
        "1",
        "1",
        "1.5",
        "true",
        None,
        None,
        None,
    ]


def test_repeated_headers_are_joined_and_request_lines_are_not_headers() -> None:
    fields, _ = parse_headers(
        [
            *header_list(
                Accept="a", accept="b", Cookie="x=1", cookie="y=2", Set_Cookie="s=1", set_cookie="t=2"
            ),
            {"name": "GET /a?u=http", "value": "//b HTTP/1.1"},
            {"name": "", "value": "x"},
            {"value": "y"},
            "z",
            None,
        ]
    )
    assert fields == {"accept": "a, b", "cookie": "x=1; y=2", "set-cookie": "s=1\nt=2"}


def test_headers_may_be_an_object_or_nothing() -> None:
    assert parse_headers({"Accept": "a"})[0] == {"accept": "a"}
    odd: list[Any] = [None, "text", 5, []]
    assert [parse_headers(items)[0] for items in odd] == [{}] * 4


def test_cookies_come_from_the_list_or_else_from_the_header() -> None:
    assert parse_cookies(header_list(a="1"), "b=2") == {"a": "1"}
    assert parse_cookies([*header_list(a="1"), *header_list(a="2")], None) == {"a": "1"}
    assert parse_cookies([], 'sid=x=y; theme="dark"; flag; ; sid=second; =nameless') == {
        "sid": "x=y",
        "theme": '"dark"',
        "flag": "",
    }
    assert parse_cookies(None, None) == {}


def test_pairs_pass_over_what_has_no_name() -> None:
    assert list(name_value_pairs([{"name": 1, "value": 2.0}, {"name": "a"}, {"name": None}, 7])) == [
        ("1", "2"),
        ("a", ""),
    ]
