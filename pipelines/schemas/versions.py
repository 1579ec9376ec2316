"""Versions of the endpoints' schemas: one more only when the judgement, its evidence aside, changed."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.table import SCHEMAS_SCHEMA


def new_versions(latest_learned: DataFrame, known: DataFrame) -> DataFrame:
    """Rows of `learned` and the stored rows of `SCHEMAS_SCHEMA` → the rows to append: what changed.

    An endpoint's first version is 1. A rerun on the same evidence gives no row.
    """
    before = latest(known).select(
        *ENDPOINT_KEY, F.col("version").alias("before"), F.col("fingerprint").alias("was")
    )
    compared = latest_learned.join(before, [*ENDPOINT_KEY], "left")
    changed = compared.where(F.col("was").isNull() | (F.col("was") != F.col("fingerprint")))
    return changed.withColumn("version", F.coalesce(F.col("before") + 1, F.lit(1))).select(
        *SCHEMAS_SCHEMA.names
    )


def latest(schemas: DataFrame) -> DataFrame:
    """The newest version of each endpoint's schema: rows of `SCHEMAS_SCHEMA`."""
    rest = F.struct(*(name for name in SCHEMAS_SCHEMA.names if name not in ENDPOINT_KEY))
    newest = schemas.groupBy(*ENDPOINT_KEY).agg(F.max_by(rest, F.col("version")).alias("newest"))
    return newest.select(*ENDPOINT_KEY, "newest.*")
