"""RECORD: what every source yields, before anything is typed or judged; and what staging adds to it."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, LongType, MapType, StringType, StructField, StructType

RAW_CHARACTERS: Final = (
    65_536  # what `raw` holds at most: quarantine keeps far less of it (`ingest.quarantine_raw_bytes`)
)
FILE_ERROR: Final = "file: "  # an `error` that begins so is about the file as a whole

_TEXT: Final = StringType()
_NAMES: Final = MapType(StringType(), StringType())

RECORD: Final = StructType(
    [
        StructField("source", _TEXT),  # URI of the file as Spark names it: `Input.uri`
        StructField("line", LongType()),  # from 1; of line formats null until `lines.with_line_numbers`
        StructField("raw", _TEXT),  # original text, null for HAR
        StructField(
            "error", _TEXT
        ),  # why the record (or, after FILE_ERROR, the file) could not be read at all
        StructField(
            "not_request", _TEXT
        ),  # why an entry of a HAR never was a request (`sources.not_requests`)
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
        StructField("is_blank", BooleanType()),  # a blank line: counts as a line, is no record
        StructField("block_start", LongType()),  # offset of the block of the file that a task read
        StructField("row_id", LongType()),  # grows by one from line to line within a block
    ]
)
"""RECORD plus the bookkeeping from which `lines.with_line_numbers` derives line numbers."""


def staged(rows: DataFrame) -> DataFrame:
    """The columns of STAGED in order; those that a source does not know are null."""
    known = set(rows.columns)
    return rows.select(
        *(
            (F.col(field.name) if field.name in known else F.lit(None)).cast(field.dataType).alias(field.name)
            for field in STAGED.fields
        )
    )
