"""One lazy Spark session for all tests, and a scratch warehouse for each test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings, load_settings
from pipelines.runtime.spark import get_session
from pipelines.runtime.tables import Warehouse
from tests.small_plans import SMALL

# A worker of pytest-xdist has no main file. PySpark takes such a process for its own doctests: an import of
# pyspark.sql.connect, which great_expectations tries, ends it with exit code 0 where grpc is not installed.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = sys.argv[0]

# Every Java that tests start, also in processes of their own: each lives for minutes and runs most of its code a few times, so
# compiling it well costs more than it saves, and so does collecting a small heap by several threads. Results do not depend on it.
os.environ.setdefault(
    "JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The default settings."""
    return load_settings()


@pytest.fixture(scope="session")
def spark(settings: Settings) -> Iterator[SparkSession]:
    """Starts local[2] with two shuffle partitions.

    One partition would hide ordering bugs, eight would only cost time.
    """
    small = settings.spark.model_copy(
        update={
            "master": "local[2]",
            "driver_memory": "3g",
            "local_shuffle_partitions": 3,
            "properties": SMALL,
        }
    )
    spark = get_session("tests", small)
    yield spark
    spark.stop()


@pytest.fixture
def warehouse(spark: SparkSession, tmp_path: Path) -> Warehouse:
    """An empty warehouse in a temporary folder."""
    return Warehouse(spark, str(tmp_path / "warehouse"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of benchmark material next to the checkout.

    Tests that need it are skipped where it does not exist.
    """
    if not SHARED.is_dir():
        pytest.skip("../shared (benchmark material) is not next to the checkout")
    return SHARED
