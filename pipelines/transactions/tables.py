"""Schemas of the ingest stage.

RECORD, which every source yields, and the tables transactions, quarantine and batches.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DateType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.runtime.columns import struct_fields
from pipelines.runtime.tables import Table

RAW_CHARACTERS: Final = (
    65_536  # limit of `raw`; quarantine keeps far less of it (`ingest.quarantine_raw_bytes`)
)
FILE_ERROR: Final = "file: "  # prefix of an `error` that concerns the file as a whole

_TEXT: Final = StringType()
_NAMES: Final = MapType(StringType(), StringType())

RECORD: Final = StructType(
    [
        StructField("source", _TEXT),  # URI of the file as Spark names it: `Input.uri`
        StructField("line", LongType()),  # from 1; for line formats null until `lines.with_line_numbers`
        StructField("raw", _TEXT),  # original text, null for HAR
        StructField(
            "error", _TEXT
        ),  # why the record (or, after FILE_ERROR, the file) could not be read at all
        StructField(
            "not_request", _TEXT
        ),  # why a HAR entry was not a request (`har_entries.reason_not_a_request`)
        StructField("transaction_id", _TEXT),
        StructField("time", _TEXT),
        StructField("host", _TEXT),
        StructField("method", _TEXT),
        StructField("url", _TEXT),  # request target or absolute URL
        StructField("scheme", _TEXT),
        StructField("status", _TEXT),
        StructField("request_content_type", _TEXT),
        StructField("response_content_type", _TEXT),
        StructField("request_bytes", _TEXT),
        StructField("response_bytes", _TEXT),
        StructField("user_agent", _TEXT),
        StructField("referer", _TEXT),
        StructField("client_ip", _TEXT),
        StructField("tls_fingerprint", _TEXT),  # JA4 of the client's TLS hello
        StructField("request_headers", _NAMES),  # lower-case names
        StructField("response_headers", _NAMES),
        StructField("cookies", _NAMES),
        StructField("request_body", _TEXT),
    ]
)

STAGED: Final = StructType(
    [
        *RECORD.fields,
        StructField("format", _TEXT),  # name of the source that read it
        StructField("is_blank", BooleanType()),  # a blank line: counts as a line, but is not a record
        StructField("block_start", LongType()),  # offset of the block of the file that a task read
        StructField("row_id", LongType()),  # grows by one from line to line within a block
    ]
)
"""RECORD plus the bookkeeping from which `lines.with_line_numbers` derives line numbers."""


def conform_to_staged(rows: DataFrame) -> DataFrame:
    """Selects the columns of STAGED in order; those that a source lacks are null."""
    known = set(rows.columns)
    return rows.select(
        *(
            (F.col(field.name) if field.name in known else F.lit(None)).cast(field.dataType).alias(field.name)
            for field in STAGED.fields
        )
    )


TEXT, NAMES, HASHES = StringType(), ArrayType(StringType()), MapType(StringType(), StringType())

TRANSACTIONS = Table(
    name="transactions",
    schema=StructType(
        [
            *struct_fields(TEXT, "transaction_id", nullable=False),
            *struct_fields(TimestampType(), "time", nullable=False),
            *struct_fields(DateType(), "day", nullable=False),
            *struct_fields(TEXT, "host", "method", nullable=False),
            *struct_fields(TEXT, "scheme", nullable=True),
            *struct_fields(TEXT, "path", "path_shape", nullable=False),
            *struct_fields(TEXT, "query", nullable=True),
            *struct_fields(IntegerType(), "status", nullable=False),
            *struct_fields(TEXT, "request_content_type", "response_content_type", nullable=True),
            *struct_fields(BooleanType(), "request_content_type_guessed", nullable=True),
            *struct_fields(LongType(), "request_bytes", "response_bytes", nullable=True),
            *struct_fields(
                TEXT,
                "accept",
                "user_agent",
                "referer",
                "origin",
                "sec_fetch_dest",
                "sec_fetch_mode",
                nullable=True,
            ),
            *struct_fields(TEXT, "x_requested_with", "cache_control", nullable=True),
            *struct_fields(
                NAMES, "request_header_names", "response_header_names", "cookie_names", nullable=False
            ),
            *struct_fields(HASHES, "identifiers", nullable=False),
            *struct_fields(TEXT, "client", nullable=False),
            *struct_fields(TEXT, "request_body", nullable=True),
            *struct_fields(TEXT, "source_id", nullable=False),
            *struct_fields(LongType(), "source_line", nullable=True),
        ]
    ),
    partition=("day",),
    skipping_columns=("time", "host"),
)
"""Valid transactions.

`path_shape` is `paths.spark.steps.masked(path)`: templates, endpoints and schemas are computed for distinct shapes, so each
path is examined once. Minimum and maximum statistics of all text columns would be a fifth of the cost of writing, and no file
is found by them; only the `searched` columns have them.
"""

QUARANTINE = Table(
    name="quarantine",
    schema=StructType(
        [
            *struct_fields(DateType(), "day", nullable=False),
            *struct_fields(TEXT, "source", nullable=False),
            *struct_fields(LongType(), "line", nullable=True),
            *struct_fields(ArrayType(StringType()), "reasons", nullable=False),
            *struct_fields(TEXT, "raw", nullable=True),
            *struct_fields(TEXT, "source_id", nullable=False),
        ]
    ),
    partition=("day",),
)
"""`day` is the day of the ingest: a rejected record often has no time of its own."""

BATCHES = Table(
    name="batches",
    schema=StructType(
        [
            *struct_fields(TEXT, "batch_id", "source_id", "source", "format", nullable=False),
            *struct_fields(
                LongType(), "records", "valid", "quarantined", "repeated", "not_requests", nullable=False
            ),
            *struct_fields(TEXT, "content", "first_line", nullable=True),
            *struct_fields(LongType(), "bytes", "lines", "line_bytes", nullable=True),
            *struct_fields(TimestampType(), "first_time", "last_time", nullable=True),
            *struct_fields(TimestampType(), "ingested_at", nullable=False),
            *struct_fields(TEXT, "state", nullable=False),
            *struct_fields(TEXT, "expectations", nullable=False),
        ]
    ),
)
"""One row per input file. records = valid + quarantined + repeated; `not_requests` are counted separately.

`repeated` records were in `transactions` before. `content` to `line_bytes` describe how far a file of lines was read
(`scan.Scan`), so that only its growth is read the next time. A row is written after both tables above hold its batch; `state`
is "published".
"""
