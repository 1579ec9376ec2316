"""Spark settings with which the tests plan and run a handful of rows.

`having` restores the shipped ones for a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

SMALL = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "false",
}
"""Planning again between stages and compiling generated Java is most of the time where there are few rows.

Spark runs a daemon of Python workers for each environment that it gives them. Simplified tracebacks, which functions on frames
have and rows of a list do not, are part of that environment: with them, two daemons and twice as many workers import everything.

Results do not depend on it: tests/jobs/test_run.py compares; the notebook and spark-submit run as shipped.
"""
SHIPPED = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.codegen.wholeStage": "true",
}
"""The same as in conf/spark-defaults.conf, or else Spark's own."""


@contextmanager
def override_properties(spark: SparkSession, properties: Mapping[str, str]) -> Iterator[None]:
    """Runs the block with these properties of the session."""
    before = {name: str(spark.conf.get(name)) for name in properties}
    for name, value in properties.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)
