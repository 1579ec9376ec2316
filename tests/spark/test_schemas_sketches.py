"""Sketches of many texts at once equal those that Spark makes text by text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.columns import estimate_distinct
from pipelines.schemas.statistics.sketches import build_sketches, compute_coupons

LISTED, SET, REGISTERS = (1, 7), (8, 24, 96), (97, 700, 9000)
"""Numbers of texts at the limits of the three forms of a sketch with 2^10 registers."""


def texts(count: int) -> list[str]:
    """Creates texts of many lengths, some beyond a block of the hash or beyond ASCII.

    Sketches leave out the empty one.
    """
    return ["", *(f"{'é' * (place % 23)}{place * 7919}{'x' * (place % 5)}" for place in range(count))]


@pytest.mark.parametrize("log2", [10, 12])
def test_sketches_are_those_of_spark(spark: SparkSession, log2: int) -> None:
    groups = [texts(count) for count in (0, *LISTED, *SET, *REGISTERS)]
    codes = np.repeat(np.arange(len(groups)), [len(one) for one in groups])
    ours = build_sketches(
        codes, compute_coupons(pa.array([text for one in groups for text in one])), len(groups), log2
    )
    rows = [(place, text) for place, one in enumerate(groups) for text in one]
    of_spark = (
        spark.createDataFrame(rows, "place int, text string")
        .groupBy("place")
        .agg(F.hll_sketch_agg("text", F.lit(log2)).alias("theirs"))
    )
    made = spark.createDataFrame(
        [(place, bytearray(one)) for place, one in enumerate(ours)], "place int, ours binary"
    )
    both = made.join(of_spark, "place").select(
        "place",
        estimate_distinct("ours").alias("ours"),
        estimate_distinct("theirs").alias("theirs"),
        estimate_distinct(F.hll_union("ours", "theirs")).alias("union"),
    )
    found = both.orderBy("place").collect()
    assert len(found) == len(groups)
    for row in found:
        assert row["ours"] == row["theirs"] == row["union"], row
    assert [row["ours"] for row in found[:6]] == [0, 1, 7, 8, 24, 96]
