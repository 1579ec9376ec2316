"""The same files in warehouses of other keys, spread over other partitions, give the same documents byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from pipelines.simulator.writers import simulate

SPREAD = "spark.sql.shuffle.partitions"


@contextmanager
def spread_over(spark: SparkSession, partitions: int) -> Iterator[None]:
    before = spark.conf.get(SPREAD)
    coalesced = spark.conf.get("spark.sql.adaptive.coalescePartitions.enabled")
    spark.conf.set(SPREAD, partitions)
    spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    yield
    spark.conf.set(SPREAD, str(before))
    spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", str(coalesced))


def test_documents_depend_on_neither_key_nor_partitions(
    apicensus: Callable[..., Any], spark: SparkSession, tmp_path: Path
) -> None:
    traffic = tmp_path / "traffic"
    simulate(
        traffic, hosts=2, transactions=1500, seed=5, days=2, end_date=date(2026, 6, 30), format="logpush"
    )
    inputs = sorted(traffic.glob("*.ndjson.gz"))
    documents, keys = [], []
    for partitions in (2, 5):
        folder = tmp_path / str(partitions)
        root = ("--warehouse", folder / "warehouse")
        with spread_over(spark, partitions):
            for step in (
                ("discover", *inputs, "--variant", "ml", *root),
                ("learn", *root),
                ("export", "--out", folder / "out", *root),
            ):
                done = apicensus(*step)
                assert done.code == 0, done.err
        keys.append((folder / "warehouse" / "_key").read_bytes())
        out = folder / "out"
        documents.append({str(file.relative_to(out)): file.read_text() for file in out.rglob("*.yaml")})
    assert keys[0] != keys[1]
    assert documents[0]
    assert documents[0] == documents[1]
