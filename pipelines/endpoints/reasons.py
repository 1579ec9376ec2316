"""Endpoints that only one variant lists, and the likely reason, from the additive counts of its slices (D8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, LongType, StringType, StructField, StructType

from pipelines.endpoints.table import COUNTS, answered
from pipelines.selection.answers import FAMILIES
from pipelines.tables import Table

NOT_RUN = "the other variant was not run"
NOT_NAMED = "no identifier is named for the host"
NONE_CARRIES = "no successful request carries the identifier: login, health, public data"
TOO_FEW = "too few answers carry the identifier"
REDIRECTIONS = "redirections carry the identifier, not API"
BY_FAMILY = {
    "html": "pages (HTML) carry the identifier, not API",
    "asset": "assets (pictures, scripts, styles) carry the identifier, not API",
    "data": "data that the classifier takes for no API: static files, feeds, or its miss",
    "untyped": "answers without content type carry the identifier, beacons or the classifier's miss",
    "other": "text, documents or bytes carry the identifier, downloads or the classifier's miss",
}
PAGES = (BY_FAMILY["html"], BY_FAMILY["asset"])
"""Reasons of what is plainly no API: the report's headline leaves such endpoints out."""

COMPARISON_ENDPOINTS = Table(
    name="comparison_endpoints",
    schema=StructType(
        [
            *(StructField(name, StringType(), False) for name in ("host", "method", "path_template")),
            StructField("only_in", StringType(), False),
            StructField("reason", StringType(), False),
            StructField("probability", DoubleType()),
            *(StructField(name, LongType(), False) for name in COUNTS),
        ]
    ),
)
"""`probability` is the classifier's, also where it is too low; NULL: no slice was kept or ml was not run."""


def exclusive(endpoints: DataFrame, ran: Collection[str]) -> DataFrame:
    """Rows of `compare.side_by_side`, the variants that were run → rows of `comparison_endpoints`."""
    one_sided = endpoints.where(F.col("in_ml") != F.col("in_session"))
    only_in = F.when(F.col("in_ml"), F.lit("ml")).otherwise(F.lit("session"))
    reason = F.when(F.col("in_ml"), _why_not_session("session" in ran)).otherwise(_why_not_ml("ml" in ran))
    return one_sided.withColumns({"only_in": only_in, "reason": reason}).select(
        *COMPARISON_ENDPOINTS.schema.names
    )


def counted(rows: DataFrame) -> list[tuple[Literal["ml", "session"], str, int]]:
    """Rows of `comparison_endpoints` → (only_in, reason, endpoints), the most frequent first."""
    found = rows.groupBy("only_in", "reason").count().orderBy(F.desc("count"), "only_in", "reason").collect()
    return [(row["only_in"], row["reason"], row["count"]) for row in found]


def _why_not_session(was_run: bool) -> Column:
    by_counts = F.when(F.col("with_identifier") == 0, F.lit(NONE_CARRIES)).otherwise(F.lit(TOO_FEW))
    unless_run = by_counts if was_run else F.lit(NOT_RUN)
    return F.when(~F.col("covered"), F.lit(NOT_NAMED)).otherwise(unless_run)


def _why_not_ml(was_run: bool) -> Column:
    """What most of its successful answers are. The classifier saw all of them, so there were enough."""
    if not was_run:
        return F.lit(NOT_RUN)
    other = answered() - sum((F.col(name) for name in FAMILIES), F.lit(0))
    sizes = ((F.col(name), name) for name in FAMILIES)
    most = F.array_max(
        F.array(
            *(F.struct(n.alias("n"), F.lit(name).alias("name")) for n, name in (*sizes, (other, "other")))
        )
    )["name"]
    by_family = F.lit(BY_FAMILY["other"])
    for name, reason in BY_FAMILY.items():
        by_family = F.when(most == name, F.lit(reason)).otherwise(by_family)
    return F.when(F.col("redirects") * 2 > answered(), F.lit(REDIRECTIONS)).otherwise(by_family)
