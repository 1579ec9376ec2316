"""How likely an endpoint is an API, as mergeable state, and what its host's traffic says of it."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StructField

from pipelines.runtime.settings_sections import EndpointSettings

# RFC 9110 s. 15: 1xx informational, 2xx successful, 3xx redirection, 4xx client error, 5xx server error
FIRST_SUCCESSFUL, LAST_SUCCESSFUL, LAST_REDIRECTION, LAST_CLIENT_ERROR = 200, 299, 399, 499
NOT_MODIFIED = (
    304  # answers a conditional GET in place of the 200 (RFC 9110 s. 15.4.5), so it redirects nobody
)
MICRO, NANO = 1e6, 1e9
TRIMMED_FROM = 3
"""Client-days from which the lowest and the highest are left out."""

KINDS = ("answered", "redirected")
CLIENT_KINDS = (*KINDS, "any")
STATE = tuple(
    StructField(f"{kind}_{name}", LongType(), name in ("min", "max"))
    for kind in KINDS
    for name in ("client_days", "sum", "square_sum", "min", "max")
)
"""Columns of endpoint_slices: means of client-days, by the kind of answer; `min` and `max` are NULL where there are none."""


def status_classes() -> dict[str, Column]:
    """Column of the slices → whether the answer is of that class. Each status is of exactly one."""
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
    """Whether the status is no error: a 2xx or 3xx."""
    return F.col("status").between(FIRST_SUCCESSFUL, LAST_REDIRECTION)


def is_redirection() -> Column:
    """Whether the status is a 3xx that points elsewhere."""
    return F.col("status").between(LAST_SUCCESSFUL + 1, LAST_REDIRECTION) & (F.col("status") != NOT_MODIFIED)


def is_informative() -> Column:
    """Whether the answer says what the endpoint is, unless it gives redirections only: a 2xx, or a 304 in its place."""
    return is_not_error() & ~is_redirection()


def client_sums() -> Iterator[Column]:
    """For the aggregation by client and day: sum (millionths) and number of probabilities, by kind and of all answers."""
    millionths = F.round(F.col("probability").cast("double") * MICRO).cast("bigint")
    for kind, told in zip(
        CLIENT_KINDS, (is_informative(), is_redirection(), F.col("status").isNotNull()), strict=True
    ):
        yield F.sum(F.when(told, millionths)).alias(f"{kind}_sum")
        yield F.count(F.when(told, millionths)).alias(f"{kind}_count")


def client_sum_names() -> tuple[str, ...]:
    """The columns of `client_sums`, additive."""
    return tuple(f"{kind}_{part}" for kind in CLIENT_KINDS for part in ("sum", "count"))


def observed_state() -> Iterator[Column]:
    """For the aggregation of client-days (rows of `client_sums`) by endpoint and day: `STATE` and `hope`.

    `hope` is the mean probability of client-days (0-1): of telling answers, where there are none of all; NULL where
    nothing was scored.
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
    yield (F.coalesce(*means) / MICRO).alias("hope")


def merged_state() -> Iterator[Column]:
    """For the aggregation of slices by endpoint: `STATE` of all days."""
    for kind in KINDS:
        for name in ("client_days", "sum", "square_sum"):
            yield F.sum(f"{kind}_{name}").alias(f"{kind}_{name}")
        yield F.min(f"{kind}_min").alias(f"{kind}_min")
        yield F.max(f"{kind}_max").alias(f"{kind}_max")


def estimates() -> dict[str, Column]:
    """Of a merged state: `probability`, `probability_min`, `_max`, `_deviation` (0-1) and `client_days` they rest on.

    All but `client_days` are NULL where nothing was scored. The deviation is the population's (divided by n).
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
    """Millionths, whole; NULL where the client got no such answer."""
    return F.round(F.col(f"{kind}_sum") / F.nullif(F.col(f"{kind}_count"), F.lit(0))).cast("bigint")


def _of_better_kind(name: str) -> Column:
    """Redirections speak only where nothing was answered."""
    return F.when(F.col("answered_client_days") > 0, F.col(f"answered_{name}")).otherwise(
        F.col(f"redirected_{name}")
    )


PRIOR_CLIENT_DAYS = 5
"""Client-days at the training share that a host begins with; 0.5 to 20 made no difference where it was measured."""
HOST_STATE = (StructField("host_client_days", LongType(), False), StructField("host_sum", LongType(), False))
"""Columns of endpoint_slices: client-days of the whole host on that day, and the sum of their mean probabilities (millionths)."""
HOST_KEY = ("variant", "host", "day")


def count_host_days(client_days: DataFrame) -> DataFrame:
    """Rows of `client_days.client_days` → one row a variant, host and day with `HOST_STATE`. A client counts once a day."""
    by_client = client_days.groupBy(*HOST_KEY, "client").agg(
        *(F.sum(name).alias(name) for name in ("answered_sum", "answered_count"))
    )
    by_client = by_client.withColumn("mean", client_mean("answered"))
    return by_client.groupBy(*HOST_KEY).agg(
        F.count("mean").alias("host_client_days"), F.coalesce(F.sum("mean"), F.lit(0)).alias("host_sum")
    )


def merged_host_state() -> Iterator[Column]:
    """For the aggregation of slices by endpoint: the host on the days on which the endpoint was seen."""
    for field in HOST_STATE:
        yield F.sum(field.name).alias(field.name)


def host_adjustment(settings: EndpointSettings) -> Column:
    """What the host takes off an endpoint's log-odds: 0 or less."""
    share, days = settings.training_share, F.lit(PRIOR_CLIENT_DAYS)
    host_share = (F.col("host_sum") / MICRO + days * share) / (F.col("host_client_days") + days)
    moved = _log_odds(host_share) - _log_odds(F.lit(share))
    return F.lit(settings.host_weight) * F.least(moved, F.lit(0.0))


def adjust_probability(probability: Column, by: Column) -> Column:
    """The probability with `by` added to its log-odds; 0 and 1 stay."""
    odds = probability * F.exp(by)
    return odds / (odds + (1 - probability))


def _log_odds(share: Column) -> Column:
    return F.ln(share / (1 - share))
