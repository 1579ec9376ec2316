"""Table endpoint_slices: mergeable traffic state of an endpoint on one day, under one variant."""

from __future__ import annotations

from pyspark.sql.types import (
    BinaryType,
    DateType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.tables import Table

ENDPOINT_KEY = ("variant", "host", "method", "path_template")

ENDPOINT_SLICES = Table(
    name="endpoint_slices",
    schema=StructType(
        [
            *(StructField(name, StringType(), False) for name in ENDPOINT_KEY),
            StructField("day", DateType(), False),
            *(
                StructField(name, LongType(), False)
                for name in ("requests", "successes", "client_errors", "server_errors")
            ),
            StructField("client_sketch", BinaryType(), False),
            StructField("scored", LongType(), False),
            StructField("probability_sum", DoubleType()),
            StructField("probability_min", DoubleType()),
            StructField("probability_max", DoubleType()),
            StructField("first_seen", TimestampType(), False),
            StructField("last_seen", TimestampType(), False),
        ]
    ),
    partition=("day",),
)
