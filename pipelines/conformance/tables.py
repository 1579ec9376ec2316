"""Table violations: the findings of one input, counted; never a value."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.runtime.columns import struct_fields
from pipelines.runtime.tables import Table

PLACE = ("host", "method", "path_template", "location", "name")
FINDING_KEY = (*PLACE, "rule", "value_class", "severity")


VIOLATIONS = Table(
    name="violations",
    schema=StructType(
        [
            *struct_fields(StringType(), "batch", *FINDING_KEY),
            *struct_fields(DoubleType(), "confidence", nullable=True),
            *struct_fields(LongType(), "requests", "successes", "clients"),
            *struct_fields(TimestampType(), "first_seen", "last_seen"),
            StructField("transaction_ids", ArrayType(StringType()), False),
        ]
    ),
)
"""One row = a finding of one input. Replace per `batch`: the checksum of the input's files, or `WAREHOUSE_BATCH`.

`requests` counts the requests with the finding, `successes` those of them with a 2xx response; `confidence` is the one that the
document states for the rule (the smallest if several are stated). `location` is path, query, form or body, and empty if the
finding is about the request as a whole.
"""
WAREHOUSE_BATCH = "warehouse"
"""The `batch` of the warehouse's own transactions."""
