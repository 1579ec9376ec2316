"""Tables of the ingest stage: transactions, quarantine, batches."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.tables import Table


def _fields(kind: DataType, *names: str, nullable: bool = True) -> list[StructField]:
    return [StructField(name, kind, nullable) for name in names]


TEXT, NAMES, HASHES = StringType(), ArrayType(StringType()), MapType(StringType(), StringType())

TRANSACTIONS = Table(
    name="transactions",
    schema=StructType(
        [
            *_fields(TEXT, "transaction_id", nullable=False),
            *_fields(TimestampType(), "time", nullable=False),
            *_fields(DateType(), "day", nullable=False),
            *_fields(TEXT, "host", "method", nullable=False),
            *_fields(TEXT, "scheme"),
            *_fields(TEXT, "path", nullable=False),
            *_fields(TEXT, "query"),
            *_fields(IntegerType(), "status", nullable=False),
            *_fields(TEXT, "request_content_type", "response_content_type"),
            *_fields(LongType(), "request_bytes", "response_bytes"),
            *_fields(TEXT, "accept", "user_agent", "referer", "origin", "sec_fetch_dest", "sec_fetch_mode"),
            *_fields(TEXT, "x_requested_with", "cache_control"),
            *_fields(NAMES, "request_header_names", "response_header_names", "cookie_names", nullable=False),
            *_fields(HASHES, "identifiers", nullable=False),
            *_fields(TEXT, "client", nullable=False),
            *_fields(TEXT, "request_body"),
            *_fields(TEXT, "source_id", nullable=False),
            *_fields(LongType(), "source_line"),
        ]
    ),
    partition=("day",),
)

QUARANTINE = Table(
    name="quarantine",
    schema=StructType(
        [
            *_fields(DateType(), "day", nullable=False),
            *_fields(TEXT, "source", nullable=False),
            *_fields(LongType(), "line"),
            *_fields(ArrayType(StringType()), "reasons", nullable=False),
            *_fields(TEXT, "raw"),
            *_fields(TEXT, "source_id", nullable=False),
        ]
    ),
    partition=("day",),
)
"""`day` is the day of the ingest: a rejected record often has no time of its own."""

BATCHES = Table(
    name="batches",
    schema=StructType(
        [
            *_fields(TEXT, "batch_id", "source_id", "source", "format", nullable=False),
            *_fields(LongType(), "records", "valid", "quarantined", nullable=False),
            *_fields(TimestampType(), "first_time", "last_time"),
            *_fields(TimestampType(), "ingested_at", nullable=False),
            *_fields(TEXT, "state", nullable=False),
            *_fields(TEXT, "expectations", nullable=False),
        ]
    ),
)
"""One row an input file. `state` is "publishing" until both tables above hold the batch, then "published"."""
