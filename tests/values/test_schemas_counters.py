"""Values that change with a clock or a counter never become enums. No Spark.

Other values still do. Simulated over windows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.schemas.inference.infer import infer_schema
from pipelines.schemas.inference.json_schema import to_json_schema, without_evidence
from pipelines.schemas.statistics.counters import fixed_beginning, follows_clock_or_counter
from tests.inferred_schemas import SETTINGS, accepts
from tests.oracles.parameter_state import fold, observe

FIRST = date(2026, 11, 1)
WINDOW = 28
Draw = Callable[[random.Random, date], str]
"""A value of a day."""


def tail(rng: random.Random) -> str:
    """Draws six random letters."""
    return "".join(rng.choices("abcdefghjk", k=6))


def since(day: date) -> int:
    """Returns the days since the first day."""
    return (day - FIRST).days


ADVANCING: dict[str, Draw] = {
    "month before": lambda rng, day: f"{day:%Y-%m}-{tail(rng)}",
    "word and month": lambda rng, day: f"report_{day:%Y-%m}-{tail(rng)}",
    "letters and month": lambda rng, day: f"RE-{day:%Y-%m}-{rng.randrange(10**5):05}",
    "name of month": lambda rng, day: f"{day:%b}-{tail(rng)}".lower(),
    "compact month": lambda rng, day: f"{day:%Y%m}-{tail(rng)}",
    "week": lambda rng, day: f"w{day:%V}/{tail(rng)}",
    "year alone": lambda rng, day: f"inv-{day:%Y}-{tail(rng)}",
    "build": lambda rng, day: f"build-{998 + since(day) // 30}-{tail(rng)}",
    "dotted version": lambda rng, day: f"app-4.{since(day) // 30}.2-{tail(rng)}",
    "head of a ULID": lambda rng, day: f"evt_01KAB{'XYZ'[since(day) // 30 % 3]}-{tail(rng).upper()}",
    "head of a UUIDv7": lambda rng, day: f"0198{since(day) // 30:04x}-{tail(rng)}",
    "snowflake": lambda rng, day: f"msg:{14_000 + since(day) // 30}:{tail(rng)}",
    "only the month": lambda _, day: f"{day:%Y-%m}",
    "only the week": lambda _, day: f"{day:%G-w%V}",
    "only the year": lambda _, day: f"fy{(day + timedelta(31)):%Y}",
    "month's name": lambda _, day: f"{day:%B}".lower(),
    "weekday of a morning": lambda _, day: f"{day + timedelta(3 * (since(day) // 28)):%A}".lower(),
    "last two builds": lambda rng, day: f"build-{998 + since(day) // 14 - rng.randrange(2)}",
    "patch": lambda _, day: f"2.14.{since(day) // 20}",
    "version of an API": lambda rng, day: f"v{rng.choice((1, 2)) + since(day) // 28}",
    "batch": lambda _, day: f"batch{41 + since(day) // 28}",
    "quarter": lambda _, day: f"q{(day.month - 1) // 3 + 1}",
    "number: year": lambda _, day: f"{day + timedelta(31):%Y}",
    "number: year and month": lambda _, day: f"{day:%Y%m}",
    "number: week": lambda _, day: str(int(f"{day:%V}")),
    "number: build": lambda rng, day: str(997 + since(day) // 14 - rng.randrange(2)),
    "number: page that was always the first": lambda _, day: str(1 + since(day) // 28),
    "digits": lambda _, day: f"00{998 + since(day) // 28}",
}  # fmt: skip
STANDING: dict[str, tuple[str, ...]] = {
    "words": ("asc", "desc"),
    "sizes": ("a3", "a4", "a5"),
    "levels": ("level-1", "level-2", "level-3"),
    "percentiles": ("p50", "p95", "p99"),
    "digests": ("sha1", "sha256", "sha512"),
    "durations": ("1h", "24h", "7d", "30d"),
    "weekdays": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    "quarters": ("q1", "q2", "q3", "q4"),
    "pictures": ("480p", "720p", "1080p"),
    "classes of ships": ("type23", "type26", "type45"),
    "words of which one may be a season": ("light", "photo", "quick", "summer"),
    "one word": ("json",),
    "standard": ("utf-8",),
}


def learn_schema(draw: Callable[[int], tuple[str, date]], n: int, doublings: int = 0) -> dict[str, Any]:
    """Learns the schema of `n` values, doubled in number several times."""
    observed = []
    for i in range(n):
        value, day = draw(i)
        observed.append(observe(value, f"c{i % 60}", day, hour=i % 24))
    state = fold(observed)
    for _ in range(doublings):
        state = state + state
    schema: dict[str, Any] = without_evidence(to_json_schema(infer_schema("q", state.evidence(), SETTINGS)))
    return schema


@pytest.mark.parametrize("doublings", [0, 5])
@pytest.mark.parametrize("name", ADVANCING)
def test_values_of_the_next_months_are_taken(name: str, doublings: int) -> None:
    """Limits of numbers get narrower up to 8,600 values."""
    draw, rng, n = ADVANCING[name], random.Random(7), 300  # noqa: S311  # a simulation
    days = [FIRST + timedelta(i * WINDOW // n) for i in range(n)]
    schema = learn_schema(lambda i: (draw(rng, days[i]), days[i]), n, doublings)
    later = [draw(rng, FIRST + timedelta(WINDOW + i)) for i in range(120)]
    assert [value for value in later if not accepts(schema, value)] == []


@pytest.mark.parametrize("name", STANDING)
def test_values_that_no_clock_changes_become_enums(name: str) -> None:
    values = STANDING[name]
    schema = learn_schema(lambda i: (values[i % len(values)], FIRST + timedelta(i % WINDOW)), 360)
    assert schema["enum"] == sorted(values)


@pytest.mark.parametrize(
    ("prefix", "kept"),
    [
        ("ord_", "ord_"), ("urn:isbn:", "urn:isbn:"), ("sha256:", "sha256:"), ("s3://", "s3://"),
        ("2026-11-", ""), ("report_2026-11-", "report_"), ("RE-2026-", "RE-"), ("a/nov/", "a/"), ("v2.", ""),
        ("01HZX-", ""), ("evt_01KABX-", "evt_"), ("build998/", ""), ("report_november_", "report_"),
    ],
)  # fmt: skip
def test_prefix_ends_before_what_moves(prefix: str, kept: str) -> None:
    assert fixed_beginning(prefix) == kept


def test_years_long_ago_are_an_enum_and_those_of_the_traffic_are_not() -> None:
    last = FIRST + timedelta(WINDOW)
    assert not follows_clock_or_counter(["model-1998", "model-2004"], "q", FIRST, last)
    assert follows_clock_or_counter(["model-1998", "model-2026"], "q", FIRST, last)
    assert follows_clock_or_counter(["model-1998", "model-2004"], "q", None, None)
    assert follows_clock_or_counter(["a7", "b8"], "build", FIRST, last)
    assert follows_clock_or_counter(["all", "nov", "dec"], "q", FIRST, last)


def test_number_that_grows_is_not_int32() -> None:
    schema = learn_schema(
        lambda i: (str(2_000_000_000 + 100 * i), FIRST + timedelta(i * WINDOW // 1000)), 1000
    )
    assert schema["format"] == "int64"
    assert "maximum" not in schema
