"""Table violations: what requests broke, or what no document knows, summed up. Never a value."""

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

`requests` had it, `successes` of them were answered with 2xx; `confidence` is what the document says of the rule (the least where
several say something). `location` is path, query, form or body, empty where it is about the whole request.
"""
WAREHOUSE_BATCH = "warehouse"
"""Batch of the transactions that the warehouse holds."""
