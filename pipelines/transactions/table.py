"""Tables of the ingest stage: transactions, quarantine, batches."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DateType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructType,
    TimestampType,
)

from pipelines.fields import fields
from pipelines.tables import Table

TEXT, NAMES, HASHES = StringType(), ArrayType(StringType()), MapType(StringType(), StringType())

TRANSACTIONS = Table(
    name="transactions",
    schema=StructType(
        [
            *fields(TEXT, "transaction_id", nullable=False),
            *fields(TimestampType(), "time", nullable=False),
            *fields(DateType(), "day", nullable=False),
            *fields(TEXT, "host", "method", nullable=False),
            *fields(TEXT, "scheme", nullable=True),
            *fields(TEXT, "path", "path_shape", nullable=False),
            *fields(TEXT, "query", nullable=True),
            *fields(IntegerType(), "status", nullable=False),
            *fields(TEXT, "request_content_type", "response_content_type", nullable=True),
            *fields(BooleanType(), "request_content_type_guessed", nullable=True),
            *fields(LongType(), "request_bytes", "response_bytes", nullable=True),
            *fields(
                TEXT,
                "accept",
                "user_agent",
                "referer",
                "origin",
                "sec_fetch_dest",
                "sec_fetch_mode",
                nullable=True,
            ),
            *fields(TEXT, "x_requested_with", "cache_control", nullable=True),
            *fields(NAMES, "request_header_names", "response_header_names", "cookie_names", nullable=False),
            *fields(HASHES, "identifiers", nullable=False),
            *fields(TEXT, "client", nullable=False),
            *fields(TEXT, "request_body", nullable=True),
            *fields(TEXT, "source_id", nullable=False),
            *fields(LongType(), "source_line", nullable=True),
        ]
    ),
    partition=("day",),
    searched=("time", "host"),
)
"""Valid transactions. `path_shape` is `paths.steps.masked(path)`: templates, endpoints and schemas are worked out for distinct
shapes, so a path is looked at once. Least and greatest values of texts would be a fifth of what writing costs; no file is
found by them."""

QUARANTINE = Table(
    name="quarantine",
    schema=StructType(
        [
            *fields(DateType(), "day", nullable=False),
            *fields(TEXT, "source", nullable=False),
            *fields(LongType(), "line", nullable=True),
            *fields(ArrayType(StringType()), "reasons", nullable=False),
            *fields(TEXT, "raw", nullable=True),
            *fields(TEXT, "source_id", nullable=False),
        ]
    ),
    partition=("day",),
)
"""`day` is the day of the ingest: a rejected record often has no time of its own."""

BATCHES = Table(
    name="batches",
    schema=StructType(
        [
            *fields(TEXT, "batch_id", "source_id", "source", "format", nullable=False),
            *fields(
                LongType(), "records", "valid", "quarantined", "repeated", "not_requests", nullable=False
            ),
            *fields(TEXT, "content", "first_line", nullable=True),
            *fields(LongType(), "bytes", "lines", "line_bytes", nullable=True),
            *fields(TimestampType(), "first_time", "last_time", nullable=True),
            *fields(TimestampType(), "ingested_at", nullable=False),
            *fields(TEXT, "state", nullable=False),
            *fields(TEXT, "expectations", nullable=False),
        ]
    ),
)
"""One row an input file; records = valid + quarantined + repeated, and `not_requests` are beside them.

`repeated` were in `transactions` before. `content` to `line_bytes` say how far a file of lines was read (`scan.Scan`), so that
what it has grown by is told when it is read again. A row is written after both tables above
hold its batch; `state` is "published"."""
