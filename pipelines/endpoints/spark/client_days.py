"""Which transactions speak for an endpoint: one of each of a few clients, those of the smallest hashes of their ids.

The same in every rerun and whatever the order: a minimum is, and so are the smallest of several minima.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, LongType, StringType, StructField, StructType, TimestampType

from pipelines.endpoints.columns import (
    KINDS,
    client_sum_names,
    client_sums,
    is_informative,
    is_not_error,
    is_redirection,
    status_classes,
)
from pipelines.endpoints.tables import SUMS
from pipelines.runtime.tables import Table
from pipelines.selection.columns import CERTAIN, FAMILIES, LIKELY

SAMPLED = 3
"""Transactions of an endpoint and day: three of different clients rarely share an accident."""


def client_samples() -> Iterator[Column]:
    """For the aggregation by client and day: the hash of one answer of each kind, NULL where there is none."""
    for kind, told in zip(KINDS, (is_informative(), is_redirection()), strict=True):
        yield F.min(F.when(told, F.col("sample_hash"))).alias(_sample(kind))


def client_sample_names() -> tuple[str, ...]:
    """The columns of `client_samples`."""
    return tuple(map(_sample, KINDS))


def day_samples() -> Column:
    """For the aggregation of client-days by endpoint and day: at most `SAMPLED` hashes.

    Those of redirections only where no client got an answer on that day.
    """
    smallest = [F.expr(f"min_by({_sample(kind)}, {_sample(kind)}, {SAMPLED})") for kind in KINDS]
    found = (F.when(F.size(hashes) > 0, hashes) for hashes in smallest)
    return F.coalesce(*found, F.array().cast("array<bigint>"))


def _sample(kind: str) -> str:
    return f"{kind}_sample"


CLIENTS = Table(
    name="clients",
    schema=StructType(
        [
            StructField("client", StringType(), False),
            StructField("first_day", DateType(), False),
            StructField("least_hash", LongType(), False),
        ]
    ),
)
"""One row a client: the keyed hash as in `transactions`, and what its name is made of."""


def find_first_days(rows: DataFrame) -> DataFrame:
    """Rows of client_days of any days → rows of `CLIENTS`."""
    by_day = rows.groupBy("client", "day").agg(F.min("least_hash").alias("least_hash"))
    return merge_clients(by_day.withColumnRenamed("day", "first_day"))


def merge_clients(rows: DataFrame) -> DataFrame:
    """Rows of `CLIENTS`, several a client → one a client: the earliest day, of that day the smallest hash."""
    first = F.min(F.struct("first_day", "least_hash")).alias("first")
    return rows.groupBy("client").agg(first).select("client", "first.first_day", "first.least_hash")


def find_renamed_clients(known: DataFrame, now: DataFrame) -> DataFrame:
    """Rows of `CLIENTS` before and now → `client` of those that were known and have another name now."""
    before = known.select("client", F.col("least_hash").alias("before"))
    return now.join(before, "client").where(F.col("before") != F.col("least_hash")).select("client")


def name_clients(rows: DataFrame, clients: DataFrame) -> DataFrame:
    """Rows with `client` and rows of `CLIENTS` → the rows with the client's name in place of its hash."""
    names = clients.select("client", client_name(F.col("least_hash")).alias("name"))
    return rows.join(names, "client").withColumn("client", F.col("name")).drop("name")


def select_by_name(clients: DataFrame, names: DataFrame) -> DataFrame:
    """Rows of `CLIENTS` whose name is a `client` of `names` (few)."""
    wanted = F.broadcast(names.select(F.col("client").alias("name")))
    return (
        clients.withColumn("name", client_name(F.col("least_hash")))
        .join(wanted, "name", "left_semi")
        .drop("name")
    )


def client_name(least_hash: Column) -> Column:
    """The name of a client: 16 hexadecimal digits."""
    return F.lpad(F.lower(F.hex(least_hash)), 16, "0")


SCHEMES = ("http", "https")
CLIENT_DAY_KEY = ("variant", "host", "method", "path_shape", "day", "client")
EXPECTED_CLIENT_ERRORS = (401, 403, 429)
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


def build_client_days(selected: DataFrame) -> DataFrame:
    """Rows of `selected` → rows of `CLIENT_DAYS` without `inputs`.

    A host that has most of the traffic is spread over its clients. Preflights are counted apart: without a status their
    answers count nowhere else. All sums and extremes are of fixed width, so that Spark aggregates them by hash.
    """
    asked = F.col("preflight") != CERTAIN
    rows = selected.withColumn("status", F.when(asked, F.col("status")))
    return rows.groupBy(*CLIENT_DAY_KEY).agg(
        F.count_if(asked).alias("requests"),
        *(F.count_if(found).alias(name) for name, found in status_classes().items()),
        F.count_if(is_not_error() & F.col("has_session")).alias("with_identifier"),
        *(F.count_if(is_not_error() & (F.col("media_family") == name)).alias(name) for name in FAMILIES),
        F.count_if(~asked).alias("preflights"),
        F.count_if(F.col("preflight") == LIKELY).alias("bare_options"),
        *(F.count_if(is_informative() & (F.col("scheme") == name)).alias(f"over_{name}") for name in SCHEMES),
        F.count_if(is_guess()).alias("guesses"),
        F.min("time").alias("first_seen"),
        F.max("time").alias("last_seen"),
        F.min("sample_hash").alias("least_hash"),
        *client_samples(),
        *client_sums(),
    )


def is_guess() -> Column:
    """Whether the answer is a client error of who tries what is not there. NULL where there is no status."""
    return F.col("status").between(400, 499) & ~F.col("status").isin(*EXPECTED_CLIENT_ERRORS)


def count_client_requests(rows: DataFrame) -> DataFrame:
    """Rows of `CLIENT_DAYS` → `client, n, errors`: how much each client asked, and how often for what is not there.

    Variant ml has all transactions and variant session a part of them, so of the variants the larger numbers count.
    """
    of_variant = rows.groupBy("client", "variant").agg(
        F.sum(F.col("requests") + F.col("preflights")).alias("n"), F.sum("guesses").alias("errors")
    )
    return of_variant.groupBy("client").agg(F.max("n").alias("n"), F.max("errors").alias("errors"))
