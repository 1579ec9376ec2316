"""Signals by Catalyst equal the plain definition bit for bit."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from pipelines.http.signals import SIGNALS, pack
from pipelines.selection.columns import packed_signals
from pipelines.transactions.tables import TRANSACTIONS
from tests.small_plans import SHIPPED, override_properties

READ = sorted(
    {"host"} | {s.column for s in SIGNALS if s.column} | {test.column for s in SIGNALS for _, test in s.tests}
)
SCHEMA = StructType([field for field in TRANSACTIONS.schema if field.name in READ])


def known_values(column: str) -> set[Any]:
    """Returns the values of a column in the table of signals, and their neighbours."""
    known: set[Any] = {None, ""}
    for signal in SIGNALS:
        if signal.column == column:
            known |= {edge for value, _ in signal.exact for edge in neighbours(value)}
        for _, test in signal.tests:
            if test.column == column:
                known |= {edge for value in test.values for edge in neighbours(value)}
    return known


def neighbours(value: str | int) -> tuple[Any, ...]:
    if isinstance(value, int):
        return (value - 1, value, value + 1)
    return (value, f"{value}/x", f"x{value}", f"{value}\u00e9;{value}", value.upper(), value[:-1])


PLAIN = {"host": "shop.example", "method": "GET", "status": 200, "response_header_names": []}
NAMES = ("etag", "x-etag", "set-cookie", "x-ratelimit-limit", "content-type", "", "a,etag,b", "ETag", None)
URLS = """https://shop.example https://shop.example/a/b ://shop.example //shop.example shop.example / a/b/c/d null
https://shop.example:443/ https://x.shop.example/ https:///shop.example/ https://shop.example.evil.test/""".split()
AGES = "max-age=86399 max-age=86400 max-age=0086400 max-age=9 max-age=99999999999 x\nmax-age=100000".split(
    " "
)


def corpus() -> Iterator[dict[str, Any]]:
    """Yields one record for each value of each column, and hostile ones."""
    for column in (name for name in READ if name not in {"host", "status", "response_header_names"}):
        values = known_values(column) - ({None} if column == "method" else set())
        yield from (PLAIN | {column: value} for value in values)
    yield from (PLAIN | {"status": status} for status in range(95, 605))
    known = sorted(known_values("response_header_names") - {None})
    pairs = [*product(NAMES, repeat=2), *(("date", name) for name in known)]
    yield from (PLAIN | {"response_header_names": list(pair)} for pair in pairs)
    yield from (PLAIN | {column: url} for column, url in product(("origin", "referer"), URLS))
    yield from (PLAIN | {"cache_control": age} for age in AGES)


def test_catalyst_packs_the_corpus_as_plain_python_does(spark: SparkSession) -> None:
    records = list(corpus())
    rows = [tuple(record.get(field.name) for field in SCHEMA) for record in records]
    found = (
        spark.createDataFrame(rows, SCHEMA).select(packed_signals().alias("signals"), *SCHEMA.names).collect()
    )
    assert len(found) == len(records)
    wrong = [row for row in found if row["signals"] != pack(row.asDict())]
    assert not wrong, wrong[:3]


def test_each_class_of_each_signal_occurs_in_the_corpus() -> None:
    missing = {(signal.name, name) for signal in SIGNALS for name in signal.classes}
    for record in corpus():
        missing -= {(s.name, s.classes[code - 1]) for s in SIGNALS if (code := s.code(record))}
    assert missing == set()


def test_catalyst_packs_every_simulated_transaction_as_plain_python_does(simulated: DataFrame) -> None:
    found = simulated.select(packed_signals().alias("signals"), *READ).collect()
    assert len(found) > 1900
    assert len({row["signals"] for row in found}) > 50
    assert all(row["signals"] == pack(row.asDict()) for row in found)


def test_packing_compiles_to_code_that_the_jvm_compiles_too(simulated: DataFrame, tmp_path: Path) -> None:
    simulated.select(*READ, "transaction_id", "path", "query").write.parquet(str(tmp_path / "rows"))
    stored = simulated.sparkSession.read.parquet(str(tmp_path / "rows"))
    shown = io.StringIO()
    with override_properties(simulated.sparkSession, SHIPPED), contextlib.redirect_stdout(shown):
        stored.select("transaction_id", "host", "path", "query", packed_signals()).explain("codegen")
    sizes = [int(size) for size in re.findall(r"maxMethodCodeSize:(\d+)", shown.getvalue())]
    assert sizes
    assert max(sizes) < 8000  # HotSpot interprets longer methods: four times slower
