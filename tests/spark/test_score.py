"""Signals by Catalyst, features and scores by Arrow: each equal to the plain definition, whatever the partitions."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType
from pyspark.testing import assertDataFrameEqual

from ml.bundled import bundled
from ml.features import FEATURES
from ml.score import NEEDED, with_features, with_probability
from pipelines.errors import ModelMismatch
from pipelines.http.signals import SIGNALS, pack
from pipelines.selection.signals import packed_signals
from pipelines.settings import Settings
from pipelines.simulator.writers import simulate
from pipelines.transactions.inputs import find_inputs
from pipelines.transactions.staging import staged
from pipelines.transactions.table import TRANSACTIONS

READ = (
    *(
        "host",
        "method",
        "status",
        "request_content_type",
        "response_content_type",
        "accept",
        "user_agent",
        "referer",
    ),
    *(
        "origin",
        "sec_fetch_dest",
        "sec_fetch_mode",
        "x_requested_with",
        "cache_control",
        "response_header_names",
    ),
)
SCHEMA = StructType([field for field in TRANSACTIONS.schema if field.name in READ])
NULLABLE = "transaction_id string, host string, path string, query string, signals long, request_bytes long, response_bytes long"


def values_of(column: str) -> set[Any]:
    """Values of a column that the table of signals knows, and their neighbours."""
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
    """One record a value of each column, and hostile ones."""
    for column in (name for name in READ if name not in {"host", "status", "response_header_names"}):
        values = values_of(column) - ({None} if column == "method" else set())
        yield from (PLAIN | {column: value} for value in values)
    yield from (PLAIN | {"status": status} for status in range(95, 605))
    known = sorted(values_of("response_header_names") - {None})
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


@pytest.fixture(scope="module")
def simulated(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataFrame]:
    """2,000 transactions of 12 simulated hosts, by way of ingest."""
    folder: Path = tmp_path_factory.mktemp("simulated")
    simulate(
        folder / "in",
        hosts=12,
        transactions=2000,
        seed=5,
        days=1,
        end_date=date(2026, 6, 30),
        format="logpush",
    )
    found = find_inputs([str(folder / "in")], "logpush")
    now = datetime.now(UTC)
    with staged(spark, found.files, str(folder / "rows"), key=b"k", now=now, settings=settings) as rows:
        yield rows.where(F.size("violations") == 0)


def test_catalyst_packs_every_simulated_transaction_as_plain_python_does(simulated: DataFrame) -> None:
    found = simulated.select(packed_signals().alias("signals"), *READ).collect()
    assert len(found) > 1900
    assert len({row["signals"] for row in found}) > 50
    assert all(row["signals"] == pack(row.asDict()) for row in found)


def test_packing_compiles_to_code_that_the_jvm_compiles_too(simulated: DataFrame, tmp_path: Path) -> None:
    simulated.select(*READ, "transaction_id", "path", "query").write.parquet(str(tmp_path / "rows"))
    stored = simulated.sparkSession.read.parquet(str(tmp_path / "rows"))
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        stored.select("transaction_id", "host", "path", "query", packed_signals()).explain("codegen")
    sizes = [int(size) for size in re.findall(r"maxMethodCodeSize:(\d+)", shown.getvalue())]
    assert sizes
    assert max(sizes) < 8000  # HotSpot interprets longer methods: four times slower


def test_scores_do_not_depend_on_partitions_or_on_what_is_kept(simulated: DataFrame) -> None:
    rows = simulated.withColumn("signals", packed_signals())
    one = with_probability(rows.repartition(1), bundled(), keep=["transaction_id"])
    seven = with_probability(rows.repartition(7), bundled(), keep=["transaction_id", "host", "time", "path"])
    assertDataFrameEqual(one, seven.select("transaction_id", "probability"))
    kept = seven.join(
        simulated.select("transaction_id", "host", "time", "path"), ["transaction_id", "host", "time", "path"]
    )
    assert kept.count() == simulated.count()


def test_bundled_model_tells_simulated_traffic_apart(simulated: DataFrame) -> None:
    rows = simulated.withColumn("signals", packed_signals())
    found = with_probability(rows, bundled(), keep=["method", "path", "status", "response_content_type"])
    pictures = (
        found.where("response_content_type like 'image/%'")
        .agg(F.max("probability"), F.count("*"))
        .collect()[0]
    )
    assert pictures[1] > 10
    assert pictures[0] < 0.5


def rows_of(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return spark.createDataFrame(list(rows), NULLABLE)


OBVIOUS = {"host": "x.example", "method": "GET", "status": 200}
JSON = pack(OBVIOUS | {"response_content_type": "application/json", "accept": "application/json"})
PICTURE = pack(OBVIOUS | {"response_content_type": "image/png", "accept": "image/avif"})


def test_an_api_call_is_likely_and_a_picture_is_not(spark: SparkSession) -> None:
    rows = rows_of(
        spark,
        ("api", "api.x.example", "/api/v2/users/17", "page=2", JSON, 200, 900),
        ("picture", "x.example", "/images/logo-8f3c9d1e.png", None, PICTURE, 300, 20_000),
    )
    found = {row[0]: row[1] for row in with_probability(rows, bundled(), keep=["transaction_id"]).collect()}
    assert found["api"] > 0.9
    assert found["picture"] < 0.1


def test_missing_and_hostile_values_are_scored_like_any_other(spark: SparkSession) -> None:
    rows = rows_of(
        spark,
        ("nulls", None, None, None, None, None, None),
        ("empty", "", "", "", 0, 0, 0),
        ("odd", "\x00\u202e", "/" * 5000 + "\x00%00\U0001f4a9", "&=&=&[{" * 500, JSON, -1, 2**62),
    )
    found = with_probability(rows, bundled(), keep=["transaction_id"]).collect()
    assert len(found) == 3
    assert all(0 <= row["probability"] <= 1 for row in found)


def test_no_rows_and_empty_partitions_give_no_rows(spark: SparkSession) -> None:
    one = ("a", "h", "/", None, 0, 1, 1)
    assert (
        with_probability(rows_of(spark, one).where("false"), bundled(), keep=["transaction_id"]).count() == 0
    )
    assert (
        with_probability(rows_of(spark, one).repartition(5), bundled(), keep=["transaction_id"]).count() == 1
    )


def test_result_has_the_kept_columns_in_order_and_a_float(spark: SparkSession) -> None:
    scored = with_probability(
        rows_of(spark, ("a", "h", "/", None, 0, 1, 1)), bundled(), keep=["path", "host"]
    )
    assert scored.dtypes == [("path", "string"), ("host", "string"), ("probability", "float")]
    assert scored.drop("probability").collect() == [Row(path="/", host="h")]


def test_large_arrow_strings_give_the_same_scores(spark: SparkSession) -> None:
    rows = rows_of(spark, ("a", "api.h.example", "/api/v1/x", "q=1", JSON, 1, 1))
    small = with_probability(rows, bundled(), keep=["transaction_id"]).collect()
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    try:
        assert with_probability(rows, bundled(), keep=["transaction_id"]).collect() == small
    finally:
        spark.conf.unset("spark.sql.execution.arrow.useLargeVarTypes")


def test_wrong_model_is_refused_before_any_task_runs(spark: SparkSession) -> None:
    with pytest.raises(ModelMismatch):
        with_probability(rows_of(spark, ("a", "h", "/", None, 0, 1, 1)), b"nothing", keep=["transaction_id"])


def test_training_sees_the_features_that_scoring_sees(spark: SparkSession) -> None:
    rows = rows_of(
        spark,
        ("a", "api.h.example", "/api/v1/users/7", "q=1", JSON, 10, 1),
        ("b", "www.h.example", "/index.html", None, PICTURE, None, 7),
    )
    found = with_features(rows, keep=["transaction_id"]).toPandas().set_index("transaction_id")
    assert list(found.columns) == list(FEATURES)
    assert set(map(str, found.dtypes)) == {"float32"}
    assert found.loc["a", "path_word_api"] == 1
    assert found.loc["b", "request_bytes_log"] == -1
    assert found.loc["b", "response_bytes_log"] == pytest.approx(np.log(8))
    assert found.loc["b", "response_image"] == 1


def test_needed_columns_are_columns_of_transactions_but_for_the_signals() -> None:
    assert set(NEEDED) - {"signals"} <= set(TRANSACTIONS.schema.names)
