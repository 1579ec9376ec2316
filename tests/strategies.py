"""Hypothesis strategies for texts of traffic: ordinary, borderline and hostile."""

from __future__ import annotations

import os
from datetime import UTC, date, timedelta, timezone
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile("untimed", deadline=None)  # on a busy machine any example may occasionally be slow
# many more examples of each law that names no number itself: the nightly run
settings.register_profile("nightly", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "untimed"))

HOSTILE = [
    *("", " ", "\0", "\n", "a\r\nb", "\u2028", "\u202eexe.gnp", "é", "😀", "../../etc/passwd"),
    *("..\\..\\boot.ini", "<script>alert(1)</script>", "' OR 1=1 --", "${jndi:ldap://x}"),
    *("{{7*7}}", "{", "}", "{}", "{a b}", "{id}", "%", "%2", "%zz", "%00", "a%2Fb", "\\E"),
    *("\\Q(", "(?:", "[a-", "*", "**", "&x", "*anchor", "!!python/object:os.system", "yes", "NO"),
    *("null", "~", "1e3", "0x10", "12:30:45", "=", "<<", "- a", "a: b", "# no", "con"),
    *("nul.example", "a" * 5000),
]
VALUES_AT_THE_BORDER = [
    *(
        "0",
        "-0",
        "00",
        "007",
        "-1",
        "+1",
        "1.",
        ".5",
        "1.5",
        "01.5",
        "-0.5",
        "1e5",
        "1E+99",
        "1e100",
        "1_000",
        "1,5",
        "NaN",
    ),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9" * 30),
    *(
        "949999999",
        "950000000",
        "1718000000",
        "2199999999",
        "2200000000",
        "1718000000000",
        "950000000000",
        "2200000000000",
    ),
    *("true", "false", "True", "yes", "redacted", "redacted-0123abcd", "redacted-xyz", "redacted-token"),
    *(
        "2024-02-29",
        "2023-02-29",
        "1900-02-29",
        "2000-02-29",
        "0000-01-01",
        "0000-02-29",
        "0004-02-29",
        "2024-04-31",
        "2024-13-01",
    ),
    *(
        "2024-05-31T23:59:59Z",
        "2024-05-31T23:59:60Z",
        "2024-05-31T24:00:00Z",
        "2024-05-31T00:00:00.123456789+05:30",
        "2024-05-31 00:00:00Z",
    ),
    *(
        "2024-05-31T00:00:00",
        "2024-05-31\n",
        "1\n",
        "true\n",
        "\N{FULLWIDTH DIGIT ONE}",
        "\N{ARABIC-INDIC DIGIT THREE}",
    ),
    *(
        "7f577081-0c1e-4b2f-9d3a-000000000000",
        "7F577081-0C1E-4B2F-9D3A-000000000000",
        "7f5770810c1e4b2f9d3a000000000000",
    ),
    *(
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01arz3ndektsv4rrffq69g5fav",
        "01234567890123456789012345",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV",
    ),
    *("5f8d04b3ab35b2b6f0d4c3a1", "1" * 24, "d41d8cd98f00b204e9800998ecf8427e", "a" * 40, "A" * 64, "a" * 65),
    *(
        "a@b.example",
        "a@b",
        "@b.example",
        "a@-b.example",
        f"{'a' * 64}@b.example",
        f"{'a' * 65}@b.example",
        "a b@c.example",
    ),
    *(
        "1.2.3.4",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3",
        "::",
        "::1",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::ffff:1.2.3.4",
    ),
    *(
        "https://a.example/x?y=%20#z",
        "https://a.example/%zz",
        "http://[::1]:80/",
        "ftp://h",
        "mailto:a@b.example",
        "//a.example",
    ),
    *("https://a.example/ b", "https://a\n", "https://u:p@a.example/", "a+b://h:99999"),
    *(
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "eyJhbGciOi.eyJzdWIi.",
        "eyJ.a.b",
        "1.2.3-rc.1+build.5",
        "1.02.3",
        "v1.2.3",
    ),
    *("en-US", "en_US", "zh-Hant-TW", "es-419", "en", "EN-us"),
]
"""Values on both sides of what recognisers take."""

texts = st.text(max_size=40) | st.sampled_from(HOSTILE)
days = st.dates(date(2026, 6, 1), date(2026, 6, 5))
offsets = st.integers(-12 * 60, 12 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-10, 100)
typed_values = st.one_of(
    integers.map(str),
    st.integers(950_000_000, 2_199_999_999).map(str),
    st.decimals(-10_000, 10_000, places=2).map(str),
    st.sampled_from(["true", "false"]),
    st.uuids().map(str),
    st.dates().map(str),
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
    st.datetimes(timezones=offsets).map(lambda moment: moment.isoformat()),
    st.emails(),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.from_regex(r"\A[0-9a-f]{24}\Z|\A[0-9a-f]{32}\Z|\A[0-9a-f]{40}\Z|\A[0-9a-f]{64}\Z"),
    st.from_regex(r"\Ahttps?://[a-z]{1,9}\.example(/[a-z%{}]{0,9}){0,3}\Z"),
    st.from_regex(r"\A[0-9]{1,30}\Z"),
    st.from_regex(r"\A[a-z]{2}[-_][A-Z]{2}\Z"),
    st.from_regex(r"\A[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[a-z0-9.]{1,9})?\Z"),
)
values = typed_values | st.sampled_from(VALUES_AT_THE_BORDER) | texts
"""Values of parameters: of every kind, at the border of one, and anything at all."""

observations = st.lists(
    st.tuples(values, st.sampled_from(["c1", "c2", "c3", "c4", "c5"]), days, st.booleans()), max_size=60
)
"""Arguments of `pipelines.schemas.statistics.evidence.observe`: value, client, day, is_first."""

similar_observations = st.one_of(
    *(
        st.lists(
            st.tuples(kind | rare, st.sampled_from([f"c{n}" for n in range(8)]), days, st.just(True)),
            min_size=20,
            max_size=60,
        )
        for kind, rare in [
            (integers.map(str), st.nothing()),
            (integers.map(str), st.datetimes().map(lambda moment: moment.isoformat() + "Z")),
            (st.uuids().map(str), st.just("")),
            (st.sampled_from(["true", "false"]), st.sampled_from(["", "1"])),
            (st.decimals(-99, 99, places=2).map(str), st.integers(0, 9).map(str)),
            (st.dates().map(str), st.just("now")),
            (st.emails(), st.nothing()),
        ]
    )
)
"""Observations of one parameter that has a form, with another one now and then."""

hosts = st.one_of(
    st.from_regex(r"\A[a-z]{1,9}(\.[a-z0-9-]{1,9}){0,3}(:[0-9]{2,5})?\Z"),
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
)
methods = st.sampled_from(
    ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]
) | st.sampled_from(
    ["CONNECT", "PROPFIND", "get", "x-census", "", "ÄB", "\0", "parameters", "$ref", "servers"]
)
names = st.from_regex(r"\A[a-zA-Z_][a-zA-Z0-9_]{0,9}\Z") | texts
segments = st.one_of(
    st.sampled_from(
        [
            "users",
            "by",
            "api",
            "v1",
            "order-items",
            "order_items",
            "{id}",
            "{userId}",
            "{id}.json",
            "{a}-{b}",
            "**",
            "",
        ]
    ),
    names.map(lambda name: f"{{{name}}}"),
    texts,
)
path_templates = st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(parts)) | texts


def parsed_values(value: str) -> list[Any]:
    """Returns the values that a validator may read from a text in a URL.

    The text itself, and the JSON value that it spells.
    """
    forms: list[Any] = [value]
    if value in ("true", "false"):
        forms.append(value == "true")
    for convert in (int, float):
        try:
            forms.append(convert(value))
        except ValueError:
            continue
    return forms


def is_uuid(text: str) -> bool:
    """Returns whether the standard library reads the text as a UUID."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def is_date(text: str) -> bool:
    """Returns whether the standard library reads the text as an ISO 8601 date.

    The extended format only.
    """
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
