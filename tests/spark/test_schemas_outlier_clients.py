"""Hostile clients with successful responses do not change learned schemas."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.settings import Settings
from pipelines.schemas.learning.spark import infer_schemas
from tests.schema_rows import outlier_clients_of, row, slices_of, value_rows

CLIENTS = 60
Sent = tuple[str, dict[str, str]]
"""A client, and the query parameters of one of its requests."""


def simulate_honest_clients(rng: random.Random) -> list[Sent]:
    return [
        (
            f"user{i % CLIENTS}",
            {
                "page": str(int(rng.paretovariate(1.2))),
                "sort": rng.choice(("name", "price", "newest")),
                "q": "".join(rng.choices("abcdefghij klmno", k=rng.randint(2, 20))),
            },
        )
        for i in range(1500)
    ]


def simulate_attacker(name: str, requests: int, kind: str) -> list[Sent]:
    attacks: dict[str, dict[str, str]] = {
        "texts": {"page": "' OR 1=1 --{}", "sort": "admin{}"},
        "numbers": {"page": "2147483647{}", "sort": "x{}"},
        "long": {"q": "a" * 900 + "{}", "sort": "z" * 30 + "{}"},
    }
    return [
        (name, {parameter: text.format(i) for parameter, text in attacks[kind].items()})
        for i in range(requests)
    ]


def create_values(spark: SparkSession, sent: list[Sent]) -> DataFrame:
    counted: dict[Any, int] = {}
    for client, parameters in sent:
        for name, text in {"": "", **parameters}.items():
            counted[name, text, client] = counted.get((name, text, client), 0) + 1
    return value_rows(spark, [row(name, text, client, n=n) for (name, text, client), n in counted.items()])


def traffic(spark: SparkSession, sent: list[Sent], errors: list[tuple[str, int]] = []) -> DataFrame:  # noqa: B006
    statuses = [(client, 200) for client, _ in sent] + errors
    return spark.createDataFrame(statuses, "client string, status int")


def find_reasons(
    spark: SparkSession, sent: list[Sent], settings: Settings, **more: Any
) -> dict[str, list[str]]:
    apart = outlier_clients_of(
        create_values(spark, sent), traffic(spark, sent, **more), settings.outlier_clients
    )
    return {one["client"]: one["reasons"] for one in apart.collect()}


@pytest.mark.parametrize("kind", ["texts", "numbers", "long"])
def test_one_or_two_hostile_clients_change_nothing(
    spark: SparkSession, settings: Settings, kind: str
) -> None:
    users = simulate_honest_clients(random.Random(3))  # noqa: S311  # a simulation
    sent = [*users, *simulate_attacker("evil", 200, kind), *simulate_attacker("evil too", 40, kind)]
    values = create_values(spark, sent)
    apart = outlier_clients_of(values, traffic(spark, sent), settings.outlier_clients)
    assert {one["client"] for one in apart.collect()} == {"evil", "evil too"}
    teaching = values.join(apart, "client", "left_anti")
    poisoned, clean = (
        infer_schemas(slices_of(each, settings.schemas), settings.schemas).collect()[0]
        for each in (teaching, create_values(spark, users))
    )
    assert poisoned["fingerprint"] == clean["fingerprint"]
    raw = infer_schemas(slices_of(values, settings.schemas), settings.schemas).collect()[0]
    assert raw["fingerprint"] != clean["fingerprint"]  # without the filter they would have changed the schema


def test_honest_clients_stay_and_so_does_an_odd_program(spark: SparkSession, settings: Settings) -> None:
    users = simulate_honest_clients(random.Random(4))  # noqa: S311  # a simulation
    odd = [("partner", {"sort": "by-date", "page": "1", "q": "shoes"})] * 30
    assert find_reasons(spark, [*users, *odd], settings) == {}


def test_client_whose_requests_go_nowhere_is_set_apart(spark: SparkSession, settings: Settings) -> None:
    users = simulate_honest_clients(random.Random(5))  # noqa: S311  # a simulation
    errors = [("user1", 401)] * 40 + [("user2", 404)] * 20 + [("user3", 404)] * 2
    assert find_reasons(spark, users, settings, errors=errors) == {"user2": ["client-errors"]}


def test_where_clients_are_few_or_many_deviate_nobody_is_set_apart_for_it(
    spark: SparkSession, settings: Settings
) -> None:
    users = simulate_honest_clients(random.Random(6))  # noqa: S311  # a simulation
    few = [(f"user{int(client[4:]) % 9}", parameters) for client, parameters in users]
    assert find_reasons(spark, [*few, *simulate_attacker("evil", 50, "texts")], settings) == {}
    errors = [(f"user{i % 30}", 404) for i in range(900)]
    assert len(find_reasons(spark, users, settings, errors=errors)) == 3  # a twentieth of sixty


def test_nothing_is_collected_but_the_number_of_clients(spark: SparkSession, settings: Settings) -> None:
    users = simulate_honest_clients(random.Random(7))[:300]  # noqa: S311  # a simulation
    apart = outlier_clients_of(create_values(spark, users), traffic(spark, users), settings.outlier_clients)
    assert apart.schema.names == ["client", "parameters", "endpoints", "reasons"]
    assert apart.where(F.size("reasons") == 0).count() == 0


def test_far_is_measured_from_where_the_others_begin(spark: SparkSession, settings: Settings) -> None:
    """2500 is far from 2020 to 2026, and -300 from -5 to 30.

    2027 and a time next year are not.
    """
    users = []
    for i in range(CLIENTS):
        times = {"since": str(1_780_000_000 + i), "until": str(1_780_003_600 + i)}
        users.append((f"user{i}", {"year": str(2020 + i % 7), "warm": str(i % 36 - 5), **times}))
    odd = [
        ("evil", {"year": "2500", "warm": "-300"}),
        ("next year", {"year": "2027", "warm": "31", "since": "1811536000", "until": "1811539600"}),
    ]
    assert find_reasons(spark, users + odd, settings) == {"evil": ["beyond-the-others"]}
