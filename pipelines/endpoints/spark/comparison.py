"""Comparison of the two variants: agreement, and endpoints that only one lists.

The likely reason comes from the additive counts of an endpoint's slices.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Literal

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from pipelines.endpoints.tables import AGREEMENT_COUNTS, COMPARISON_ENDPOINTS, COUNTS, responses_without_error
from pipelines.selection.columns import FAMILIES

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
"""Reasons of endpoints that clearly are not APIs: the headline of the report leaves them out."""


def explain_exclusive_endpoints(endpoints: DataFrame, ran: Collection[str]) -> DataFrame:
    """Explains endpoints that only one variant lists: rows of `comparison_endpoints`.

    Args:
        endpoints: Rows of `join_variants`.
        ran: Variants that were run.
    """
    one_sided = endpoints.where(F.col("in_ml") != F.col("in_session"))
    only_in = F.when(F.col("in_ml"), F.lit("ml")).otherwise(F.lit("session"))
    reason = F.when(F.col("in_ml"), _why_not_session("session" in ran)).otherwise(_why_not_ml("ml" in ran))
    return one_sided.withColumns({"only_in": only_in, "reason": reason}).select(
        *COMPARISON_ENDPOINTS.schema.names
    )


def count_reasons(rows: DataFrame) -> list[tuple[Literal["ml", "session"], str, int]]:
    """Counts rows of `comparison_endpoints`: (only_in, reason, endpoints).

    The most frequent come first.
    """
    counts = rows.groupBy("only_in", "reason").count().orderBy(F.desc("count"), "only_in", "reason").collect()
    return [(row["only_in"], row["reason"], row["count"]) for row in counts]


def _why_not_session(was_run: bool) -> Column:
    by_counts = F.when(F.col("with_identifier") == 0, F.lit(NONE_CARRIES)).otherwise(F.lit(TOO_FEW))
    unless_run = by_counts if was_run else F.lit(NOT_RUN)
    return F.when(~F.col("covered"), F.lit(NOT_NAMED)).otherwise(unless_run)


def _why_not_ml(was_run: bool) -> Column:
    """Reason by the most frequent kind of its responses.

    The classifier saw all responses, so there were enough of them.
    """
    if not was_run:
        return F.lit(NOT_RUN)
    other = responses_without_error() - sum((F.col(name) for name in FAMILIES), F.lit(0))
    sizes = ((F.col(name), name) for name in FAMILIES)
    most = F.array_max(
        F.array(
            *(F.struct(n.alias("n"), F.lit(name).alias("name")) for n, name in (*sizes, (other, "other")))
        )
    )["name"]
    by_family = F.lit(BY_FAMILY["other"])
    for name, reason in BY_FAMILY.items():
        by_family = F.when(most == name, F.lit(reason)).otherwise(by_family)
    return F.when(F.col("redirects") * 2 > responses_without_error(), F.lit(REDIRECTIONS)).otherwise(
        by_family
    )


BUCKETS = ("unchanged", "up to 50 more", "over 50 more", "fewer", "not covered")
MANY_MORE = 50  # the boundary of the source that docs/accuracy.md compares with: "1 to 50 more" and "more than 50 more"


def join_variants(candidates: DataFrame, hosts: DataFrame, least_probability: float) -> DataFrame:
    """Joins the candidates of both variants: one row per endpoint.

    Args:
        candidates: Candidates of both variants.
        hosts: `host, session_key` of all hosts.
        least_probability: Probability (0-1) from which variant ml lists an endpoint.

    Returns:
        host, method, path_template, `covered` (a session identifier is configured for the host), `in_ml`, `in_session`,
        `probability` (also of endpoints that ml does not list; NULL if it kept no slice), and the counts of the variant that
        lists it (of ml if both or none do).
    """
    of_ml = F.col("variant") == "ml"
    counts = F.struct(*COUNTS)
    joined = candidates.groupBy("host", "method", "path_template").agg(
        F.coalesce(F.bool_or(of_ml & (F.col("probability") >= least_probability)), F.lit(False)).alias(
            "in_ml"
        ),
        F.bool_or(~of_ml).alias("in_session"),
        F.max(F.when(of_ml, F.col("probability"))).alias("probability"),
        F.max(F.when(of_ml, counts)).alias("ml_counts"),
        F.max(F.when(~of_ml, counts)).alias("session_counts"),
    )
    by_session = F.col("in_session") & ~F.col("in_ml")
    own = F.when(by_session, F.col("session_counts")).otherwise(F.col("ml_counts"))
    coverage = hosts.select("host", F.col("session_key").isNotNull().alias("covered"))
    rows = joined.withColumn("own", own).join(coverage, "host", "left")
    return rows.select(
        "host", "method", "path_template", F.coalesce("covered", F.lit(False)).alias("covered"),
        "in_ml", "in_session", "probability", "own.*",
    )  # fmt: skip


def compare_hosts(endpoints: DataFrame) -> DataFrame:
    """Compares the variants per host: rows of `comparisons` from `join_variants`.

    Hosts without a listed endpoint are left out. A host without a session identifier is in bucket "not covered": variant
    "session" has no results for it. `neither` counts candidates that no variant lists.
    """
    in_ml, in_session = F.col("in_ml"), F.col("in_session")
    per_host = endpoints.groupBy("host", "covered").agg(
        F.count_if(in_ml).alias("ml"),
        F.count_if(in_session).alias("session"),
        F.count_if(in_ml & in_session).alias("both"),
        F.count_if(in_ml & ~in_session).alias("only_ml"),
        F.count_if(in_session & ~in_ml).alias("only_session"),
        F.count_if(~in_session & ~in_ml).alias("neither"),
    )
    return per_host.where((F.col("ml") > 0) | (F.col("session") > 0)).withColumn("bucket", _bucket())


def _bucket() -> Column:
    """Bucket by the difference in the number of endpoints.

    As in the source that docs/accuracy.md compares with: a host where one endpoint replaces another is unchanged.
    """
    more = F.col("ml") - F.col("session")
    return (
        F.when(~F.col("covered"), F.lit("not covered"))
        .when(more < 0, F.lit("fewer"))
        .when(more > MANY_MORE, F.lit("over 50 more"))
        .when(more > 0, F.lit("up to 50 more"))
        .otherwise(F.lit("unchanged"))
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """Hosts by number of endpoints.

    `labels[i]` is a range, `ml[i]` and `session[i]` are the numbers of hosts in it.
    """

    labels: tuple[str, ...]
    ml: tuple[int, ...]
    session: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures of the comparison.

    On covered hosts `agreement` is the Jaccard index of the two sets and `kappa` is Cohen's over all candidates. Most pages
    are not candidates (`selection.candidate_floor`), so kappa is lower than it would be over all addresses; where it is far
    below the agreement, the variants agree on little more than chance would give.
    """

    hosts: int
    covered_hosts: int
    endpoints_ml: int
    endpoints_session: int
    only_ml: int
    only_session: int
    agreement: float | None
    kappa: float | None
    buckets: dict[str, int]
    histogram: Histogram


def summarise_comparison(comparisons: DataFrame, edges: Sequence[int]) -> Comparison:
    """Summarises rows of `comparisons`.

    Bins of the histogram are (edges[i-1], edges[i]]; the first is [0, edges[0]], the last is open. One pass counts all: there
    are at most 2 * buckets * bins * bins groups, however many hosts.
    """
    bins = {
        f"{variant}_bin": reduce(add, ((F.col(variant) > edge).cast("int") for edge in edges))
        for variant in ("ml", "session")
    }
    groups = (
        comparisons.withColumns(bins)
        .groupBy("covered", "bucket", *bins)
        .agg(F.count("*").alias("hosts"), *(F.sum(name).alias(name) for name in AGREEMENT_COUNTS))
        .collect()
    )
    of_covered = [group for group in groups if group["covered"]]
    cells = [_sum(of_covered, name) for name in ("both", "only_ml", "only_session", "neither")]
    return Comparison(
        hosts=_sum(groups, "hosts"),
        covered_hosts=_sum(of_covered, "hosts"),
        endpoints_ml=_sum(groups, "ml"),
        endpoints_session=_sum(groups, "session"),
        only_ml=_sum(groups, "only_ml"),
        only_session=_sum(groups, "only_session"),
        agreement=cells[0] / sum(cells[:3]) if sum(cells[:3]) else None,
        kappa=kappa(*cells),
        buckets={name: _sum(groups, "hosts", bucket=name) for name in BUCKETS},
        histogram=_histogram(groups, edges),
    )


def _sum(groups: Sequence[Row], name: str, **where: object) -> int:
    """Sums a column over the groups that have the values given."""
    return sum(group[name] for group in groups if all(group[key] == value for key, value in where.items()))


def kappa(both: int, only_first: int, only_second: int, neither: int) -> float | None:
    """Cohen's kappa (Cohen 1960) of two binary raters.

    None if chance alone would always make them agree.
    """
    n = both + only_first + only_second + neither
    yes = (both + only_first) * (both + only_second)
    no = (neither + only_first) * (neither + only_second)
    if n * n == yes + no:  # also n == 0
        return None
    return (n * (both + neither) - yes - no) / (n * n - yes - no)


def _histogram(groups: Sequence[Row], edges: Sequence[int]) -> Histogram:
    labels = [str(edges[0])]
    for low, high in pairwise(edges):
        labels.append(str(high) if high == low + 1 else f"{low + 1}–{high}")
    labels.append(f"over {edges[-1]}")
    ml, session = (
        tuple(_sum(groups, "hosts", **{name: number}) for number in range(len(labels)))
        for name in ("ml_bin", "session_bin")
    )
    return Histogram(tuple(labels), ml, session)
