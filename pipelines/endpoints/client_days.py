"""Table client_days: what each client asked of each path on a day, with what discovery decided about it.

The one pass over the traffic writes it; templates, endpoints and clients' names are worked out from it, so that a rule that
changes costs no second look at the traffic.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, LongType, StringType, StructField, StructType, TimestampType

from pipelines.endpoints.evidence import client_sum_names, client_sums, is_answered, status_classes, tells
from pipelines.endpoints.samples import client_sample_names, client_samples
from pipelines.endpoints.table import SUMS
from pipelines.selection.answers import FAMILIES
from pipelines.selection.preflight import LIKELY, TOLD
from pipelines.tables import Table

SCHEMES = ("http", "https")
CLIENT_DAY_KEY = ("variant", "host", "method", "path_shape", "day", "client")
NOT_THEIR_FAULT = (401, 403, 429)
"""Client errors that honest clients meet by the dozen: not logged in, not allowed, too many requests."""

CLIENT_DAYS = Table(
    name="client_days",
    schema=StructType(
        [
            *(StructField(name, StringType(), False) for name in ("variant", "host", "method", "path_shape")),
            StructField("day", DateType(), False),
            StructField("client", StringType(), False),
            *(StructField(name, LongType(), False) for name in (*SUMS, "guesses")),
            *(StructField(name, LongType(), True) for name in (*client_sample_names(), *client_sum_names())),
            StructField("least_hash", LongType(), False),
            StructField("first_seen", TimestampType(), False),
            StructField("last_seen", TimestampType(), False),
            StructField("inputs", StringType(), False),
        ]
    ),
    partition=("variant", "day", "inputs"),
)
"""`guesses` are client errors of who tries what is not there; `least_hash` is the smallest hash of a transaction's id.

`inputs` names what a day's rows were made from (`days.Wanted`): files, model and settings."""


def client_days(selected: DataFrame) -> DataFrame:
    """Rows of `selected` → rows of `CLIENT_DAYS` without `inputs`.

    A host that has most of the traffic is spread over its clients. Preflights are counted apart: without a status their
    answers count nowhere else. All sums and extremes are of fixed width, so that Spark aggregates them by hash.
    """
    asked = F.col("preflight") != TOLD
    rows = selected.withColumn("status", F.when(asked, F.col("status")))
    return rows.groupBy(*CLIENT_DAY_KEY).agg(
        F.count_if(asked).alias("requests"),
        *(F.count_if(found).alias(name) for name, found in status_classes().items()),
        F.count_if(is_answered() & F.col("has_session")).alias("with_identifier"),
        *(F.count_if(is_answered() & (F.col("media_family") == name)).alias(name) for name in FAMILIES),
        F.count_if(~asked).alias("preflights"),
        F.count_if(F.col("preflight") == LIKELY).alias("bare_options"),
        *(F.count_if(tells() & (F.col("scheme") == name)).alias(f"over_{name}") for name in SCHEMES),
        F.count_if(is_guess()).alias("guesses"),
        F.min("time").alias("first_seen"),
        F.max("time").alias("last_seen"),
        F.min("sample_hash").alias("least_hash"),
        *client_samples(),
        *client_sums(),
    )


def is_guess() -> Column:
    """Whether the answer is a client error of who tries what is not there. NULL where there is no status."""
    return F.col("status").between(400, 499) & ~F.col("status").isin(*NOT_THEIR_FAULT)


def answers(client_days: DataFrame) -> DataFrame:
    """Rows of `CLIENT_DAYS` → `client, n, errors`: how much each client asked, and how often for what is not there.

    Variant ml has all transactions and variant session a part of them, so of the variants the larger numbers count.
    """
    of_variant = client_days.groupBy("client", "variant").agg(
        F.sum(F.col("requests") + F.col("preflights")).alias("n"), F.sum("guesses").alias("errors")
    )
    return of_variant.groupBy("client").agg(F.max("n").alias("n"), F.max("errors").alias("errors"))
