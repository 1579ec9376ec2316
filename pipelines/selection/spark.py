"""Selection by session identifier (D1): what a host's configured header, cookie or JWT claim rides on counts as API."""

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

from pipelines.paths.spark.templates import with_shape
from pipelines.runtime.files import atomic_file
from pipelines.runtime.settings import SelectionSettings, SessionIdentifier
from pipelines.runtime.settings_sections import LabelSettings, PathSettings
from pipelines.selection.columns import media_family, preflight_code
from pipelines.selection.variant import Variant

IDENTIFIER = "session_key"


def with_session_key(transactions: DataFrame, sessions: Mapping[str, SessionIdentifier]) -> DataFrame:
    """`host, ...` → the same plus `session_key` ("cookie:sid"), NULL where nobody configured one for the host.

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
    found = transactions.join(F.broadcast(names), "host", "left")
    return found.withColumn(IDENTIFIER, F.coalesce("exact_key", by_pattern)).drop("exact_key")


def has_session() -> Column:
    """Whether the transaction carries its host's identifier. Needs `session_key` and `identifiers`."""
    return F.coalesce(F.try_element_at("identifiers", F.col(IDENTIFIER)).isNotNull(), F.lit(False))


Scorer = Callable[[DataFrame], DataFrame]
"""transactions → the same plus `probability`; given by the job, because pipelines never imports ml."""

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
    """transactions → `KEPT` columns, `variant` and `probability` (NULL for session): one row for each variant that takes it.

    One scan and one scoring serve both variants.
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
    """By which transactions are drawn: 64 bits of the id, the same in every run and independent of the traffic."""
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
"""Only where the scores are explained: see `ml.explanation.reasons`, which makes them."""

ROWS_PER_GROUP: Final = 20_000  # of Parquet: some 40 MB as Python objects where there are reasons


def write_scores(scores: DataFrame, out: Path) -> int:
    """`transaction_id, probability` and, where there, `reasons` → NDJSON or Parquet by the ending of `out`; the number of rows.

    The file appears under its name only when it is whole.

    Raises:
        OutputError: the file cannot be written.
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
"""Endings of what pages load; not `.json`, `.php`, `.csv` or `.pdf`, which APIs answer to as well."""
ASSET_TYPES = ("image/", "font/", "audio/", "video/", "text/css", "application/font", "application/x-font")
DOCUMENT_TYPES = ("text/html", "application/xhtml+xml")

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
    """transactions → the same plus `path_shape`, `carried` (has the identifier), `reason`, `is_api` (NULL: undecided)."""
    rows = with_shape(with_session_key(transactions, sessions), paths).withColumn("carried", has_session())
    judged = rows.join(_evidence(rows), [*ENDPOINT], "left")
    reason = F.coalesce(_not_api(), _of_endpoint(settings))
    is_api = F.when(reason == API, F.lit(True)).when(
        reason.isin(NOT_FETCHED, ASSET_ENDING, ASSET_ANSWER, DOCUMENT), F.lit(False)
    )
    return (
        judged.withColumn("reason", reason).withColumn("is_api", is_api).drop("seen_sessions", "with_session")
    )


def _evidence(rows: DataFrame) -> DataFrame:
    """Per endpoint of hosts with an identifier, over successful requests: distinct sessions, share that carries it."""
    session = F.try_element_at("identifiers", F.col(IDENTIFIER))
    answered = rows.where(F.col(IDENTIFIER).isNotNull() & F.col("status").between(200, 399))
    return answered.groupBy(*ENDPOINT).agg(
        F.count_distinct(session).alias("seen_sessions"),
        F.avg(F.col("carried").cast("double")).alias("with_session"),
    )


def _not_api() -> Column:
    """The rule that says "no API call" whatever the request carries, or NULL. Error pages in HTML say nothing of the endpoint."""
    media, dest = F.coalesce("response_content_type", F.lit("")), F.coalesce("sec_fetch_dest", F.lit(""))
    asset = media.contains("javascript")
    for start in ASSET_TYPES:
        asset = asset | media.startswith(start)
    return (
        F.when(~dest.isin("", "empty"), F.lit(NOT_FETCHED))
        .when(F.col("path").rlike(ASSET_FILE), F.lit(ASSET_ENDING))
        .when(asset, F.lit(ASSET_ANSWER))
        .when(media.isin(*DOCUMENT_TYPES) & (F.col("status") < 400), F.lit(DOCUMENT))
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
    """Adds `repeat`: whether the row is one too many of its endpoint and label. The hash of the id decides, so reruns agree."""
    order = Window.partitionBy(*ENDPOINT, "is_api").orderBy(F.xxhash64("transaction_id"), "transaction_id")
    beyond = F.row_number().over(order) > settings.max_rows_per_endpoint
    return labelled.withColumn("repeat", F.col("is_api").isNotNull() & beyond)


def select_training_rows(labelled: DataFrame, settings: LabelSettings) -> DataFrame:
    """Rows of `with_repeats` that are learned from: labelled, no repeats, at most `max_transactions` of them."""
    kept = labelled.where(F.col("is_api").isNotNull() & ~F.col("repeat"))
    return kept.orderBy(F.xxhash64("transaction_id"), "transaction_id").limit(settings.max_transactions)


def count_labels(labelled: DataFrame) -> DataFrame:
    """Rows of `with_repeats` → `reason, is_api, carried, repeat, rows`: what the report of the curation is made of."""
    return labelled.groupBy("reason", "is_api", "carried", "repeat").agg(F.count("*").alias("rows"))
