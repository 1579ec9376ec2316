"""Labels from session identifiers: noisy positives and reliable negatives out of the warehouse's own traffic (METHODS C).

Rules come first, then the endpoint as a whole; what neither decides is left out. Every row keeps the reason in words.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.paths.spark.templates import with_shape
from pipelines.runtime.settings import SessionIdentifier
from pipelines.runtime.settings_sections import LabelSettings, PathSettings
from pipelines.selection.spark import IDENTIFIER, has_session, with_session_key

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


def chosen(labelled: DataFrame, settings: LabelSettings) -> DataFrame:
    """Rows of `with_repeats` that are learned from: labelled, no repeats, at most `max_transactions` of them."""
    kept = labelled.where(F.col("is_api").isNotNull() & ~F.col("repeat"))
    return kept.orderBy(F.xxhash64("transaction_id"), "transaction_id").limit(settings.max_transactions)


def label_counts(labelled: DataFrame) -> DataFrame:
    """Rows of `with_repeats` → `reason, is_api, carried, repeat, rows`: what the report of the curation is made of."""
    return labelled.groupBy("reason", "is_api", "carried", "repeat").agg(F.count("*").alias("rows"))
