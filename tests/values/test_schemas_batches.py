"""Batches of requests give the same values as their requests one by one. No Spark.

From hostile text too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.http.value_formats import detect_kind
from pipelines.http.value_patterns import classes_of
from pipelines.requests.urlencoded import MAX_PAIRS, Observation, read_urlencoded
from pipelines.schemas.extraction.batch import (
    Batch,
    Names,
    encode_rows,
    exclude_clients,
    pack_batch,
    unpack_batch,
)
from pipelines.schemas.extraction.batch_reading import PARTS, gather_requests, read_batch, read_queries
from pipelines.schemas.statistics.batch_texts import prepare_texts
from pipelines.schemas.statistics.spark.slices import compute_slice_states, select_extremes
from pipelines.schemas.statistics.value_counts import MAX_EXTREME_VALUES, digest
from tests import strategies
from tests.oracles.requests import Request, observe_request

HOSTILE = st.sampled_from(strategies.HOSTILE)
PIECE = st.sampled_from(
    ["a", "b[1]", "=", "&", "+", "%20", "%zz", ",", "|", "1", "é", "T12:00:00+02:00", "2026-11-27", "\n"]
)
QUERY = st.one_of(st.none(), HOSTILE, st.lists(PIECE, max_size=12).map("".join))
REQUEST = st.builds(
    Request,
    st.sampled_from(["/a/{id}", "/{x},{y}", "/"]),
    st.one_of(HOSTILE, st.sampled_from(["/a/1", "//a/2/", "/1,2", "/"])),
    QUERY,
    st.sampled_from([None, "application/json", "application/x-www-form-urlencoded", "multipart/form-data"]),
    st.one_of(st.none(), QUERY, st.sampled_from(['{"a": [1, "1", 1]}', '--X\nname="a"\n\n1\n--X--'])),
    st.sampled_from([None, "x-a\nx-b", "accept"]),
    st.sampled_from([None, "sid\ncart"]),
)


def values_in(queries: list[str | None]) -> list[Counter[Observation]]:
    """Returns the values in each of the queries, read together."""
    names: Names = {}
    found: list[Counter[Observation]] = [Counter() for _ in queries]
    for part in read_queries(pa.array(queries, pa.string()), names):
        known = list(names)
        place = 0
        for query, count in enumerate(part.counts.tolist()):
            for at in range(place, place + count):
                location, name = known[part.places[at]]
                seen = (
                    location,
                    name,
                    part.values[at].as_py(),
                    part.types[at].as_py(),
                    bool(part.is_first[at]),
                )
                found[query][seen] += 1
            place += count
        assert place == len(part.values) == len(part.places) == len(part.is_first)
    return found


@given(st.lists(QUERY, max_size=6))
def test_queries_read_together_say_what_each_says(queries: list[str | None]) -> None:
    assert values_in(queries) == [
        Counter(read_urlencoded("query", query) if query else []) for query in queries
    ]


def test_pairs_of_a_query_and_characters_of_a_value_are_bounded() -> None:
    queries: list[str | None] = [
        "&".join(f"p{place}=1" for place in range(2 * MAX_PAIRS)),
        f"a={'v ' * 5000}",
        "&&=1",
    ]
    assert values_in(queries) == [Counter(read_urlencoded("query", query or "")) for query in queries]
    assert values_in(queries)[0].total() == MAX_PAIRS


def requests_of(sent: Iterable[Request]) -> pa.Table:
    """Returns requests as `read` takes them, each of a separate client."""
    fields_of = (
        "path_template",
        "sent_path",
        "sent_query",
        "sent_type",
        "sent_body",
        "sent_headers",
        "sent_cookies",
    )
    rows = [
        {
            "variant": "ml", "host": "a.example", "method": "GET", "day": date(2026, 6, 1), "hour": place % 24,
            "client": f"c{place}", "is_held": place % 2 == 0, **dict(zip(fields_of, one, strict=True)),
        }
        for place, one in enumerate(sent)
    ]  # fmt: skip
    text = [(name, pa.string()) for name in ("variant", "host", "method", "client", *fields_of)]
    return pa.Table.from_pylist(
        rows, pa.schema([*text, ("day", pa.date32()), ("hour", pa.int32()), ("is_held", pa.bool_())])
    )


def count_values(batch: Batch) -> Counter[tuple[str, ...]]:
    """Counts the values of a batch.

    By client, path template, location, name, value, kind and is_first.
    """
    columns = [
        (batch.senders, "client", "sender"), (batch.parameters, "path_template", "parameter"),
        (batch.parameters, "location", "parameter"), (batch.parameters, "name", "parameter"), (batch.texts, "text", "text"),
        (batch.texts, "kind", "text"),
    ]  # fmt: skip
    lists = [table.column(name).take(batch.seen.column(of)).to_pylist() for table, name, of in columns]
    return Counter(zip(*lists, batch.seen.column("is_first").to_pylist(), strict=True))


@given(st.lists(REQUEST, min_size=1, max_size=8))
def test_requests_read_together_say_what_each_says(sent: list[Request]) -> None:
    expected = Counter(
        (f"c{place}", one.path_template, location, name, value, detect_kind(value, json_type), is_first)
        for place, one in enumerate(sent)
        for location, name, value, json_type, is_first in observe_request(one)
    )
    batch = read_batch(requests_of(sent))
    assert count_values(batch) == expected
    again = unpack_batch(pack_batch(batch))
    assert count_values(again) == expected
    assert count_values(exclude_clients(again, ["c0"])) == Counter(
        {one: n for one, n in expected.items() if one[0] != "c0"}
    )


def test_batches_are_of_no_more_requests_than_they_may_be() -> None:
    table = requests_of([Request("/", "/")] * 30)
    joined = list(gather_requests(table.to_batches(max_chunksize=7)))
    assert [one.num_rows for one in joined] == [30]
    assert list(gather_requests([])) == list(gather_requests(table.slice(0, 0).to_batches())) == []
    assert len({of for part, _ in PARTS for of in part}) == sum(len(part) for part, _ in PARTS)


@given(st.lists(st.one_of(strategies.values, HOSTILE), min_size=1, max_size=60))
def test_outermost_values_are_those_of_largest_size_and_digest(values: list[str]) -> None:
    cut = sorted({value[:2048] for value in values if detect_kind(value) == "text"})
    if not cut:
        return
    many = sorted({f"{one}{number}"[:2048] for one in cut for number in range(9)})
    kinds = pa.array(["text"] * len(many)).dictionary_encode()
    texts = prepare_texts(pa.table({"text": pa.array(many), "kind": kinds}))
    kept = select_extremes(texts.size, np.arange(len(many)), np.zeros(1, np.int64), texts.digest)
    expected = sorted(((len(one), digest(one)) for one in many), reverse=True)[:MAX_EXTREME_VALUES]
    assert {(len(many[at]), digest(many[at])) for at in kept} == set(expected)
    lowest = select_extremes(-texts.size, np.arange(len(many)), np.zeros(1, np.int64), texts.digest, -1)
    expected = sorted((len(one), digest(one)) for one in many)[:MAX_EXTREME_VALUES]
    assert {(len(many[at]), digest(many[at])) for at in lowest} == set(expected)


def test_states_of_a_batch_are_one_row_a_slice() -> None:
    sent = [Request("/a/{id}", f"/a/{number}", "q=Größe+x&q=b&n=1.5") for number in range(40)]
    rows = compute_slice_states(read_batch(requests_of(sent)), 10).to_pylist()
    key = ("location", "name", "kind", "is_late", "is_held")
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows)
    q = found["query", "q", "text", False, False]
    assert (q["n"], q["requests"], q["prefix"], q["is_open"]) == (34, 17, "", False)
    assert {one["value"]: one["n"] for one in q["common"]} == {"Größe x": 17, "b": 17}
    assert sum(1 << place for place, count in enumerate(q["classes"]) if count) == classes_of("Größe x")
    assert [one["size"] for one in q["high"]] in ([7.0, 1.0], [1.0, 7.0])
    number = found["query", "n", "number", True, True]
    assert {hour for hour, peak in enumerate(number["peaks"]) if peak == 1.5} == {18, 20, 22}
    assert (
        encode_rows(pa.array(["a", None, "a"]))[0].tolist()[0]
        == encode_rows(pa.array(["a", None, "a"]))[0].tolist()[2]
    )
