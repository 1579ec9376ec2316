"""The text before the time in an access log line.

Prefixes are removed; client and virtual host are distinguished, or left unknown.
"""

from __future__ import annotations

import re
import time
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transactions.inputs import access_log_line
from pipelines.transactions.inputs.access_log_line import parse_line
from tests.access_log_lines import END, PLAIN, PREFIXES, STARTS, UNSURE, Start

EACH_START = [(name, start) for name, starts in STARTS.items() for start in starts]
EACH_PREFIX = [(name, prefix) for name, prefixes in PREFIXES.items() for prefix in prefixes]


def read(text: str, end: str = END) -> Start:
    """Returns the client and virtual host of a line with this beginning."""
    fields = parse_line(f"{text} {end}")
    assert fields is not None
    client = fields["forwarded"] or fields["client"]
    assert bool(client) != bool(fields["unsure"])
    return Start(text, client or None, fields["host"])


@pytest.mark.parametrize(("name", "start"), EACH_START)
def test_client_and_virtual_host_are_distinguished(name: str, start: Start) -> None:
    assert read(start.text) == start
    if name in access_log_line.CLIENT_AND_HOST:
        takes = [
            who
            for who, pattern in access_log_line.CLIENT_AND_HOST.items()
            if re.match(pattern, f"{start.text} {END}", re.ASCII)
        ]
        assert takes[0] == name


@pytest.mark.parametrize(("name", "prefix"), EACH_PREFIX)
def test_what_a_tool_puts_before_the_line_is_passed_over(name: str, prefix: str) -> None:
    assert name in access_log_line.PREFIXES
    host = STARTS["host_first"][3]
    for start in (PLAIN, host, STARTS["forwarded"][1]):
        assert read(prefix + start.text)[1:] == start[1:]


def test_every_alternative_has_an_example() -> None:
    assert set(PREFIXES) == set(access_log_line.PREFIXES)
    assert set(STARTS) == {*access_log_line.CLIENT_AND_HOST, "forwarded"}


@pytest.mark.parametrize("start", UNSURE)
def test_what_is_not_certain_is_neither(start: str) -> None:
    assert read(start) == Start(start, None)


def test_quoted_host_is_not_passed_over() -> None:
    assert parse_line(f'"shop.example" 203.0.113.7 - - {END}') is None


ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address).map(str),
    st.integers(0, 2**128 - 1).map(IPv6Address).flatmap(lambda v6: st.sampled_from([str(v6), v6.exploded])),
)
BESIDE = (
    "",
    "shop.example ",
    "shop.example:443 ",
    "web1 ",
    "- ",
    '"-" ',
    "nginx: ",
    "10.0.0.2 ",
    "198.51.100.1 ",
    "web1 nginx ",
)
USERS = ("", "- - ", "- frank ", '- "" ', "- - shop.example ", "- John Doe ")


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Draws a line with a client's address somewhere before the time.

    With or without a port.
    """
    address = draw(ADDRESSES)
    bracketed = f"[{address}]" if ":" in address else address
    port = draw(st.integers(1024, 65535))
    written = draw(st.sampled_from([address, bracketed, f"{bracketed}:{port}", f"{address}:{port}"]))
    prefix = draw(st.sampled_from(["", *(prefix for _, prefix in EACH_PREFIX)]))
    before, after = draw(st.sampled_from(BESIDE)), draw(st.sampled_from(BESIDE))
    return f"{prefix}{before}{written} {after}{draw(st.sampled_from(USERS))}{END}"


@settings(max_examples=500)
@given(lines())
def test_no_client_address_becomes_a_virtual_host(line: str) -> None:
    fields = parse_line(line)
    if fields is not None:
        assert fields["host"] in {"", "shop.example", "shop.example:443", "web1"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("24/Nov/2026:10:00:00 +0100", ("10:00:00", "", "+0100", "")),
        ("24/Nov/2026:10:00:00.123 +0100", ("10:00:00", "123", "+0100", "")),
        ("24/Nov/2026:10:00:00,123456 +01:00", ("10:00:00", "123456", "+01:00", "")),
        ("24/Nov/2026 10:00:00 UTC", ("10:00:00", "", "UTC", "")),
        ("24/Nov/2026:10:00:00", ("10:00:00", "", "", "")),
        ("2026-11-24T10:00:00+01:00", ("", "", "", "2026-11-24T10:00:00+01:00")),
        ("24/Nov/2026:10:00:00 CET", ("", "", "", "24/Nov/2026:10:00:00 CET")),
    ],
)
def test_time_is_taken_apart(written: str, expected: tuple[str, ...]) -> None:
    fields = parse_line(f'203.0.113.7 - - [{written}] "GET / HTTP/1.1" 200 5')
    assert fields is not None
    assert tuple(fields[name] for name in ("clock", "fraction", "zone", "otherTime")) == expected


PARTS = (
    "a",
    r"\"",
    r"\\",
    " ",
    "[",
    "1.",
    "a:1 ",
    "a.b ",
    "1.2.3.4, ",
    "::",
    "a-1-1-1",
    "<1>",
    "[p/a/b] ",
    "| ",
    "a.log:",
)
BEFORE = ("", "1.2.3.4 - ", '"1.2.3.4', "1.2.3.4, ", "<1>1 - a b c d [a", "Nov 24 10:00:00 ")


@pytest.mark.parametrize("part", PARTS)
def test_hostile_starts_cost_no_more_than_their_length(part: str) -> None:
    began = time.process_time()
    for before in BEFORE:
        text = before + part * (100_000 // len(part))
        parse_line(f"{text} {END}")
        parse_line(text)
    assert time.process_time() - began < 2  # 12 texts of 100 kB: quadratic would be minutes
