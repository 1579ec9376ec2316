"""How much of a host's traffic looks like an API, and what that says of one endpoint.

The classifier sees one transaction. On a host whose clients hardly ever ask for an API, something that looks a little
like one is rarely one: the probability is moved to the host's base rate (Saerens, Latinne and Decaestecker, "Adjusting
the outputs of a classifier to new a priori probabilities", Neural Computation 14, 2002):
odds' = odds * (host odds / training odds) ^ weight, and only downwards.

Measured on 1,400 simulated hosts that the model had not seen (groups of host and kind, costs of the defaults): weight 0
costs 282, 0.25 232, 0.5 222, 0.75 224, 1 236; moving upwards too 254 to 410, as an odd page on a host full of API calls
is still a page. Less than 1, because answers of one host make the same mistakes together.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StructField

from pipelines.endpoints.evidence import MICRO, client_mean
from pipelines.sections import EndpointSettings

PRIOR_CLIENT_DAYS = 5
"""Client-days at the training share that a host begins with; 0.5 to 20 made no difference where it was measured."""
HOST_STATE = (StructField("host_client_days", LongType(), False), StructField("host_sum", LongType(), False))
"""Columns of endpoint_slices: client-days of the whole host on that day, and the sum of their mean probabilities (millionths)."""
HOST_KEY = ("variant", "host", "day")


def host_days(client_days: DataFrame) -> DataFrame:
    """Rows of `build.client_days` → one row a variant, host and day with `HOST_STATE`. A client counts once a day."""
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


def adjustment(settings: EndpointSettings) -> Column:
    """What the host takes off an endpoint's log-odds: 0 or less."""
    share, days = settings.training_share, F.lit(PRIOR_CLIENT_DAYS)
    host_share = (F.col("host_sum") / MICRO + days * share) / (F.col("host_client_days") + days)
    moved = _log_odds(host_share) - _log_odds(F.lit(share))
    return F.lit(settings.host_weight) * F.least(moved, F.lit(0.0))


def adjusted(probability: Column, by: Column) -> Column:
    """The probability with `by` added to its log-odds; 0 and 1 stay."""
    odds = probability * F.exp(by)
    return odds / (odds + (1 - probability))


def _log_odds(share: Column) -> Column:
    return F.ln(share / (1 - share))
