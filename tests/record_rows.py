"""Valid rows of RECORD with the changes of a test, and the rows made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession

from pipelines.runtime.settings import SessionIdentifier, Settings
from pipelines.transactions.spark.rows import validate_rows

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TEXT = (
    "source raw error not_request transaction_id time host method url scheme status request_content_type "
    "response_content_type request_bytes response_bytes user_agent referer client_ip tls_fingerprint request_body format"
)
SCHEMA = (
    ", ".join(f"{name} string" for name in TEXT.split())
    + ", line bigint, block_start bigint, row_id bigint, is_blank boolean"
    + "".join(f", {name} map<string,string>" for name in ("request_headers", "response_headers", "cookies"))
)
GOOD: dict[str, Any] = {
    "source": "file:/log", "line": 1, "is_blank": False, "time": "2026-10-31T10:00:00Z", "host": "api.example", "method": "GET",
    "url": "/users/1?page=2", "scheme": "https", "status": "200",
}  # fmt: skip


def records(spark: SparkSession, *changes: dict[str, Any]) -> DataFrame:
    """Returns records, each the valid one with some fields changed."""
    names = [field.strip().split(" ")[0] for field in SCHEMA.split(", ") if field]
    rows = [tuple(({**GOOD, **change}).get(name) for name in names) for change in changes]
    return spark.createDataFrame(rows, SCHEMA)


def validate_records(
    spark: SparkSession,
    settings: Settings,
    *changes: dict[str, Any],
    sessions: tuple[SessionIdentifier, ...] = (),
) -> list[Row]:
    """Validates records with these changes and returns the rows."""
    rows = validate_rows(
        records(spark, *changes),
        key=b"k" * 32,
        now=NOW,
        ingest=settings.ingest,
        privacy_settings=settings.privacy,
        paths=settings.paths,
        sessions=sessions,
    )
    return rows.collect()
