"""Clients named by a transaction: the stored hash depends on the warehouse's key, and what is learned must not.

A client's name is the smallest hash of the ids of its transactions on the first day on which it was seen. Later traffic does not
change it. It says nothing of the client that the tables do not say already, unlike a hash of its address without a key.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, LongType, StringType, StructField, StructType

from pipelines.tables import Table

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


def first_seen(client_days: DataFrame) -> DataFrame:
    """Rows of client_days of any days → rows of `CLIENTS`."""
    by_day = client_days.groupBy("client", "day").agg(F.min("least_hash").alias("least_hash"))
    return merged(by_day.withColumnRenamed("day", "first_day"))


def merged(rows: DataFrame) -> DataFrame:
    """Rows of `CLIENTS`, several a client → one a client: the earliest day, of that day the smallest hash."""
    first = F.min(F.struct("first_day", "least_hash")).alias("first")
    return rows.groupBy("client").agg(first).select("client", "first.first_day", "first.least_hash")


def renamed(known: DataFrame, now: DataFrame) -> DataFrame:
    """Rows of `CLIENTS` before and now → `client` of those that were known and have another name now."""
    before = known.select("client", F.col("least_hash").alias("before"))
    return now.join(before, "client").where(F.col("before") != F.col("least_hash")).select("client")


def named(rows: DataFrame, clients: DataFrame) -> DataFrame:
    """Rows with `client` and rows of `CLIENTS` → the rows with the client's name in place of its hash."""
    names = clients.select("client", name(F.col("least_hash")).alias("name"))
    return rows.join(names, "client").withColumn("client", F.col("name")).drop("name")


def of_names(clients: DataFrame, names: DataFrame) -> DataFrame:
    """Rows of `CLIENTS` whose name is a `client` of `names` (few)."""
    wanted = F.broadcast(names.select(F.col("client").alias("name")))
    return (
        clients.withColumn("name", name(F.col("least_hash"))).join(wanted, "name", "left_semi").drop("name")
    )


def name(least_hash: Column) -> Column:
    """The name of a client: 16 hexadecimal digits."""
    return F.lpad(F.lower(F.hex(least_hash)), 16, "0")
