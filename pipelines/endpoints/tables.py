"""Tables of the endpoint stage: client-days, slices, reasons, comparisons."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.endpoints.columns import HOST_STATE, STATE, client_sample_names, client_sum_names
from pipelines.endpoints.keys import ENDPOINT_KEY, REASONS_KEY
from pipelines.runtime.columns import struct_fields
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
            *struct_fields(StringType(), *ENDPOINT_KEY),
            StructField("day", DateType(), False),
            *struct_fields(LongType(), *SUMS),
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

CLIENTS = Table(
    name="clients",
    schema=StructType(
        [
            StructField("client", StringType(), False),
            StructField("first_day", DateType(), False),
            StructField("least_hash", LongType(), False),
        ]
    ),
)
"""One row per client: the keyed hash as in `transactions`, and the day and hash that its name is made from."""
CLIENT_DAYS = Table(
    name="client_days",
    schema=StructType(
        [
            *struct_fields(StringType(), "variant", "host", "method", "path_shape"),
            StructField("day", DateType(), False),
            StructField("client", StringType(), False),
            *struct_fields(LongType(), *SUMS, "guesses"),
            *struct_fields(LongType(), *client_sample_names(), *client_sum_names(), nullable=True),
            StructField("least_hash", LongType(), False),
            StructField("first_seen", TimestampType(), False),
            StructField("last_seen", TimestampType(), False),
            StructField("inputs", StringType(), False),
        ]
    ),
    partition=("variant", "day", "inputs"),
)
"""`guesses` counts client errors of requests for things that do not exist; `least_hash` is the smallest hash of a
transaction's id.

`inputs` identifies the inputs of a day's rows: files, model and settings (`pipelines.workflows.days.digest_wanted_inputs`)."""
COMPARISON_ENDPOINTS = Table(
    name="comparison_endpoints",
    schema=StructType(
        [
            *struct_fields(StringType(), "host", "method", "path_template"),
            StructField("only_in", StringType(), False),
            StructField("reason", StringType(), False),
            StructField("probability", DoubleType()),
            *struct_fields(LongType(), *COUNTS),
        ]
    ),
)
"""`probability` is the classifier's, even if it is too low; NULL: no slice was kept, or ml was not run."""
AGREEMENT_COUNTS = ("ml", "session", "both", "only_ml", "only_session", "neither")
COMPARISONS = Table(
    name="comparisons",
    schema=StructType(
        [
            StructField("host", StringType(), False),
            StructField("covered", BooleanType(), False),
            *struct_fields(LongType(), *AGREEMENT_COUNTS),
            StructField("bucket", StringType(), False),
        ]
    ),
)
# nullable, because Delta does not enforce NOT NULL inside arrays
SUM = StructType([StructField("text", StringType()), StructField("sum", LongType())])
ENDPOINT_REASONS = Table(
    name="endpoint_reasons",
    schema=StructType(
        [
            *struct_fields(StringType(), *REASONS_KEY),
            StructField("day", DateType(), False),
            StructField("content", LongType(), False),
            StructField("explained", LongType(), False),
            StructField("sums", ArrayType(SUM), False),
        ]
    ),
    partition=("day",),
)
"""`explained` transactions of the endpoint on that day; `sums`: contributions by text, millionths of log-odds."""


def responses_without_error() -> Column:
    """Number of responses that are not errors (2xx, 3xx), from counts of slices."""
    return F.col("successful") + F.col("redirects") + F.col("not_modified")
