"""Clients named by their first transaction: the stored hash depends on the warehouse's key, and what is learned must not."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

FIRST = "first_transaction"


def first_transactions(transactions: DataFrame, *counts: Column) -> DataFrame:
    """All transactions → `client, first_transaction`: the id of each client's earliest one, which later traffic does not change.

    With `counts` of each client's transactions beside it. Such a name says nothing of the client that the tables do not say
    already, unlike a hash of its address without a key.
    """
    earliest = F.min_by("transaction_id", F.struct("time", "transaction_id"))
    return transactions.groupBy("client").agg(earliest.alias(FIRST), *counts)


def named_by_first(rows: DataFrame, firsts: DataFrame) -> DataFrame:
    """Rows with `client` → the same with the first transaction's id in place of the hash."""
    return rows.join(firsts, "client").withColumn("client", F.col(FIRST)).drop(FIRST)
