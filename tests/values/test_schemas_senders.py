"""Statistics of senders merge in any order, lose nothing decisive and stay small.

No Spark.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.runtime.settings import Settings
from pipelines.runtime.settings_sections import OutlierClientSettings
from pipelines.schemas.extraction.batch_reading import read_batch
from pipelines.schemas.statistics import batch_senders
from pipelines.schemas.statistics.senders import (
    MAX_CLIENTS,
    MAX_VALUES_WITHOUT_TWO_CLIENTS,
    NUMBER_BITS,
    KindSenders,
    Senders,
    ValueSenders,
    count_values_without_two_clients,
    estimate_clients,
    merge_senders,
    senders_from_row,
    senders_to_row,
)
from pipelines.schemas.validation.outlier_clients import find_outliers

ENOUGH = 5
Sent = tuple[int, int, float]
"""Client, value, size."""
SENT = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 6), st.sampled_from([-5.0, 0.0, 1.0, 90.0])), max_size=40
)


def senders_of(sent: Sequence[Sent]) -> Senders:
    """Returns the statistics of one part: of each client, then merged."""
    return merge_senders(
        [
            Senders(
                {"integer": KindSenders((who,), {who: size}, {who: size})},
                {value: ValueSenders(1, (who,))},
                1,
            )
            for who, value, size in sent
        ],
        ENOUGH,
    )


@given(SENT, st.randoms(use_true_random=False), st.integers(1, 5))
def test_parts_merge_in_any_order_to_what_the_whole_says(
    sent: list[Sent], rng: random.Random, parts: int
) -> None:
    cut = [sent[place::parts] for place in range(parts)]
    rng.shuffle(cut)
    assert merge_senders(map(senders_of, cut), ENOUGH) == senders_of(sent)


@given(SENT)
def test_rows_say_the_same(sent: list[Sent]) -> None:
    assert senders_from_row(senders_to_row(senders_of(sent))) == senders_of(sent)
    assert senders_from_row(senders_to_row(Senders(values=None))).values is None


@given(st.lists(st.frozensets(st.integers(0, 5), min_size=1, max_size=3), max_size=12))
def test_values_that_two_clients_do_not_send_are_counted_exactly(clients: list[frozenset[int]]) -> None:
    values = {place: ValueSenders(1, tuple(sorted(one))) for place, one in enumerate(clients)}
    pairs = list(combinations(range(6), 2))
    assert count_values_without_two_clients(values) == min(
        sum(not one <= set(pair) for one in clients) for pair in pairs
    )


def test_of_many_values_nothing_is_kept_but_two_clients_may_send_as_many_as_they_like() -> None:
    honest = [(who, who % 4, 1.0) for who in range(20)]
    fuzzers = [(100 + n % 2, 1000 + n, 1.0) for n in range(5000)]
    values = senders_of(honest + fuzzers).values
    assert values is not None
    assert len(values) == 4 + 5000
    assert (
        senders_of([(who, who, 1.0) for who in range(MAX_VALUES_WITHOUT_TWO_CLIENTS + 2)]).values is not None
    )
    many = senders_of([(who, who, 1.0) for who in range(MAX_VALUES_WITHOUT_TWO_CLIENTS + 3)])
    assert many.values is None
    assert merge_senders([many, senders_of(honest)], ENOUGH).values is None


@pytest.mark.parametrize("clients", [MAX_CLIENTS - 1, 1000, 100_000])
def test_clients_are_counted_within_the_error_that_is_promised(clients: int) -> None:
    errors = []
    for seed in range(40):
        numbers = np.random.default_rng(seed).integers(0, 2**NUMBER_BITS, clients)
        errors.append(estimate_clients(tuple(np.sort(numbers)[:MAX_CLIENTS].tolist())) / clients - 1)
    spread = float(np.sqrt(np.mean(np.square(errors))))
    # 1.25: three deviations of 40 squares
    assert spread <= (0.0 if clients < MAX_CLIENTS else 1.25 / (MAX_CLIENTS - 2) ** 0.5)


def requests(sent: Sequence[tuple[str, str]]) -> pa.Table:
    """Requests with one query parameter."""
    rows = len(sent)
    fixed = {"variant": "ml", "host": "a.example", "method": "GET", "path_template": "/a", "sent_path": "/a"}
    return pa.table(
        {
            **{name: [text] * rows for name, text in fixed.items()},
            "day": pa.array([date(2026, 6, 1)] * rows),
            "hour": pa.array([1] * rows, pa.int32()),
            "client": [client for client, _ in sent],
            "is_held": [False] * rows,
            "sent_query": [f"q={text}" for _, text in sent],
            **{name: pa.array([None] * rows, pa.string()) for name in ("sent_type", "sent_body", "sent_headers", "sent_cookies")},
        }
    )  # fmt: skip


CLIENT = st.integers(0, 30).map("c{}".format)
TEXT = st.one_of(st.integers(0, 200).map(str), st.sampled_from(["red", "green", "1.5", "x" * 90, ""]))


@given(st.lists(st.tuples(CLIENT, TEXT), min_size=1, max_size=60), st.integers(1, 3))
def test_batches_give_the_same_senders_as_their_requests_one_by_one(
    sent: list[tuple[str, str]], parts: int
) -> None:
    def senders_in(some: Sequence[tuple[str, str]]) -> Senders:
        rows = batch_senders.collect_senders(read_batch(requests(some)), ENOUGH).to_pylist()
        (row,) = (row for row in rows if row["location"] == "query")
        assert row["day"] == date(2026, 6, 1)
        return senders_from_row(row)

    whole = senders_in(sent)
    assert whole == merge_senders((senders_in([one]) for one in sent), ENOUGH)
    assert whole == merge_senders(
        (senders_in(sent[at::parts]) for at in range(parts) if sent[at::parts]), ENOUGH
    )


def test_batches_leave_out_values_that_cannot_be_an_enum(settings: Settings) -> None:
    users = [(f"user{n}", f"id{n}") for n in range(400)]
    fuzz = [("evil", f"payload{n}") for n in range(3000)]
    colours = [(f"user{n % 40}", ("red", "green")[n % 2]) for n in range(4000)]

    def senders_in(
        sent: list[tuple[str, str]], outlier_clients: OutlierClientSettings
    ) -> tuple[bool, set[tuple[int, str]]]:
        row = batch_senders.collect_senders(read_batch(requests(sent)), outlier_clients.clients).to_pylist()[
            0
        ]
        return row["values"] is None, set(find_outliers(senders_from_row(row), outlier_clients))

    evil = int(batch_senders.client_numbers(["evil"])[0])
    assert senders_in(users, settings.outlier_clients) == (True, set())
    assert senders_in([*colours, *fuzz], settings.outlier_clients) == (
        False, {(evil, "outside-the-set"), (evil, "beyond-the-others")}
    )  # fmt: skip
