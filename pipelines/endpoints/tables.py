"""Table endpoint_slices: mergeable state of an endpoint on one day in one variant."""

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
"""RFC 9110 s. 15: 1xx, 2xx, the 3xx that redirect, 304, 4xx, 5xx. They add up to `requests`."""
COUNTS = ("requests", *STATUS_CLASSES, "with_identifier", *FAMILIES)
"""Additive, without preflights. Of the responses that are not errors (2xx, 3xx): `with_identifier` counts those to requests
that carry the session identifier of the host, and the media families those with that content type.
"""
SUMS = (*COUNTS, "preflights", "bare_options", "over_http", "over_https")
"""All additive columns: `preflights` are counted nowhere else; `bare_options` may be preflights (`selection.columns.LIKELY`)
and are included in `requests`; `over_http` and `over_https` count 2xx and 304 responses by scheme, where the log has it.
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
"""`inputs` are those of the client-days that a day's slices were made from. `content` is a hash of the client-days of both
variants that have the slice's template: the same day, inputs and content mean the same transactions."""


def responses_without_error() -> Column:
    """Number of responses that are not errors (2xx, 3xx), from counts of slices."""
    return F.col("successful") + F.col("redirects") + F.col("not_modified")
