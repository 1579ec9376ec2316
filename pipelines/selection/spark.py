"""Selection of requests, and labels for training by session identifier.

By session identifier, requests that carry the configured header, cookie or JWT claim of their host count as API calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.http.media_types import HTML, STATIC_PREFIXES
from pipelines.http.status import WITHOUT_ERROR
from pipelines.paths.spark.templates import with_shape
from pipelines.runtime.files import atomic_file
from pipelines.runtime.settings import SelectionSettings, SessionIdentifier
from pipelines.runtime.settings_sections import LabelSettings, PathSettings
from pipelines.selection.columns import media_family, preflight_code
from pipelines.selection.variant import Variant

IDENTIFIER = "session_key"


def with_session_key(transactions: DataFrame, sessions: Mapping[str, SessionIdentifier]) -> DataFrame:
    """Adds `session_key` ("cookie:sid"), NULL if none is configured for the host.

    An exact host name wins over a pattern, a longer pattern over a shorter one. Exact names are looked up in a broadcast
    table (an organisation has thousands); patterns are few and become one expression.
    """
    exact = [(host.lower(), identifier.key) for host, identifier in sessions.items() if "*" not in host]
    patterns = sorted(
        ((host.lower(), identifier.key) for host, identifier in sessions.items() if "*" in host),
        key=lambda p: -len(p[0]),
    )
    by_pattern: Column = F.lit(None).cast("string")
    for pattern, key in reversed(patterns):
        by_pattern = F.when(F.col("host").endswith(pattern.removeprefix("*")), F.lit(key)).otherwise(
            by_pattern
        )
    names = transactions.sparkSession.createDataFrame(exact, "host string, exact_key string")
    joined = transactions.join(F.broadcast(names), "host", "left")
    return joined.withColumn(IDENTIFIER, F.coalesce("exact_key", by_pattern)).drop("exact_key")


def has_session() -> Column:
    """Whether the transaction carries its host's session identifier.

    Needs `session_key` and `identifiers`.
    """
    return F.coalesce(F.try_element_at("identifiers", F.col(IDENTIFIER)).isNotNull(), F.lit(False))


Scorer = Callable[[DataFrame], DataFrame]
"""Transactions → the same plus `probability`; passed in by the job, because pipelines never imports ml."""

KEPT = (
    "host", "method", "path_shape", "status", "time", "day", "client", "scheme", "preflight", "has_session", "media_family",
    "sample_hash",
)  # fmt: skip


def select_requests(
    transactions: DataFrame,
    *,
    variants: Sequence[Variant],
    settings: SelectionSettings,
    scored: Mapping[str, Scorer],
) -> DataFrame:
    """Selects requests: one row per transaction and variant that takes it.

    One scan and one scoring serve both variants.

    Args:
        transactions: Transactions.
        variants: Variants to select for.
        settings: Section `selection`.
        scored: The scorer of variant "ml".

    Returns:
        `KEPT`, `variant` and `probability` (NULL for session).
    """
    rows = with_session_key(transactions, settings.sessions)
    rows = rows.withColumns(
        {
            "has_session": has_session(),
            "media_family": media_family(),
            "preflight": preflight_code(),
            "sample_hash": sample_hash(),
        }
    )
    rows = (
        scored["ml"](rows) if "ml" in variants else rows.withColumn("probability", F.lit(None).cast("float"))
    )
    takes = {"ml": F.lit(True), "session": F.col("has_session")}
    taken_by = F.array_compact(F.array(*(F.when(takes[variant], F.lit(variant)) for variant in variants)))
    exploded = rows.select(*KEPT, "probability", F.explode(taken_by).alias("variant"))
    return exploded.withColumn("probability", F.when(F.col("variant") == "ml", F.col("probability")))


def sample_hash() -> Column:
    """Hash by which transactions are sampled: 64 bits of the id.

    It is the same in every run and independent of the traffic.
    """
    return F.xxhash64("transaction_id")


SCORE: Final = (pa.field("transaction_id", pa.string()), pa.field("probability", pa.float32()))
REASONS: Final = pa.field(
    "reasons",
    pa.list_(
        pa.struct(
            [
                ("group", pa.string()),
                ("feature", pa.string()),
                ("value", pa.float32()),
                ("contribution", pa.float32()),
                ("text", pa.string()),
            ]
        )
    ),
)
"""Only if the scores are explained; `ml.explanation.reasons` makes them."""

ROWS_PER_GROUP: Final = 20_000  # of Parquet: some 40 MB as Python objects where there are reasons


def write_scores(scores: DataFrame, out: Path) -> int:
    """Writes scores as NDJSON or Parquet, by the suffix of `out`.

    The file appears under its name only when it is complete.

    Args:
        scores: `transaction_id, probability` and optionally `reasons`.
        out: The file.

    Returns:
        The number of rows.

    Raises:
        OutputError: The file cannot be written.
    """
    schema = pa.schema([*SCORE, REASONS] if REASONS.name in scores.columns else SCORE)
    written = scores.select(*schema.names).toLocalIterator(prefetchPartitions=True)
    rows = (row.asDict(recursive=True) for row in written)
    with atomic_file(out) as file:
        return _parquet(rows, schema, file) if out.suffix == ".parquet" else _ndjson(rows, file)


def _ndjson(rows: Iterator[dict[str, Any]], file: BinaryIO) -> int:
    written = 0
    for row in rows:
        row["probability"] = round(row["probability"], 6)
        for reason in row.get(REASONS.name, ()):
            reason |= {name: round(reason[name], 4) for name in ("value", "contribution")}
        file.write(orjson.dumps(row) + b"\n")
        written += 1
    return written


def _parquet(rows: Iterator[dict[str, Any]], schema: pa.Schema, file: BinaryIO) -> int:
    written = 0
    with pq.ParquetWriter(file, schema) as table:
        while batch := list(islice(rows, ROWS_PER_GROUP)):
            table.write_table(pa.Table.from_pylist(batch, schema))
            written += len(batch)
    return written


ENDPOINT = ("host", "method", "path_shape")
ASSET_FILE = (
    r"(?i)\.(?:css|less|scss|m?js|cjs|jsx|tsx?|wasm|map|png|jpe?g|gif|webp|avif|svg|ico|bmp|tiff?|woff2?|ttf|otf|eot"
    r"|mp[34]|m4[asv]|webm|og[gv]|wav|flac|avi|mov|m3u8|mpd|vtt)$"
)
"""File extensions of what pages load; not `.json`, `.php`, `.csv` or `.pdf`, which APIs answer to as well."""
ASSET_TYPES = (*STATIC_PREFIXES, "application/font", "application/x-font")

API = "endpoint carries the identifier"
NOT_FETCHED = "Sec-Fetch-Dest other than empty"
ASSET_ENDING = "ending of a static file"
ASSET_ANSWER = "image, font, style or script answered"
DOCUMENT = "HTML document answered"
NO_IDENTIFIER = "no identifier configured for the host"
WITHOUT = "request without the identifier"
FEW_SESSIONS = "endpoint with too few sessions"
SELDOM = "endpoint that carries the identifier too seldom"


def with_session_label(
    transactions: DataFrame,
    *,
    sessions: Mapping[str, SessionIdentifier],
    paths: PathSettings,
    settings: LabelSettings,
) -> DataFrame:
    """Adds labels by session identifier to transactions.

    Returns:
        The transactions with `path_shape`, `carried` (the request has the identifier), `reason` and `is_api` (NULL: undecided).
    """
    rows = with_shape(with_session_key(transactions, sessions), paths).withColumn("carried", has_session())
    with_evidence = rows.join(_evidence(rows), [*ENDPOINT], "left")
    reason = F.coalesce(_not_api(), _of_endpoint(settings))
    is_api = F.when(reason == API, F.lit(True)).when(
        reason.isin(NOT_FETCHED, ASSET_ENDING, ASSET_ANSWER, DOCUMENT), F.lit(False)
    )
    return (
        with_evidence.withColumn("reason", reason)
        .withColumn("is_api", is_api)
        .drop("seen_sessions", "with_session")
    )


def _evidence(rows: DataFrame) -> DataFrame:
    """Counts sessions per endpoint, over responses that are not errors.

    Returns:
        `seen_sessions` (distinct) and `with_session` (share of requests with the identifier), of hosts with an identifier.
    """
    session = F.try_element_at("identifiers", F.col(IDENTIFIER))
    without_errors = rows.where(F.col(IDENTIFIER).isNotNull() & F.col("status").between(*WITHOUT_ERROR))
    return without_errors.groupBy(*ENDPOINT).agg(
        F.count_distinct(session).alias("seen_sessions"),
        F.avg(F.col("carried").cast("double")).alias("with_session"),
    )


def _not_api() -> Column:
    """Reason why a request is not an API call whatever it carries, or NULL.

    Error pages in HTML say nothing about the endpoint.
    """
    media, dest = F.coalesce("response_content_type", F.lit("")), F.coalesce("sec_fetch_dest", F.lit(""))
    asset = media.contains("javascript")
    for start in ASSET_TYPES:
        asset = asset | media.startswith(start)
    return (
        F.when(~dest.isin("", "empty"), F.lit(NOT_FETCHED))
        .when(F.col("path").rlike(ASSET_FILE), F.lit(ASSET_ENDING))
        .when(asset, F.lit(ASSET_ANSWER))
        .when(media.isin(*HTML) & (F.col("status") < 400), F.lit(DOCUMENT))
    )


def _of_endpoint(settings: LabelSettings) -> Column:
    rides_along = F.col(IDENTIFIER).startswith("cookie:")
    share = F.when(rides_along, settings.min_session_share).otherwise(settings.min_header_share)
    return (
        F.when(F.col(IDENTIFIER).isNull(), F.lit(NO_IDENTIFIER))
        .when(~F.col("carried"), F.lit(WITHOUT))
        .when(F.coalesce("seen_sessions", F.lit(0)) < settings.min_sessions, F.lit(FEW_SESSIONS))
        .when(F.coalesce("with_session", F.lit(0.0)) < share, F.lit(SELDOM))
        .otherwise(F.lit(API))
    )


def with_repeats(labelled: DataFrame, settings: LabelSettings) -> DataFrame:
    """Adds `repeat`: whether there are enough rows of the endpoint and label already.

    The hash of the id decides, so reruns agree.
    """
    order = Window.partitionBy(*ENDPOINT, "is_api").orderBy(F.xxhash64("transaction_id"), "transaction_id")
    beyond = F.row_number().over(order) > settings.max_rows_per_endpoint
    return labelled.withColumn("repeat", F.col("is_api").isNotNull() & beyond)


def select_training_rows(labelled: DataFrame, settings: LabelSettings) -> DataFrame:
    """Selects rows of `with_repeats` for training: labelled and not repeats.

    There are at most `max_transactions` of them.
    """
    kept = labelled.where(F.col("is_api").isNotNull() & ~F.col("repeat"))
    return kept.orderBy(F.xxhash64("transaction_id"), "transaction_id").limit(settings.max_transactions)


def count_labels(labelled: DataFrame) -> DataFrame:
    """Counts rows of `with_repeats`, for the report on the curation.

    Returns:
        `reason, is_api, carried, repeat, rows`.
    """
    return labelled.groupBy("reason", "is_api", "carried", "repeat").agg(F.count("*").alias("rows"))
