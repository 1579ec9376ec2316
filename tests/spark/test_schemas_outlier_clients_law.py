"""Outlier clients on Spark equal those of plain Python on all values at once.

Neither batches nor pruning change them.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.http.value_formats import EMPTY, NUMBER_KINDS, detect_kind
from pipelines.runtime.settings import Settings
from pipelines.runtime.settings_sections import OutlierClientSettings
from pipelines.schemas.statistics.batch_senders import KINDS_WITH_SIZES, client_numbers
from pipelines.schemas.statistics.evidence import SIZED_KINDS
from pipelines.schemas.statistics.value_counts import SUPPORTING_CLIENTS
from pipelines.schemas.validation.outlier_clients import MAX_RELATIVE_DISTANCE
from pipelines.schemas.validation.spark import client_number
from tests.schema_rows import outlier_clients_of, row, value_rows

CASES = 24
Sent = Counter[tuple[str, str, str]]
"""Number of values by parameter, text and client."""
Outliers = dict[str, tuple[int, list[str]]]


def simulate_case(number: int) -> Sent:
    """Simulates parameters that only this case has, with several kinds of odd clients.

    The odd clients come alone and in pairs.
    """
    rng = random.Random(number)  # noqa: S311  # a simulation
    users = [f"user{number}-{i}" for i in range(rng.choice((19, 20, 40)))]
    words = [f"w{i}" for i in range(rng.choice((2, 9)))]
    sent: Sent = Counter()
    for _ in range(rng.choice((60, 300))):
        user = rng.choice(users)
        sent[f"word{number}", rng.choice(words), user] += 1
        sent[f"size{number}", str(rng.randrange(-9, 30)), user] += 1
        sent[f"own{number}", rng.choice((f"mine-{user}", words[0])), user] += 1
    for odd in range(rng.randrange(4)):
        evil = f"evil{number}-{odd}"
        for i in range(rng.choice((1, 5, 60))):
            text = rng.choice((f"both{i}", f"odd{odd}-{i}", "7"))
            sent[f"word{number}", text, evil] += rng.randrange(1, 3)
            sent[f"size{number}", rng.choice(("900", "-900", "1e999", "-1e999", "none")), evil] += 1
            sent[f"own{number}", "z" * rng.choice((1, 90, 400)), evil] += 1
    return sent


def find_by_definition(sent: Sent, settings: OutlierClientSettings) -> Outliers:
    """Finds the outlier clients in all values at once."""
    reasons: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name in {name for name, _, _ in sent}:
        here = {(text, client): n for (of, text, client), n in sent.items() if of == name}
        for reason, clients in (
            ("outside-the-set", _outside(here, settings)),
            ("other-kind", _other_kind(here, settings)),
            ("beyond-the-others", _beyond(here, settings)),
        ):
            for client in clients:
                reasons[client].add((name, reason))
    parameters = {client: len({name for name, _ in of}) for client, of in reasons.items()}
    return {
        client: (parameters[client], sorted({reason for _, reason in of}))
        for client, of in reasons.items()
        if parameters[client] >= settings.parameters
    }


def _outside(here: dict[tuple[str, str], int], settings: OutlierClientSettings) -> list[str]:
    who: dict[str, set[str]] = defaultdict(set)
    total: Counter[str] = Counter()
    for (text, client), n in here.items():
        if detect_kind(text, None) in SIZED_KINDS:
            who[text].add(client)
            total[text] += n
    mine: Counter[str] = Counter()
    for text, clients in who.items():
        if len(clients) < SUPPORTING_CLIENTS:
            mine.update(dict.fromkeys(clients, total[text]))
    # of clients with equally many values the smaller number comes first: the order must be defined
    two = sorted(mine, key=lambda one: (-mine[one], _number(one)))[: SUPPORTING_CLIENTS - 1]
    unshared = sum(total[text] for text, clients in who.items() if len(clients) < SUPPORTING_CLIENTS)
    is_usual = max(map(len, who.values()), default=0) >= settings.clients
    rest = unshared - sum(mine[one] for one in two)
    return two if is_usual and rest <= settings.rest_share * total.total() else []


def _kinds(here: dict[tuple[str, str], int]) -> dict[str, dict[str, list[float]]]:
    kinds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for text, client in here:
        kind = detect_kind(text, None)
        kinds[kind][client].append(float(text) if kind in NUMBER_KINDS else float(len(text)))
    return kinds


def _other_kind(here: dict[tuple[str, str], int], settings: OutlierClientSettings) -> list[str]:
    clients = {kind: of for kind, of in _kinds(here).items() if kind != EMPTY}
    main = max(clients, key=lambda kind: (len(clients[kind]), kind))
    if len(clients[main]) < settings.clients:
        return []
    return [
        client
        for kind, of in clients.items()
        if len(of) < SUPPORTING_CLIENTS and not {kind, main} <= set(NUMBER_KINDS)
        for client in of
    ]


def _beyond(here: dict[tuple[str, str], int], settings: OutlierClientSettings) -> list[str]:
    found = []
    for kind, of in _kinds(here).items():
        if kind in KINDS_WITH_SIZES and len(of) >= settings.clients:
            begin = sorted(map(min, of.values()))[SUPPORTING_CLIENTS - 1]
            away = {
                client: max(max(sizes) - begin, begin - min(sizes) if min(sizes) < 0 else 0.0)
                for client, sizes in of.items()
            }
            third = sorted(away.values())[-SUPPORTING_CLIENTS]
            measure = third if third > 0 else max(abs(begin), 1.0)
            found += [client for client, far in away.items() if far > MAX_RELATIVE_DISTANCE * measure]
    return found


def _number(client: str) -> int:
    return int(client_numbers([client])[0])


def test_deviants_are_those_of_all_values_at_once(spark: SparkSession, settings: Settings) -> None:
    every = settings.outlier_clients.model_copy(update={"max_share": 1.0, "rest_share": 0.02})
    sent: Sent = sum(map(simulate_case, range(CASES)), Counter())
    rows = [row(name, text, client, n=n) for (name, text, client), n in sent.items()]
    values = value_rows(spark, rows)
    clients = sorted({client for _, _, client in sent})
    traffic = spark.createDataFrame([(client, 200) for client in clients], "client string, status int")
    found = outlier_clients_of(values.repartition(4), traffic, every).collect()
    wanted = find_by_definition(sent, every)
    assert {one["client"]: (one["parameters"], one["reasons"]) for one in found} == wanted
    assert {reason for _, reasons in wanted.values() for reason in reasons} == {
        "outside-the-set", "other-kind", "beyond-the-others"
    }  # fmt: skip
    assert 3 < len(wanted) < len([one for one in clients if one.startswith("evil")])


def test_spark_gives_a_client_the_number_that_batches_give_it(spark: SparkSession) -> None:
    names = ["", "user1", "é\n", "f" * 64, *(f"{i:032x}" for i in range(50))]
    found = spark.createDataFrame([(one,) for one in names], "client string").select(
        "client", client_number(F.col("client")).alias("who")
    )
    assert {one["client"]: one["who"] for one in found.collect()} == dict(
        zip(names, client_numbers(names).tolist(), strict=True)
    )
