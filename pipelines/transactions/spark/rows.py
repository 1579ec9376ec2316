"""RECORD → typed, validated, masked rows.

This is the one place where text becomes time, host, path and status, with built-in expressions except for masking
(`masking.py`). A row check is a Column: the reason in words, or NULL. A NULL result counts as a violation, so no row is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.paths.spark.steps import mask_path as path_shape
from pipelines.runtime.settings import IngestSettings, PrivacySettings, SessionIdentifier
from pipelines.runtime.settings_sections import PathSettings
from pipelines.transactions.spark import columns, identifiers, masking
from pipelines.transactions.spark.columns import HTTP_SCHEMES, violations
from pipelines.transactions.spark.identifiers import client_hash

KEPT_HEADERS = ("accept", "origin", "sec-fetch-dest", "sec-fetch-mode", "x-requested-with")
TEXT_CHARACTERS = 512


def validate_rows(
    records: DataFrame,
    *,
    key: bytes,
    now: datetime,
    ingest: IngestSettings,
    privacy_settings: PrivacySettings,
    paths: PathSettings,
    sessions: Sequence[SessionIdentifier] = (),
) -> DataFrame:
    """Converts RECORD → typed rows with their `violations`.

    The columns are those of `transactions` (except id and source_id) plus source, line, row bookkeeping, `violations` and `raw`.
    `violations` is array<string>, empty for a valid row. `raw` is redacted, and NULL for a valid row.
    """
    typed = (
        records.transform(_with_maps)
        .transform(_with_target)
        .transform(_with_values, ingest)
        .withColumn("violations", violations(now, ingest))
        .transform(
            masking.mask_texts,
            body_max_bytes=ingest.body_max_bytes,
            original=columns.without_addresses(
                F.coalesce(F.col("raw"), F.concat_ws(" ", "time", "method", "url", "status"))
            ),
            raw_characters=ingest.quarantine_raw_bytes,
        )
    )
    ids = identifiers.identifier_hashes(sessions, privacy_settings.jwt_claims)
    keyed = identifiers.with_key(typed, key)  # after the Python step: the key is never sent to Python
    hashed = keyed.withColumn("identifiers", ids).withColumn(
        "client", client_hash(F.col("identifiers"), privacy_settings, [session.key for session in sessions])
    )
    return hashed.withColumn("path_shape", path_shape(F.col("path"), paths)).select(*_columns())


def _with_maps(records: DataFrame) -> DataFrame:
    """Replaces NULL header and cookie maps with empty ones."""
    empty = F.create_map().cast("map<string,string>")
    names = ("request_headers", "response_headers", "cookies")
    return records.withColumns({name: F.coalesce(F.col(name), empty) for name in names})


def _with_target(records: DataFrame) -> DataFrame:
    """Adds `target_scheme`, `authority`, `path` and `query`.

    They come from the request target or absolute URL (RFC 9112 s. 3.2).
    """
    url = F.substring_index(F.col("url"), "#", 1)
    is_absolute = ~url.startswith("/") & url.contains("://")
    has_scheme = url.rlike(r"\A[A-Za-z][A-Za-z0-9+.-]{1,30}:(?!\d{1,5}(?:[/?#]|\z))")  # `host:25` has a port
    is_other = ~url.startswith("/") & ~url.contains("://") & has_scheme
    scheme = F.when(is_absolute | is_other, F.lower(F.substring_index(url, ":", 1)))
    rest = F.when(is_absolute, F.expr("substring(url, instr(url, '://') + 3)"))
    authority = F.regexp_replace(F.regexp_extract(rest, r"\A[^/?]*", 0), r"(?s)\A.*@", "")
    target = F.when(is_absolute, F.regexp_replace(rest, r"\A[^/?]*", "")).otherwise(url)
    target = F.substring_index(target, "#", 1)
    path = F.substring_index(target, "?", 1)
    return records.withColumns(
        {"target_scheme": scheme, "authority": F.when(is_absolute, authority), "target": target}
    ).withColumns(
        {
            "path": F.when(F.col("target_scheme").isin(*HTTP_SCHEMES) & (path == ""), F.lit("/")).otherwise(
                path
            ),
            "query": F.expr(
                "CASE WHEN instr(target, '?') > 0 THEN substring(target, instr(target, '?') + 1) END"
            ),
        }
    )


def _with_values(records: DataFrame, settings: IngestSettings) -> DataFrame:
    """Adds typed time, host, method, status, sizes and chosen header values."""
    sent, answered = F.col("request_headers"), F.col("response_headers")
    scheme = F.lower(F.coalesce(F.col("target_scheme"), F.col("scheme")))
    agent = columns.non_empty(F.coalesce(F.col("user_agent"), columns.header(sent, "user-agent")))
    referer = columns.non_empty(F.coalesce(F.col("referer"), columns.header(sent, "referer")))
    referer = F.substring_index(F.substring_index(referer, "#", 1), "?", 1)
    return records.withColumns(
        {
            "time": columns.parse_timestamp(F.col("time"), settings.time_zone or None),
            "has_no_zone": columns.has_no_zone(F.col("time")),
            "scheme": scheme,
            "host": columns.normalise_host(
                F.coalesce(
                    F.col("authority"), columns.non_empty(F.col("host")), columns.header(sent, "host")
                ),
                scheme,
            ),
            "method": F.upper(F.trim("method")),
            "status": F.col("status").try_cast("int"),
            "request_bytes": columns.parse_size(F.col("request_bytes")),
            "response_bytes": columns.parse_size(F.col("response_bytes")),
            "sent_media_type": columns.parse_media_type(
                F.coalesce(
                    columns.non_empty(F.col("request_content_type")), columns.header(sent, "content-type")
                )
            ),
            "response_content_type": columns.parse_media_type(
                F.coalesce(
                    columns.non_empty(F.col("response_content_type")),
                    columns.header(answered, "content-type"),
                )
            ),
            "user_agent": F.substring(agent, 1, TEXT_CHARACTERS),
            "referer": F.substring(columns.without_user(referer), 1, TEXT_CHARACTERS),
            **{
                name.replace("-", "_"): F.substring(columns.without_user(columns.header(sent, name)), 1, 256)
                for name in KEPT_HEADERS
            },
            "cache_control": F.substring(columns.header(answered, "cache-control"), 1, 256),
        }
    ).transform(_with_media_type, settings.body_max_bytes)


def _with_media_type(records: DataFrame, body_max_bytes: int) -> DataFrame:
    """Adds `request_content_type` and whether it was guessed.

    It is guessed from a body that was sent without one.
    """
    is_unknown = F.col("sent_media_type").isNull() & (F.length("request_body") > 0)
    guessed = F.when(is_unknown, columns.guess_media_type(F.col("request_body"), body_max_bytes))
    return records.withColumn("guessed_media_type", guessed).withColumns(
        {
            "request_content_type": F.coalesce("sent_media_type", "guessed_media_type"),
            "request_content_type_guessed": F.col("guessed_media_type").isNotNull(),
        }
    )


def _columns() -> list[Column]:
    """Returns the columns that staging keeps.

    These are typed columns, bookkeeping, and the redacted original of rejected records only.
    """
    names = {
        "request_header_names": F.col("request_headers"),
        "response_header_names": F.col("response_headers"),
        "cookie_names": F.col("cookies"),
    }
    plain = (
        "source line block_start row_id is_blank not_request transaction_id time host method scheme path path_shape query status "
        "request_content_type request_content_type_guessed response_content_type request_bytes response_bytes "
        "accept user_agent referer origin sec_fetch_dest sec_fetch_mode x_requested_with "
        "cache_control request_body identifiers client violations raw"
    ).split()
    return [
        *(F.col(name) for name in plain),
        *(columns.sorted_names(column).alias(name) for name, column in names.items()),
    ]
