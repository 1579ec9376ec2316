"""Recognisers of value formats. No Spark."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines.http import value_patterns
from pipelines.http.value_formats import (
    BY_KIND,
    MAX_CHARACTERS,
    SUSPICIOUS,
    TEXT,
    VALUE_FORMATS,
    ValueFormat,
    detect_kind,
    type_of,
)
from tests import strategies

EXAMPLES = [
    ("", "empty"),
    ("redacted", "redacted"),
    ("redacted-0123abcd", "redacted"),
    ("true", "boolean"),
    ("True", TEXT),  # OpenAPI's boolean is `true` and `false` only
    ("0", "integer"),
    ("-0", "number"),  # JSON allows it; as an int64 it does not round-trip
    ("42", "integer"),
    ("007", "digits"),  # leading zeros: a string that happens to be digits
    ("9223372036854775807", "integer"),
    ("9223372036854775808", "digits"),  # more than 64 bits
    ("-9223372036854775808", "integer"),
    ("-9223372036854775809", TEXT),
    ("949999999", "integer"),
    ("950000000", "unix-seconds"),
    ("2199999999", "unix-seconds"),
    ("2200000000", "integer"),
    ("1718000000000", "unix-milliseconds"),
    ("1.50", "number"),
    ("1e5", "number"),
    ("1e100", TEXT),  # bounded, so that no number is infinite
    (".5", TEXT),
    ("7f577081-0c1e-4b2f-9d3a-000000000000", "uuid"),
    ("2024-02-29", "date"),
    ("2023-02-29", TEXT),  # no such day
    ("0000-01-01", TEXT),  # nor such a year in most date libraries
    ("1900-02-29", TEXT),  # nor here: a century that is not a leap year
    ("2024-05-31T23:59:59Z", "date-time"),
    ("2024-05-31T00:00:00.5+05:30", "date-time"),
    ("2024-05-31T00:00:00", TEXT),  # RFC 3339 requires an offset
    ("a.b+c@mail.example", "email"),
    ("192.0.2.1", "ipv4"),
    ("192.0.2.256", TEXT),
    ("2001:db8::1", "ipv6"),
    ("https://a.example/x?y=%20#z", "uri"),
    ("https://a.example/%zz", TEXT),
    ("eyJhbGciOi.eyJzdWIi.c2ln", "jwt"),
    ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid"),
    ("01234567890123456789012345", "digits"),  # 26 digits, no letter
    ("5f8d04b3ab35b2b6f0d4c3a1", "objectid"),
    ("1" * 24, "objectid"),  # digits only may be hexadecimal, and must not be taken for a number
    ("d41d8cd98f00b204e9800998ecf8427e", "hex32"),
    ("a" * 40, "hex40"),
    ("A" * 64, "hex64"),
    ("1.2.3-rc.1", "semver"),
    ("zh-Hant-TW", "locale"),
    ("asc", TEXT),
    ("1\n", SUSPICIOUS),  # the end of the text, not of a line
    ("\N{FULLWIDTH DIGIT ONE}", TEXT),  # digits of another script
]


@pytest.mark.parametrize(("value", "kind"), EXAMPLES)
def test_value_has_the_kind_that_its_source_defines(value: str, kind: str) -> None:
    assert detect_kind(value) == kind


@given(strategies.values)
def test_kinds_are_disjoint_but_for_numbers_before_digits(value: str) -> None:
    cut = value[:MAX_CHARACTERS]
    kinds = {r.kind for r in VALUE_FORMATS if r.kind != TEXT and re.search(r.python, cut)}
    kinds -= {"integer"} if kinds & {"unix-seconds", "unix-milliseconds"} else set()
    kinds -= {"number"} if any(type_of(kind) == "integer" for kind in kinds) else set()
    for any_text in (
        "suspicious",
        "list",
        "digits",
    ):  # they describe the content, not the format; others are more specific
        kinds -= {any_text} if len(kinds) > 1 else set()
    assert len(kinds) <= 1


@given(strategies.values)
def test_a_kind_is_the_first_whose_pattern_matches(value: str) -> None:
    """Skipped patterns would not have matched.

    They are skipped because of length, first character or content.
    """
    cut = value[:MAX_CHARACTERS]
    matching = (r.kind for r in VALUE_FORMATS if r.kind != TEXT and re.search(r.python, cut))
    assert detect_kind(value) == next(matching, TEXT)


@given(strategies.values)
def test_value_of_a_written_format_passes_the_format_check_of_a_validator(value: str) -> None:
    recogniser = BY_KIND[detect_kind(value)]
    if recogniser.format is not None:
        schema = {"type": "string", "format": recogniser.format}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


@given(st.uuids().map(str) | strategies.texts)
def test_uuid_agrees_with_the_standard_library(value: str) -> None:
    assert (detect_kind(value) == "uuid") == strategies.is_uuid(value)


@given(st.dates().map(str) | st.from_regex(r"\A(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]\Z", fullmatch=True))
def test_date_agrees_with_the_calendar(value: str) -> None:
    assert (detect_kind(value) == "date") == strategies.is_date(value)


@given(st.datetimes(timezones=strategies.offsets))
def test_date_time_takes_what_isoformat_writes(moment: object) -> None:
    value = str(moment).replace(" ", "T")
    assert detect_kind(value) == "date-time"


@given(st.ip_addresses())
def test_ip_addresses_of_the_standard_library_are_recognised(address: ipaddress.IPv4Address) -> None:
    assert detect_kind(str(address)) == f"ipv{address.version}"


@given(st.text("0123456789abcdefABCDEF:.", max_size=45))
def test_ip_address_that_is_recognised_is_one(value: str) -> None:
    if detect_kind(value) in ("ipv4", "ipv6"):
        ipaddress.ip_address(value)


@given(st.integers(1, 10**12), st.integers(0, 10**13))
def test_digits_up_to_a_limit_are_exactly_the_numbers_up_to_it(limit: int, number: int) -> None:
    takes = re.fullmatch(value_patterns.digits_up_to(str(limit)), str(number)) is not None
    assert takes == (1 <= number <= limit)


@pytest.mark.parametrize(
    "recogniser", [r for r in VALUE_FORMATS if r.kind not in (TEXT, SUSPICIOUS)], ids=lambda r: r.kind
)
def test_hostile_text_makes_no_recogniser_backtrack_for_ever(recogniser: ValueFormat) -> None:
    pieces = [
        "a",
        "1",
        "0",
        "-",
        ".",
        "%",
        "%20",
        ":",
        "a.",
        "1.",
        "a-",
        "@",
        "a@",
        "/",
        "://",
        "eyJ",
        "[",
        "1:",
        "::",
        "e",
    ]
    for start in ("", "a://", "eyJaa.", "a@", "1.2.3-", "https://a/"):
        for piece in pieces:
            text = (start + piece * MAX_CHARACTERS)[: MAX_CHARACTERS - 1] + "\n"
            assert re.search(recogniser.python, text) is None  # or does not end


def test_every_recogniser_names_its_source_and_has_its_own_kind() -> None:
    assert all(recogniser.source for recogniser in VALUE_FORMATS)
    assert len(BY_KIND) == len(VALUE_FORMATS)
