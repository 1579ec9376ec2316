"""Table endpoint_slices: mergeable traffic state of an endpoint on one day, under one variant."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DateType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.endpoints.evidence import STATE
from pipelines.endpoints.host_prior import HOST_STATE
from pipelines.selection.answers import FAMILIES
from pipelines.tables import Table

ENDPOINT_KEY = ("variant", "host", "method", "path_template")
COUNTS = (
    "requests", "successes", "redirections", "client_errors", "server_errors", "with_identifier", *FAMILIES,
)  # fmt: skip
"""Additive. Successes are 2xx and 3xx; `redirections` are those that point elsewhere, `with_identifier` those that carry
the host's session identifier, and the families of media those whose answer is of that family.
"""

ENDPOINT_SLICES = Table(
    name="endpoint_slices",
    schema=StructType(
        [
            *(StructField(name, StringType(), False) for name in ENDPOINT_KEY),
            StructField("day", DateType(), False),
            *(StructField(name, LongType(), False) for name in COUNTS),
            StructField("client_sketch", BinaryType(), False),
            *STATE,
            *HOST_STATE,
            StructField("sample_hashes", ArrayType(LongType()), False),
            StructField("first_seen", TimestampType(), False),
            StructField("last_seen", TimestampType(), False),
        ]
    ),
    partition=("day",),
)
