"""Which paths teach templates: what was answered well and looks like an API call, with the clients that asked."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.evidence import MICRO
from pipelines.endpoints.table import answered
from pipelines.sections import PathSettings


def path_evidence(client_days: DataFrame, settings: PathSettings) -> DataFrame:
    """Rows of `build.client_days` → `host, path_shape, clients, first_day, last_day`, a row a distinct masked path.

    Scanners' 404s teach nothing. Of variant ml only what probably is an API call does, of variant session all; both variants
    get the same templates.
    """
    mean = F.sum("any_sum") / F.sum("any_count") / MICRO
    likely = (F.col("variant") != "ml") | (F.col("probability") >= settings.evidence_probability)
    by_variant = (
        client_days.where(answered() > 0)
        .groupBy("variant", "host", "path_shape")
        .agg(
            mean.alias("probability"),
            F.approx_count_distinct("client").alias("clients"),
            F.min("day").alias("first_day"),
            F.max("day").alias("last_day"),
        )
    )
    paths = by_variant.where(likely & F.col("path_shape").startswith("/")).groupBy("host", "path_shape")
    return paths.agg(
        F.max("clients").alias("clients"),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
    )
