"""Transactions → endpoint slices per day; slices → endpoints. Sums, extremes and sketches only, so days merge freely.

Slices hold candidates: the judgement is made from the merged state when it is read, so thresholds, and the
templates under which shapes are merged, may change without reading traffic again.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.evidence import (
    FIRST_SUCCESS,
    LAST_SUCCESS,
    client_sums,
    estimates,
    is_redirection,
    merged_state,
    observed_state,
)
from pipelines.endpoints.samples import client_samples, day_samples
from pipelines.endpoints.table import COUNTS, ENDPOINT_KEY
from pipelines.paths.build import with_shape, with_template
from pipelines.selection.answers import FAMILIES
from pipelines.selection.thresholds import inventory_threshold
from pipelines.settings import EndpointSettings, PathSettings, SelectionSettings

SHAPE_KEY = ("variant", "host", "method", "path_shape", "day")


def slices(
    selected: DataFrame, paths: PathSettings, endpoints: EndpointSettings, candidate_floor: float
) -> DataFrame:
    """Rows of `selected` → rows of endpoint_slices.

    First one row a client, shape and day, then one a shape and day: the second step sees each client once, and a host
    that has most of the traffic is spread over its clients. A shape whose mean is below `candidate_floor` on a
    day has no slice of that day, so that page addresses do not pile up. Its price: a listed endpoint lacks the
    counts of such a day, and its estimate leaves it out (it is at most floor x share of those days too high).
    """
    success = F.col("status").between(FIRST_SUCCESS, LAST_SUCCESS)
    by_client = (
        with_shape(selected, paths)
        .groupBy(*SHAPE_KEY, "client")
        .agg(
            F.count("*").alias("requests"),
            F.count_if(success).alias("successes"),
            F.count_if(is_redirection()).alias("redirections"),
            F.count_if(F.col("status").between(400, 499)).alias("client_errors"),
            F.count_if(F.col("status") >= 500).alias("server_errors"),
            F.count_if(success & F.col("has_session")).alias("with_identifier"),
            *(F.count_if(success & (F.col("media_family") == name)).alias(name) for name in FAMILIES),
            F.min("time").alias("first_seen"),
            F.max("time").alias("last_seen"),
            *client_samples(),
            *client_sums(),
        )
    )
    grouped = by_client.groupBy(*SHAPE_KEY).agg(
        *(F.sum(name).alias(name) for name in COUNTS),
        F.hll_sketch_agg("client", F.lit(endpoints.client_sketch_log2)).alias("client_sketch"),
        day_samples().alias("sample_hashes"),
        *observed_state(),
        F.min("first_seen").alias("first_seen"),
        F.max("last_seen").alias("last_seen"),
    )
    return with_template(grouped.where(F.coalesce(F.col("hope") >= candidate_floor, F.lit(True))))


def candidates(endpoint_slices: DataFrame, settings: EndpointSettings) -> DataFrame:
    """Slices of any days → one row an endpoint that answered `endpoints.min_successes` times: the merge and its estimates.

    Scanners and 404s never make a candidate. With `endpoints.window_days` only successes of the last days count,
    measured from the last day in the slices.
    """
    rows = endpoint_slices
    counted: Column = F.col("successes")
    if settings.window_days is not None:
        rows = rows.crossJoin(F.broadcast(rows.agg(F.max("day").alias("last_day"))))
        is_recent = F.col("day") > F.date_sub("last_day", settings.window_days)
        counted = F.when(is_recent, counted).otherwise(0)
    whole = rows.groupBy(*ENDPOINT_KEY).agg(
        *(F.sum(name).alias(name) for name in COUNTS),
        F.sum(counted).alias("recent_successes"),
        F.hll_sketch_estimate(F.hll_union_agg("client_sketch")).alias("clients"),
        *merged_state(),
        F.min("first_seen").alias("first_seen"),
        F.max("last_seen").alias("last_seen"),
        F.count_distinct("day").alias("days"),
    )
    enough = whole.where(F.col("recent_successes") >= settings.min_successes)
    return enough.withColumns({**estimates(), "state": F.lit("new")})


def listed(found: DataFrame, least_probability: float) -> DataFrame:
    """The candidates that are endpoints: of variant ml those of at least this probability, of variant session all."""
    likely = F.coalesce(F.col("probability") >= least_probability, F.lit(False))
    return found.where((F.col("variant") != "ml") | likely)


def merged(
    endpoint_slices: DataFrame, endpoints: EndpointSettings, selection: SelectionSettings
) -> DataFrame:
    """Slices of any days → the inventory: candidates that pass the inventory threshold."""
    return listed(candidates(endpoint_slices, endpoints), inventory_threshold(selection))
