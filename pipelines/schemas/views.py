"""Ways to look at the evidence of a window: all of it, and twice in two parts, of which one tests what the other taught."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.view import View

LATE_HOUR = 18
"""Of a window of one day the last quarter (UTC) is its newest slice; of a longer one the last day is."""
HELD_ONE_IN = 8
"""Clients left out of what the others teach: enough to test with, few enough to leave most of the evidence."""


def is_late(time: Column) -> Column:
    """Whether a timestamp is in the last quarter of its day."""
    return F.hour(time) >= LATE_HOUR


def is_held(client: Column) -> Column:
    """Whether a client is among those left out; the same ones every day."""
    return F.pmod(F.xxhash64(client), F.lit(HELD_ONE_IN)) == 0


def views(parameter_slices: DataFrame) -> DataFrame:
    """Slices of any days → each of them once in every view that it belongs to, with column `view`."""
    endpoint = Window.partitionBy(*ENDPOINT_KEY)
    first, last = F.min("day").over(endpoint), F.max("day").over(endpoint)
    newest = F.when(last > first, F.col("day") == last).otherwise(F.col("is_late"))
    seen_in = F.array(
        F.lit(View.WHOLE.value),
        F.when(newest, F.lit(View.NEWEST.value)).otherwise(F.lit(View.PAST.value)),
        F.when(F.col("is_held"), F.lit(View.HELD.value)).otherwise(F.lit(View.TAUGHT.value)),
    )
    return parameter_slices.withColumn("seen_in", seen_in).withColumn("view", F.explode("seen_in"))
