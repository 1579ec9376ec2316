"""Table endpoint_slices: mergeable traffic state of an endpoint on one day, under one variant."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
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

from pipelines.endpoints.columns import HOST_STATE, STATE
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.runtime.tables import Table
from pipelines.selection.columns import FAMILIES

STATUS_CLASSES = (
    "informational", "successful", "redirects", "not_modified", "client_errors", "server_errors",
)  # fmt: skip
"""RFC 9110 s. 15: 1xx, 2xx, the 3xx that point elsewhere, 304, 4xx, 5xx. They add up to `requests`."""
COUNTS = ("requests", *STATUS_CLASSES, "with_identifier", *FAMILIES)
"""Additive, without preflights. Of what was answered (2xx, 3xx), `with_identifier` carries the host's session identifier, and
the families of media are those of the answer.
"""
SUMS = (*COUNTS, "preflights", "bare_options", "over_http", "over_https")
"""All that is additive: `preflights` are counted nowhere else; `bare_options` may be some (`selection.preflight.LIKELY`) and are
in `requests`; what was answered (2xx, 304) over which scheme, where the log tells.
"""

ENDPOINT_SLICES = Table(
    name="endpoint_slices",
    schema=StructType(
        [
            *(StructField(name, StringType(), False) for name in ENDPOINT_KEY),
            StructField("day", DateType(), False),
            *(StructField(name, LongType(), False) for name in SUMS),
            StructField("client_sketch", BinaryType(), False),
            *STATE,
            *HOST_STATE,
            StructField("sample_hashes", ArrayType(LongType()), False),
            StructField("first_seen", TimestampType(), False),
            StructField("last_seen", TimestampType(), False),
            StructField("content", LongType(), False),
            StructField("inputs", StringType(), False),
        ]
    ),
    partition=("variant", "day", "inputs"),
)
"""`inputs` are those of the client-days that a day's slices were made from; of these `content` stands for the client-days of both
variants that have the slice's template: the same days, the same inputs and the same content, the same transactions."""


def responses_without_error() -> Column:
    """Number of answers that are no error (2xx, 3xx), of the counts of slices or endpoints."""
    return F.col("successful") + F.col("redirects") + F.col("not_modified")
