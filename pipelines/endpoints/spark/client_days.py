"""Client-days, the traffic of one client to one shape on one day.

Also the names of clients. The transactions that an endpoint is explained by are one of each of a few clients, those with the
smallest hashes of their ids. So they are the same in every rerun and in any order: minima are, and so are the smallest of
several minima.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.columns import (
    KINDS,
    client_sums,
    is_informative,
    is_not_error,
    is_redirection,
    sample_name,
    status_classes,
)
from pipelines.http.status import CLIENT_ERROR
from pipelines.selection.columns import CERTAIN, FAMILIES, LIKELY

SAMPLED = 3
"""Transactions per endpoint and day: three of different clients are rarely untypical in the same way."""


def client_samples() -> Iterator[Column]:
    """Aggregates by client and day: the hash of one response of each kind, or NULL."""
    for kind, matches in zip(KINDS, (is_informative(), is_redirection()), strict=True):
        yield F.min(F.when(matches, F.col("sample_hash"))).alias(sample_name(kind))


def day_samples() -> Column:
    """Aggregates client-days by endpoint and day: at most `SAMPLED` hashes.

    Redirects are sampled only if no client got a 2xx or 304 on that day.
    """
    smallest = [F.expr(f"min_by({sample_name(kind)}, {sample_name(kind)}, {SAMPLED})") for kind in KINDS]
    samples = (F.when(F.size(hashes) > 0, hashes) for hashes in smallest)
    return F.coalesce(*samples, F.array().cast("array<bigint>"))


def find_first_days(rows: DataFrame) -> DataFrame:
    """Turns rows of client_days of any days into rows of `CLIENTS`."""
    by_day = rows.groupBy("client", "day").agg(F.min("least_hash").alias("least_hash"))
    return merge_clients(by_day.withColumnRenamed("day", "first_day"))


def merge_clients(rows: DataFrame) -> DataFrame:
    """Merges rows of `CLIENTS` into one per client.

    The earliest day stays, and the smallest hash of that day.
    """
    first = F.min(F.struct("first_day", "least_hash")).alias("first")
    return rows.groupBy("client").agg(first).select("client", "first.first_day", "first.least_hash")


def find_renamed_clients(before: DataFrame, now: DataFrame) -> DataFrame:
    """Finds clients (`client`) whose name changed, from rows of `CLIENTS`."""
    names = before.select("client", F.col("least_hash").alias("before"))
    return now.join(names, "client").where(F.col("before") != F.col("least_hash")).select("client")


def name_clients(rows: DataFrame, clients: DataFrame) -> DataFrame:
    """Replaces the hash in `client` by the client's name, from rows of `CLIENTS`."""
    names = clients.select("client", client_name(F.col("least_hash")).alias("name"))
    return rows.join(names, "client").withColumn("client", F.col("name")).drop("name")


def select_by_name(clients: DataFrame, names: DataFrame) -> DataFrame:
    """Selects rows of `CLIENTS` whose name is a `client` of `names` (few)."""
    wanted = F.broadcast(names.select(F.col("client").alias("name")))
    return (
        clients.withColumn("name", client_name(F.col("least_hash")))
        .join(wanted, "name", "left_semi")
        .drop("name")
    )


def client_name(least_hash: Column) -> Column:
    """Name of a client: 16 hexadecimal digits."""
    return F.lpad(F.lower(F.hex(least_hash)), 16, "0")


SCHEMES = ("http", "https")
CLIENT_DAY_KEY = ("variant", "host", "method", "path_shape", "day", "client")
EXPECTED_CLIENT_ERRORS = (401, 403, 429)
"""Client errors that ordinary clients meet often: not logged in, not allowed, too many requests."""


def build_client_days(selected: DataFrame) -> DataFrame:
    """Aggregates rows of `select_requests` into `CLIENT_DAYS` without `inputs`.

    A host that has most of the traffic is spread over its clients. Preflights are counted separately: their status is removed, so
    that their responses count nowhere else. All sums and extremes have a fixed width, so that Spark aggregates them by hash.
    """
    is_counted = F.col("preflight") != CERTAIN
    rows = selected.withColumn("status", F.when(is_counted, F.col("status")))
    return rows.groupBy(*CLIENT_DAY_KEY).agg(
        F.count_if(is_counted).alias("requests"),
        *(F.count_if(condition).alias(name) for name, condition in status_classes().items()),
        F.count_if(is_not_error() & F.col("has_session")).alias("with_identifier"),
        *(F.count_if(is_not_error() & (F.col("media_family") == name)).alias(name) for name in FAMILIES),
        F.count_if(~is_counted).alias("preflights"),
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
    """Whether the response is a client error for something that does not exist.

    NULL if there is no status.
    """
    return F.col("status").between(*CLIENT_ERROR) & ~F.col("status").isin(*EXPECTED_CLIENT_ERRORS)


def count_client_requests(rows: DataFrame) -> DataFrame:
    """Counts requests (`n`) and guesses (`errors`) by `client`, from `CLIENT_DAYS`.

    Variant ml has all transactions and variant session a part of them, so the larger numbers of the two are used.
    """
    of_variant = rows.groupBy("client", "variant").agg(
        F.sum(F.col("requests") + F.col("preflights")).alias("n"), F.sum("guesses").alias("errors")
    )
    return of_variant.groupBy("client").agg(F.max("n").alias("n"), F.max("errors").alias("errors"))
