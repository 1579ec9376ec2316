"""Selected transactions → endpoint slices per day; slices → endpoints. Sums, extremes and sketches only, so days merge freely."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.paths.build import with_shape, with_template
from pipelines.settings import EndpointSettings, PathSettings

FIRST_SUCCESS, LAST_SUCCESS = (
    200,
    399,
)  # RFC 9110 s. 15: 2xx successful, 3xx redirection (304 answers a conditional GET)


def slices(selected: DataFrame, paths: PathSettings, endpoints: EndpointSettings) -> DataFrame:
    """`variant, host, method, path, status, time, day, client, probability` → rows of endpoint_slices."""
    status, probability = F.col("status"), F.col("probability").cast("double")
    grouped = (
        with_shape(selected, paths)
        .groupBy("variant", "host", "method", "path_shape", "day")
        .agg(
            F.count("*").alias("requests"),
            F.count_if(status.between(FIRST_SUCCESS, LAST_SUCCESS)).alias("successes"),
            F.count_if(status.between(400, 499)).alias("client_errors"),
            F.count_if(status >= 500).alias("server_errors"),
            F.hll_sketch_agg("client", F.lit(endpoints.client_sketch_log2)).alias("client_sketch"),
            F.count("probability").alias("scored"),
            F.sum(probability).alias("probability_sum"),
            F.min(probability).alias("probability_min"),
            F.max(probability).alias("probability_max"),
            F.min("time").alias("first_seen"),
            F.max("time").alias("last_seen"),
        )
    )
    return with_template(grouped)


def merged(endpoint_slices: DataFrame, settings: EndpointSettings) -> DataFrame:
    """Slices of any days → one row an endpoint: the merge, with `clients` and `probability` estimated from its state.

    An endpoint needs `endpoints.min_successes` successful answers: scanners and 404s never make one.
    """
    whole = endpoint_slices.groupBy(*ENDPOINT_KEY).agg(
        *(F.sum(name).alias(name) for name in ("requests", "successes", "client_errors", "server_errors")),
        F.hll_sketch_estimate(F.hll_union_agg("client_sketch")).alias("clients"),
        (F.sum("probability_sum") / F.nullif(F.sum("scored"), F.lit(0))).alias("probability"),
        F.min("probability_min").alias("probability_min"),
        F.max("probability_max").alias("probability_max"),
        F.min("first_seen").alias("first_seen"),
        F.max("last_seen").alias("last_seen"),
        F.count_distinct("day").alias("days"),
    )
    return whole.where(F.col("successes") >= settings.min_successes).withColumn("state", F.lit("new"))
