"""Client-days → endpoint slices per day; slices → endpoints. Sums, extremes and sketches only, so days merge freely.

Slices hold candidates: the judgement is made from the merged state when it is read, so thresholds, and the
templates under which shapes are merged, may change without reading traffic again.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.endpoints.columns import (
    HOST_KEY,
    adjust_probability,
    client_sum_names,
    estimates,
    host_adjustment,
    merged_host_state,
    merged_state,
    observed_state,
)
from pipelines.endpoints.keys import CELL_KEY, ENDPOINT_KEY
from pipelines.endpoints.spark.client_days import SCHEMES, client_sample_names, day_samples
from pipelines.endpoints.tables import SUMS, responses_without_error
from pipelines.runtime.columns import estimate_distinct
from pipelines.runtime.settings_sections import EndpointSettings

NEW, CANDIDATE = "new", "candidate"
"""States: a listed endpoint that nobody decided on; one that is just below the threshold."""


def group_by_template(client_days: DataFrame, templates: DataFrame) -> DataFrame:
    """Rows of `CLIENT_DAYS` → one row a client, template and day. `templates`: `host, path_shape, path_template`."""
    sums = [*SUMS, *client_sum_names()]
    return (
        client_days.join(templates, ["host", "path_shape"])
        .groupBy(*CELL_KEY, "client")
        .agg(
            *(F.sum(name).alias(name) for name in sums),
            F.min("first_seen").alias("first_seen"),
            F.max("last_seen").alias("last_seen"),
            *(F.min(name).alias(name) for name in client_sample_names()),
            # the rows of a group differ in their shape, so none cancels another out
            F.bit_xor(F.xxhash64("variant", "path_shape", "client", "requests", "least_hash")).alias(
                "content"
            ),
        )
    )


def build_slices(
    template_days: DataFrame, hosts: DataFrame, endpoints: EndpointSettings, candidate_floor: float
) -> DataFrame:
    """Rows of `by_template`, and of `endpoints.columns.host_days` → rows of endpoint_slices.

    One row a template and day, each client seen once. A template whose mean is below `candidate_floor` on a
    day has no slice of that day, so that page addresses do not pile up. Its price: a listed endpoint lacks the
    counts of such a day, and its estimate leaves it out (it is at most floor x share of those days too high).
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
    # requests without a session teach the endpoints of variant session, too
    of_both = Window.partitionBy(*CELL_KEY[1:])
    grouped = grouped.withColumn("content", F.bit_xor("content").over(of_both))
    counted_apart = (
        F.col("bare_options") > 0
    )  # perhaps preflights, which look like no call: kept, so that they are counted
    kept = grouped.where(counted_apart | F.coalesce(F.col("hope") >= candidate_floor, F.lit(True)))
    return kept.join(hosts, list(HOST_KEY))


def select_candidates(endpoint_slices: DataFrame, settings: EndpointSettings) -> DataFrame:
    """Slices of any days → one row an endpoint that answered `endpoints.min_answers` times: the merge and its estimates.

    `probability` is that of its clients, moved by `host_adjustment` (log-odds, 0 or less); the spread is of the clients.
    Scanners, 404s and preflights never make a candidate. With `endpoints.window_days` only answers of the last days count,
    measured from the last day in the slices.
    """
    return estimate_endpoints(endpoint_slices, settings).where(has_enough_responses(settings))


def has_enough_responses(settings: EndpointSettings) -> Column:
    """Whether a row of `estimated` is a candidate: answered `endpoints.min_answers` times, and not only to preflights."""
    return (F.col("recent_answers") >= settings.min_answers) & ~F.col("is_preflight")


def estimate_endpoints(endpoint_slices: DataFrame, settings: EndpointSettings) -> DataFrame:
    """Slices of any days → one row an endpoint, however few answers it gave, with `recent_answers` and `is_preflight`."""
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
    judged = whole.withColumns(
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
    return judged.withColumn(
        "probability", adjust_probability(F.col("probability"), F.col("host_adjustment"))
    )


def _is_preflight() -> Column:
    """Whether all that was answered to OPTIONS looks like preflights, and other methods of the path are answered as well."""
    place = Window.partitionBy("host", "path_template")
    others = F.max((F.col("method") != "OPTIONS") & (responses_without_error() > 0)).over(place)
    return (
        (F.col("method") == "OPTIONS")
        & (F.col("bare_options") > 0)
        & (F.col("bare_options") >= responses_without_error())
        & others
    )


def is_listed(least_probability: float) -> Column:
    """Whether a candidate is an endpoint: of variant ml from this probability on, of variant session always. Never NULL."""
    return (F.col("variant") != "ml") | F.coalesce(F.col("probability") >= least_probability, F.lit(False))


def is_candidate(least_probability: float, candidate_probability: float) -> Column:
    """Whether a candidate of variant ml is just below the threshold, or is below it only for what its host is. Never NULL."""
    own = adjust_probability(F.col("probability"), -F.col("host_adjustment"))
    near = (F.col("probability") >= candidate_probability) | (own >= least_probability)
    return ~is_listed(least_probability) & F.coalesce(near, F.lit(False))


def select_listed(found: DataFrame, least_probability: float) -> DataFrame:
    """The candidates that are endpoints."""
    return found.where(is_listed(least_probability))
