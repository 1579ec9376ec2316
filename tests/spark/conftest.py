"""Simulated transactions that went through ingest, shared by tests that only read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.settings import Settings
from pipelines.runtime.settings_sections import PathSettings
from pipelines.simulator.output.writers import simulate
from pipelines.transactions.inputs.spark.files import find_inputs
from pipelines.transactions.spark.staging import stage_batch


@pytest.fixture(scope="session")
def simulated(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataFrame]:
    """2,000 valid transactions of 12 simulated hosts, as ingest stages them."""
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
    with stage_batch(spark, found.files, str(folder / "rows"), key=b"k", now=now, settings=settings) as batch:
        yield batch.rows.where(F.size("violations") == 0)


@pytest.fixture(scope="session")
def paths(settings: Settings) -> PathSettings:
    return settings.paths
