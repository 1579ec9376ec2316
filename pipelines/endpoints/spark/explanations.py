"""Reasons why endpoints look like APIs, from a few of their transactions.

Reasons are summed per day and merged like any other state. Explaining costs a hundred times as much as scoring, so
an endpoint is explained from `client_days.SAMPLED` transactions a day. Contributions are whole millionths of log-odds, so
days merge in any order to the same bits.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DoubleType,
    StringType,
    StructField,
    StructType,
)

from pipelines.endpoints.columns import MICRO
from pipelines.endpoints.keys import CELL_KEY, ENDPOINT_KEY, REASONS_KEY

CELL = (*CELL_KEY[1:], "content")
"""Key of a row of reasons; `content` is a hash of the samples, the model and all other inputs of the day."""
HOST_REASON = "against: clients of the host get little that looks like an API"
REASON = StructType(
    [StructField("text", StringType(), False), StructField("contribution", DoubleType(), False)]
)
"""`text` begins with "for" or "against"; `contribution` is to the log-odds, a mean over the explained transactions."""


def select_samples(endpoint_slices: DataFrame, endpoints: DataFrame) -> DataFrame:
    """Selects the samples of endpoints of variant ml: `CELL, sample_hashes` per day."""
    ours = endpoint_slices.where(F.col("variant") == "ml").join(
        endpoints.where(F.col("variant") == "ml").select(*REASONS_KEY), list(REASONS_KEY), "left_semi"
    )
    content = F.xxhash64("inputs", F.array_sort("sample_hashes")).alias("content")
    return ours.where(F.size("sample_hashes") > 0).select(*REASONS_KEY, "day", content, "sample_hashes")


def select_transactions(transactions: DataFrame, chosen: DataFrame) -> DataFrame:
    """Selects the transactions of samples, with `path_template` and `content`.

    A transaction that was logged twice comes twice.

    Args:
        transactions: Transactions with `sample_hash`.
        chosen: Rows of `select_samples`.
    """
    wanted = chosen.select(*CELL, F.explode("sample_hashes").alias("sample_hash"))
    return transactions.join(wanted, ["host", "method", "day", "sample_hash"])


def sum_reasons(reasoned: DataFrame) -> DataFrame:
    """Sums the reasons of transactions: rows of endpoint_reasons.

    Args:
        reasoned: `CELL` and `reasons` (array of structs with text and contribution), one row per transaction.
    """
    millionths = F.round(F.col("reason.contribution").cast("double") * MICRO).cast("bigint")
    by_text = (  # one pass: explaining is expensive, and a second reader would repeat it
        reasoned.select(*CELL, F.posexplode("reasons").alias("position", "reason"))
        .groupBy(*CELL, F.col("reason.text").alias("text"))
        .agg(F.sum(millionths).alias("sum"), F.count_if(F.col("position") == 0).alias("transactions"))
    )
    return by_text.groupBy(*CELL).agg(
        F.sum("transactions").alias("explained"),
        F.sort_array(F.collect_list(F.struct("text", "sum"))).alias("sums"),
    )


def with_reasons(endpoints: DataFrame, endpoint_reasons: DataFrame, most: int) -> DataFrame:
    """Adds `reasons` (array of REASON) to endpoints.

    These are the `most` strongest over all days and the host's, in descending order; empty for variant session and for
    endpoints that were not listed when `discover` ran.

    Args:
        endpoints: Rows of `inventory.estimate_endpoints`.
        endpoint_reasons: Rows of endpoint_reasons of any days.
        most: Number of reasons per endpoint.
    """
    total = endpoint_reasons.groupBy(*REASONS_KEY).agg(F.sum("explained").alias("explained"))
    by_text = (
        endpoint_reasons.select(*REASONS_KEY, F.explode("sums").alias("each"))
        .groupBy(*REASONS_KEY, F.col("each.text").alias("text"))
        .agg(F.sum("each.sum").alias("sum"))
    )
    means = by_text.join(total, list(REASONS_KEY)).withColumn(
        "mean", F.col("sum") / F.col("explained") / MICRO
    )
    own = means.groupBy(*REASONS_KEY).agg(F.collect_list(_ranked(F.col("text"), F.col("mean"))).alias("own"))
    joined = endpoints.join(own.withColumn("variant", F.lit("ml")), list(ENDPOINT_KEY), "left")
    of_host = _ranked(F.lit(HOST_REASON), F.col("host_adjustment"))
    every = F.when(F.col("host_adjustment") < 0, F.array_append("own", of_host)).otherwise(F.col("own"))
    strongest = F.transform(
        F.slice(F.sort_array(every), 1, most), lambda each: F.struct(each["text"], each["contribution"])
    )
    none = F.array().cast(ArrayType(REASON, containsNull=False))
    return joined.withColumn("reasons", F.coalesce(strongest, none)).drop("own")


def _ranked(text: Column, contribution: Column) -> Column:
    return F.struct(
        (-F.abs(contribution)).alias("order"), text.alias("text"), contribution.alias("contribution")
    )
