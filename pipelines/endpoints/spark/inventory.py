"""Aggregates client-days into endpoint slices per day, and slices into endpoints.

Slices hold sums, extremes and sketches only, so days merge in any order. Slices are of candidates: endpoints are selected
from the merged state when it is read, so thresholds, and the templates under which shapes are merged, may change without
reading traffic again.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.endpoints.columns import (
    HOST_KEY,
    adjust_probability,
    client_sample_names,
    client_sum_names,
    estimates,
    host_adjustment,
    merged_host_state,
    merged_state,
    observed_state,
)
from pipelines.endpoints.keys import CELL_KEY, ENDPOINT_KEY
from pipelines.endpoints.spark.client_days import SCHEMES, day_samples
from pipelines.endpoints.tables import SUMS, responses_without_error
from pipelines.runtime.columns import estimate_distinct
from pipelines.runtime.settings_sections import EndpointSettings

NEW, CANDIDATE = "new", "candidate"
"""States: a listed endpoint without an operator's decision; one that is just below the threshold."""


def group_by_template(client_days: DataFrame, templates: DataFrame) -> DataFrame:
    """Aggregates rows of `CLIENT_DAYS` by client, template and day.

    `templates` are rows of `host, path_shape, path_template`.
    """
    sums = [*SUMS, *client_sum_names()]
    return (
        client_days.join(templates, ["host", "path_shape"])
        .groupBy(*CELL_KEY, "client")
        .agg(
            *(F.sum(name).alias(name) for name in sums),
            F.min("first_seen").alias("first_seen"),
            F.max("last_seen").alias("last_seen"),
            *(F.min(name).alias(name) for name in client_sample_names()),
            # the rows of a group differ in their shape, so no two cancel each other out
            F.bit_xor(F.xxhash64("variant", "path_shape", "client", "requests", "least_hash")).alias(
                "content"
            ),
        )
    )


def build_slices(
    template_days: DataFrame, hosts: DataFrame, endpoints: EndpointSettings, candidate_floor: float
) -> DataFrame:
    """Builds endpoint_slices: one row per template and day, each client counted once.

    A template whose mean probability is below `candidate_floor` on a day has no slice of that day, so that addresses of pages
    do not accumulate. The price: a listed endpoint lacks the counts of such a day, and its estimate leaves it out (it is at
    most floor x share of those days too high).

    Args:
        template_days: Rows of `group_by_template`.
        hosts: Rows of `endpoints.columns.count_host_days`.
        endpoints: Section `endpoints`.
        candidate_floor: Probability (0-1) below which a day has no slice.
    """
    grouped = template_days.groupBy(*CELL_KEY).agg(
        *(F.sum(name).alias(name) for name in SUMS),
        F.hll_sketch_agg(
            F.when(F.col("requests") > 0, F.col("client")), F.lit(endpoints.client_sketch_log2)
        ).alias("client_sketch"),
        day_samples().alias("sample_hashes"),
        *observed_state(),
        F.min("first_seen").alias("first_seen"),
        F.max("last_seen").alias("last_seen"),
        F.bit_xor("content").alias("content"),
    )
    # requests without a session also teach the endpoints of variant session
    of_both = Window.partitionBy(*CELL_KEY[1:])
    grouped = grouped.withColumn("content", F.bit_xor("content").over(of_both))
    # preflights do not look like API calls: what may be some is kept, so that it is counted
    may_be_preflights = F.col("bare_options") > 0
    kept = grouped.where(
        may_be_preflights | F.coalesce(F.col("mean_probability") >= candidate_floor, F.lit(True))
    )
    return kept.join(hosts, list(HOST_KEY))


def select_candidates(endpoint_slices: DataFrame, settings: EndpointSettings) -> DataFrame:
    """Merges slices of any days into candidates: one row per endpoint, with estimates.

    A candidate has at least `endpoints.min_answers` responses that are not errors. Its `probability` is that of its clients,
    adjusted by `host_adjustment` (log-odds, 0 or less); the deviation is over its clients. Scanners, 404s and preflights
    never make a candidate. With `endpoints.window_days` only responses of the last days count, measured from the last day in
    the slices.
    """
    return estimate_endpoints(endpoint_slices, settings).where(has_enough_responses(settings))


def has_enough_responses(settings: EndpointSettings) -> Column:
    """Whether a row of `estimate_endpoints` has enough responses for a candidate.

    It needs `endpoints.min_answers` responses that are not errors, and not to preflights only.
    """
    return (F.col("recent_answers") >= settings.min_answers) & ~F.col("is_preflight")


def estimate_endpoints(endpoint_slices: DataFrame, settings: EndpointSettings) -> DataFrame:
    """Merges slices of any days: one row per endpoint, however few its responses.

    The rows have `recent_answers` and `is_preflight`.
    """
    rows = endpoint_slices
    counted = responses_without_error()
    if settings.window_days is not None:
        rows = rows.crossJoin(F.broadcast(rows.agg(F.max("day").alias("last_day"))))
        is_recent = F.col("day") > F.date_sub("last_day", settings.window_days)
        counted = F.when(is_recent, counted).otherwise(0)
    whole = rows.groupBy(*ENDPOINT_KEY).agg(
        F.sum(counted).alias("recent_answers"),
        *(F.sum(name).alias(name) for name in SUMS),
        estimate_distinct(F.hll_union_agg("client_sketch")).alias("clients"),
        *merged_state(),
        *merged_host_state(),
        F.min("first_seen").alias("first_seen"),
        F.max("last_seen").alias("last_seen"),
        F.count_distinct("day").alias("days"),
    )
    estimated = whole.withColumns(
        {
            **estimates(),
            "host_adjustment": host_adjustment(settings),
            "state": F.lit(NEW),
            "schemes": F.array_compact(
                F.array(*(F.when(F.col(f"over_{name}") > 0, F.lit(name)) for name in SCHEMES))
            ),
            "is_preflight": _is_preflight(),
        }
    )
    return estimated.withColumn(
        "probability", adjust_probability(F.col("probability"), F.col("host_adjustment"))
    )


def _is_preflight() -> Column:
    """Whether all OPTIONS requests look like preflights.

    Other methods of the path must have responses as well.
    """
    place = Window.partitionBy("host", "path_template")
    others = F.max((F.col("method") != "OPTIONS") & (responses_without_error() > 0)).over(place)
    return (
        (F.col("method") == "OPTIONS")
        & (F.col("bare_options") > 0)
        & (F.col("bare_options") >= responses_without_error())
        & others
    )


def is_listed(least_probability: float) -> Column:
    """Whether a candidate is listed as an endpoint. Never NULL.

    Variant ml lists it from this probability on, variant session always.
    """
    return (F.col("variant") != "ml") | F.coalesce(F.col("probability") >= least_probability, F.lit(False))


def is_candidate(least_probability: float, candidate_probability: float) -> Column:
    """Whether a candidate of variant ml is just below the threshold. Never NULL.

    So is one that is below it only because of the adjustment for its host.
    """
    own = adjust_probability(F.col("probability"), -F.col("host_adjustment"))
    near = (F.col("probability") >= candidate_probability) | (own >= least_probability)
    return ~is_listed(least_probability) & F.coalesce(near, F.lit(False))


def select_listed(candidates: DataFrame, least_probability: float) -> DataFrame:
    """Selects the candidates that are listed as endpoints."""
    return candidates.where(is_listed(least_probability))
