"""How likely an endpoint is an API, as mergeable state, and its host's adjustment."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StructField

from pipelines.runtime.settings_sections import EndpointSettings

# RFC 9110 s. 15: 1xx informational, 2xx successful, 3xx redirection, 4xx client error, 5xx server error
FIRST_SUCCESSFUL, LAST_SUCCESSFUL, LAST_REDIRECTION, LAST_CLIENT_ERROR = 200, 299, 399, 499
# 304 is sent instead of a 200 to a conditional GET (RFC 9110 s. 15.4.5), so it is not a redirect
NOT_MODIFIED = 304
MICRO, NANO = 1e6, 1e9
TRIMMED_FROM = 3
"""Number of client-days from which on the lowest and the highest are left out of the mean."""

KINDS = ("answered", "redirected")
CLIENT_KINDS = (*KINDS, "any")
STATE = tuple(
    StructField(f"{kind}_{name}", LongType(), name in ("min", "max"))
    for kind in KINDS
    for name in ("client_days", "sum", "square_sum", "min", "max")
)
"""Columns of endpoint_slices: means of client-days, by kind of response; `min` and `max` are NULL if there are none."""


def status_classes() -> dict[str, Column]:
    """Returns column of the slices → whether the status is of that class.

    Each status is of exactly one class.
    """
    status = F.col("status")
    return {
        "informational": status < FIRST_SUCCESSFUL,
        "successful": status.between(FIRST_SUCCESSFUL, LAST_SUCCESSFUL),
        "redirects": is_redirection(),
        "not_modified": status == NOT_MODIFIED,
        "client_errors": status.between(LAST_REDIRECTION + 1, LAST_CLIENT_ERROR),
        "server_errors": status > LAST_CLIENT_ERROR,
    }


def is_not_error() -> Column:
    """Whether the status is not an error: 2xx or 3xx."""
    return F.col("status").between(FIRST_SUCCESSFUL, LAST_REDIRECTION)


def is_redirection() -> Column:
    """Whether the status is a 3xx that redirects, so not 304."""
    return F.col("status").between(LAST_SUCCESSFUL + 1, LAST_REDIRECTION) & (F.col("status") != NOT_MODIFIED)


def is_informative() -> Column:
    """Whether the response shows what the endpoint is: a 2xx, or a 304 in its place.

    Redirects count only for endpoints that have nothing else.
    """
    return is_not_error() & ~is_redirection()


def client_sums() -> Iterator[Column]:
    """Aggregates by client and day: sum (millionths) and number of probabilities.

    They come by kind of response, and for all responses.
    """
    millionths = F.round(F.col("probability").cast("double") * MICRO).cast("bigint")
    for kind, matches in zip(
        CLIENT_KINDS, (is_informative(), is_redirection(), F.col("status").isNotNull()), strict=True
    ):
        yield F.sum(F.when(matches, millionths)).alias(f"{kind}_sum")
        yield F.count(F.when(matches, millionths)).alias(f"{kind}_count")


def client_sum_names() -> tuple[str, ...]:
    """Names of the columns of `client_sums`, which are additive."""
    return tuple(f"{kind}_{part}" for kind in CLIENT_KINDS for part in ("sum", "count"))


def observed_state() -> Iterator[Column]:
    """Aggregates client-days by endpoint and day: `STATE` and `mean_probability`.

    The rows have the columns of `client_sums`. `mean_probability` (0-1) is the mean over client-days, from 2xx and 304
    responses if there are any, otherwise from redirects, otherwise from all responses; NULL if nothing was scored.
    """
    for kind in KINDS:
        mean = client_mean(kind)
        yield F.count(mean).alias(f"{kind}_client_days")
        yield F.coalesce(F.sum(mean), F.lit(0)).alias(f"{kind}_sum")
        squares = F.sum(F.round(mean * mean / F.lit(MICRO * MICRO / NANO)).cast("bigint"))
        yield F.coalesce(squares, F.lit(0)).alias(f"{kind}_square_sum")
        yield F.min(mean).alias(f"{kind}_min")
        yield F.max(mean).alias(f"{kind}_max")
    means = (F.avg(client_mean(kind)) for kind in CLIENT_KINDS)
    yield (F.coalesce(*means) / MICRO).alias("mean_probability")


def merged_state() -> Iterator[Column]:
    """Aggregates slices by endpoint: `STATE` of all days."""
    for kind in KINDS:
        for name in ("client_days", "sum", "square_sum"):
            yield F.sum(f"{kind}_{name}").alias(f"{kind}_{name}")
        yield F.min(f"{kind}_min").alias(f"{kind}_min")
        yield F.max(f"{kind}_max").alias(f"{kind}_max")


def estimates() -> dict[str, Column]:
    """Returns the estimates from a merged state, by column.

    `probability`, `probability_min`, `_max` and `_deviation` (0-1) are NULL if nothing was scored; `client_days` is the
    number that they are based on. The deviation is the population's (divided by n).
    """
    days, total = _of_better_kind("client_days"), _of_better_kind("sum")
    low, high, n = _of_better_kind("min"), _of_better_kind("max"), F.nullif(days, F.lit(0))
    trimmed = (total - low - high) / F.nullif(days - 2, F.lit(0))
    variance = _of_better_kind("square_sum") / n / NANO - F.pow(total / n / MICRO, F.lit(2))
    return {
        "probability": F.when(days >= TRIMMED_FROM, trimmed).otherwise(total / n) / MICRO,
        "probability_min": low / MICRO,
        "probability_max": high / MICRO,
        "probability_deviation": F.when(days > 0, F.sqrt(F.greatest(variance, F.lit(0.0)))),
        "client_days": days,
    }


def client_mean(kind: str) -> Column:
    """Mean in whole millionths; NULL if the client got no response of that kind."""
    return F.round(F.col(f"{kind}_sum") / F.nullif(F.col(f"{kind}_count"), F.lit(0))).cast("bigint")


def _of_better_kind(name: str) -> Column:
    """Takes the state of redirects only where there is no other response."""
    return F.when(F.col("answered_client_days") > 0, F.col(f"answered_{name}")).otherwise(
        F.col(f"redirected_{name}")
    )


PRIOR_CLIENT_DAYS = 5
"""Client-days at the training share that a host starts with; values from 0.5 to 20 made no measurable difference."""
HOST_STATE = (StructField("host_client_days", LongType(), False), StructField("host_sum", LongType(), False))
"""Columns of endpoint_slices: client-days of the whole host on that day, and the sum of their mean probabilities (millionths)."""
HOST_KEY = ("variant", "host", "day")


def count_host_days(client_days: DataFrame) -> DataFrame:
    """Aggregates client-days by variant, host and day: `HOST_STATE`.

    The rows are those of `client_days.CLIENT_DAYS`. A client counts once a day.
    """
    by_client = client_days.groupBy(*HOST_KEY, "client").agg(
        *(F.sum(name).alias(name) for name in ("answered_sum", "answered_count"))
    )
    by_client = by_client.withColumn("mean", client_mean("answered"))
    return by_client.groupBy(*HOST_KEY).agg(
        F.count("mean").alias("host_client_days"), F.coalesce(F.sum("mean"), F.lit(0)).alias("host_sum")
    )


def merged_host_state() -> Iterator[Column]:
    """Aggregates slices by endpoint: its host on the days with the endpoint."""
    for field in HOST_STATE:
        yield F.sum(field.name).alias(field.name)


def host_adjustment(settings: EndpointSettings) -> Column:
    """Adjustment of an endpoint's log-odds for its host: 0 or less."""
    share, days = settings.training_share, F.lit(PRIOR_CLIENT_DAYS)
    host_share = (F.col("host_sum") / MICRO + days * share) / (F.col("host_client_days") + days)
    difference = _log_odds(host_share) - _log_odds(F.lit(share))
    return F.lit(settings.host_weight) * F.least(difference, F.lit(0.0))


def adjust_probability(probability: Column, by: Column) -> Column:
    """Adds `by` to the log-odds of a probability; 0 and 1 stay."""
    odds = probability * F.exp(by)
    return odds / (odds + (1 - probability))


def _log_odds(share: Column) -> Column:
    return F.ln(share / (1 - share))


def client_sample_names() -> tuple[str, ...]:
    """Names of the columns of `client_samples`."""
    return tuple(map(sample_name, KINDS))


def sample_name(kind: str) -> str:
    """Name of the column with the hash of one response of a kind."""
    return f"{kind}_sample"
