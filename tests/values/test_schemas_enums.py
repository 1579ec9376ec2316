"""Enums: which values become one, which never do, and their error rate. No Spark."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from pipelines.runtime.settings import load_settings
from pipelines.schemas.inference.enums import infer_enum
from pipelines.schemas.statistics.evidence import Evidence
from pipelines.schemas.statistics.value_counts import (
    MAX_VALUE_CHARACTERS,
    DistinctValues,
    ValueCount,
    client_bit,
    digest,
    is_shortened,
    shorten_value,
)

SETTINGS = load_settings().schemas
Sent = tuple[str, str]


def enum_of(rows: Sequence[Sent], location: str = "query", name: str = "sort") -> tuple[str, ...] | None:
    """Infers the enum of (value, client) rows."""
    seen = sum(
        (DistinctValues({value: ValueCount(1, client_bit(client))}) for value, client in rows),
        DistinctValues(),
    )
    clients = len({client for _, client in rows})
    assert seen.counts is not None
    return infer_enum((location, name), seen.counts, Evidence(len(rows), len(rows), clients, 1, ()), SETTINGS)


def sent_in_turn(values: Sequence[str], n: int = 600, clients: int = 60) -> list[Sent]:
    """Returns (value, client) rows; values and clients take turns."""
    return [(values[i % len(values)], f"c{i // len(values) % clients}") for i in range(n)]


def test_values_that_many_clients_share_are_an_enum() -> None:
    assert enum_of(sent_in_turn(["asc", "desc"])) == ("asc", "desc")
    assert enum_of(sent_in_turn(["json"])) == ("json",)
    assert enum_of(sent_in_turn(["DE", "FR", "IT"], 180)) == ("DE", "FR", "IT")


def test_one_rare_value_prevents_an_enum() -> None:
    assert enum_of([*sent_in_turn(["asc", "desc"]), ("both", "c1")]) is None


def test_attack_of_another_kind_does_not_prevent_an_enum() -> None:
    assert enum_of([*sent_in_turn(["asc", "desc"]), ("AAAA" * 40, "c1")]) == ("asc", "desc")
    assert enum_of([*sent_in_turn(["asc", "desc"]), ("999999999999", "c1")]) == ("asc", "desc")


def test_few_observations_or_clients_give_no_enum() -> None:
    assert enum_of(sent_in_turn(["asc", "desc"], 98)) is None
    assert enum_of(sent_in_turn(["asc", "desc"], clients=20)) is None


def test_constants_of_clients_are_not_an_enum() -> None:
    """A tenant's own value is common, but a new tenant brings a new one.

    See docs/methods.md, 2.2.
    """
    assert (
        enum_of([(f"tenant{'abcdefghijklmnopqrstuvwxyz'[i % 26]}", f"c{i % 26}") for i in range(1000)])
        is None
    )
    assert enum_of([(f"t-{i % 60}", f"c{i % 60}") for i in range(1000)]) is None


@pytest.mark.parametrize("value", ["mPEREfpbCI4", "a1b2c3d4", "id17990x9"])
def test_identifiers_never_become_an_enum(value: str) -> None:
    assert enum_of(sent_in_turn([value, "other"])) is None


def test_numbered_values_in_a_path_never_become_an_enum() -> None:
    assert enum_of(sent_in_turn(["report7", "report8"]), "path") is None
    assert enum_of(sent_in_turn(["report7", "report8"])) == ("report7", "report8")
    assert enum_of(sent_in_turn(["week", "month"]), "path") == ("month", "week")


@pytest.mark.parametrize("value", ["+49 30 901820", "4111-1111-1111-1111", "ann@mail.example"])
def test_what_may_be_personal_is_never_written(value: str) -> None:
    assert enum_of(sent_in_turn([value, "other"])) is None


@pytest.mark.parametrize("name", ["email", "phoneNumber", "first_name", "/contact/lastName", "cardType"])
def test_values_of_personal_names_are_never_written(name: str) -> None:
    assert enum_of(sent_in_turn(["asc", "desc"]), name=name) is None


def test_what_holds_a_member_does_not_make_it_personal() -> None:
    assert enum_of(sent_in_turn(["DE", "FR"]), "body", "/address/country") == ("DE", "FR")


@pytest.mark.parametrize(
    "shares",
    [[1.0] * 10, [2.0**-i for i in range(12)], [1 / (i + 1) for i in range(30)], [0.9, 0.09, 0.009, 0.001]],
)
@pytest.mark.parametrize("n", [200, 1000])
def test_enum_is_wrong_as_rarely_as_its_condition_promises(shares: list[float], n: int) -> None:
    """The risk over all learned enums is at most 1 / (n + 1).

    The condition is that each value occurs three times (docs/methods.md, 2.2).
    """
    rng, runs, missed = random.Random(9), 60, 0.0  # noqa: S311  # a simulation
    names = [f"value{chr(97 + place)}" for place in range(len(shares))]
    for _ in range(runs):
        drawn = rng.choices(names, shares, k=n)
        enum = enum_of([(value, f"c{rng.randrange(80)}") for value in drawn])
        if enum is not None:
            missed += sum(share for name, share in zip(names, shares, strict=True) if name not in enum) / sum(
                shares
            )
    assert missed / runs <= 1 / (n + 1)


def test_value_too_long_to_be_kept_is_distinguished_and_never_a_member() -> None:
    texts = [shorten_value(f"{'x' * 70}{ending}", digest(f"{'x' * 70}{ending}")) for ending in "ab"]
    assert texts[0] != texts[1]
    assert all(len(text) == MAX_VALUE_CHARACTERS and is_shortened(text) for text in texts)
    assert enum_of(sent_in_turn(["asc", texts[0]])) is None
    assert shorten_value("asc", "0" * 8) == "asc"
    assert not is_shortened("asc")
