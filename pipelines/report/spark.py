"""Collecting the facts of the report from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.endpoints.spark.comparison import PAGES, Comparison, count_reasons
from pipelines.endpoints.standing import format_reasons
from pipelines.report.facts import (
    CandidateFact,
    DocumentFact,
    EndpointFact,
    Facts,
    Histogram,
    HostComparison,
    InputFacts,
    OutlierClientFact,
    QuarantineFact,
    ReasonFact,
    SchemaFacts,
    Totals,
)
from pipelines.report.words import describe_spread
from pipelines.runtime.settings import ReportSettings

PARAMETER_COUNTS = (
    ("none", 0, 0),
    ("1 to 5", 1, 5),
    ("6 to 10", 6, 10),
    ("11 to 50", 11, 50),
    ("over 50", 51, None),
)
"""Groups of endpoints by number of parameters: (name, lowest, highest); Cloudflare saw up to 50."""
CLIENT_CHARACTERS = 8
"""Shown characters of a client's hash: enough to find it in the table."""
TOTALS = ("constraints", "sure_constraints", "tested", "false_alarms")


def collect_schema_facts(schemas: DataFrame) -> SchemaFacts | None:
    """Collects statistics of the newest schemas; None if nothing was learned.

    Members of bodies count as parameters. There is one pass over the parameters; what belongs to an endpoint is counted with
    its first parameter.
    """
    each = schemas.select(
        F.posexplode_outer("parameters").alias("place", "parameter"),
        (_count_location("path") <= 1).alias("few"),
        _count_location("query").alias("most"),
        *(
            F.size("parameters").between(low, high or 2**31 - 1).alias(name)
            for name, low, high in PARAMETER_COUNTS
        ),
        *TOTALS,
    )
    is_first = F.coalesce(F.col("place"), F.lit(0)) == 0
    of_type = F.coalesce(F.get_json_object("parameter.schema", "$.type"), F.lit("several"))
    rows = (
        each.groupBy(F.when(F.col("place").isNotNull(), of_type).alias("kind"))
        .agg(
            F.count("*").alias("parameters"),
            F.count_if(is_first).alias("endpoints"),
            F.max("most").alias("most"),
            *(
                F.count_if(is_first & F.col(name)).alias(name)
                for name in ("few", *(name for name, *_ in PARAMETER_COUNTS))
            ),
            *(F.sum(F.when(is_first, F.col(name)).otherwise(0)).alias(name) for name in TOTALS),
        )
        .collect()
    )
    endpoints = sum(row["endpoints"] for row in rows)
    if not endpoints:
        return None
    return SchemaFacts(
        {row["kind"]: row["parameters"] for row in rows if row["kind"] is not None},
        sum(row["few"] for row in rows) / endpoints,
        sizes={name: sum(row[name] for row in rows) for name, *_ in PARAMETER_COUNTS},
        most_query_parameters=max(row["most"] for row in rows),
        **{name: sum(row[name] for row in rows) for name in TOTALS},
    )


def collect_outlier_clients(outlier_clients: DataFrame, most: int) -> tuple[list[OutlierClientFact], int]:
    """Collects the outlier clients with the most deviations, and the number of all."""
    order = (F.desc("parameters"), F.desc("endpoints"), "client")
    # They are few: `outlier_clients.max_share` of the clients.
    total = F.count("*").over(Window.partitionBy())
    rows = outlier_clients.withColumn("total", total).orderBy(*order).limit(most).collect()
    clients = [
        OutlierClientFact(
            row["client"][:CLIENT_CHARACTERS], row["parameters"], row["endpoints"], ", ".join(row["reasons"])
        )
        for row in rows
    ]
    return clients, rows[0]["total"] if rows else 0


def _count_location(location: str) -> Column:
    return F.size(F.filter("parameters", lambda parameter: parameter["location"] == location))


EXAMPLE_CHARACTERS = 200
SPREAD = ("probability_min", "probability_max", "probability_deviation", "client_days")
MAX_REASONS = (
    50  # reasons are sentences of this program, so there are few; error messages of a format may add some
)


def collect_facts(
    tables: Mapping[str, DataFrame],
    *,
    title: str,
    generated_at: datetime,
    compared: Comparison,
    documents: Sequence[DocumentFact],
    notes: Sequence[str],
    settings: ReportSettings,
) -> Facts:
    """Collects the facts of the page.

    Args:
        tables: batches, hosts (host, session_key), endpoints, candidates, comparisons, comparison_endpoints, quarantine,
            outlier_clients, and the newest schemas.
        title: title of the page.
        generated_at: time of the page.
        compared: summary of the comparison.
        documents: the written OpenAPI documents.
        notes: sentences at the top of the page.
        settings: section `report`.
    """
    endpoints = _endpoints(tables["endpoints"], tables["schemas"])
    bins = compared.histogram
    outliers, outliers_total = collect_outlier_clients(tables["outlier_clients"], settings.max_hosts)
    reasons = [ReasonFact(*row) for row in count_reasons(tables["comparison_endpoints"])]
    bare = F.count_if(F.col("session_key").isNull()).alias("bare")
    hosts = tables["hosts"].agg(F.count("*").alias("all"), bare).first()
    return Facts(
        title=title,
        generated_at=generated_at,
        inputs=_inputs(tables["batches"], hosts["all"] if hosts else 0),
        endpoints=_endpoint_facts(_busiest(endpoints, settings.max_endpoints)),
        totals=_totals(endpoints, reasons),
        histogram=Histogram(bins.labels, bins.ml, bins.session),
        comparison=_comparison(tables["comparisons"], settings.max_hosts),
        hosts_total=compared.hosts,
        quarantine=_quarantine(tables["quarantine"]),
        uncovered_hosts=hosts["bare"] if hosts else 0,
        documents=documents,
        schema_facts=collect_schema_facts(tables["schemas"]),
        notes=notes,
        reasons=reasons,
        buckets=compared.buckets,
        outlier_clients=outliers,
        outlier_clients_total=outliers_total,
        candidates=_candidates(tables["candidates"]),
    )


def _busiest(endpoints: DataFrame, most: int) -> DataFrame:
    return endpoints.orderBy(F.desc("requests"), "host", "path_template", "method").limit(most)


def _comparison(comparisons: DataFrame, most: int) -> list[HostComparison]:
    return [
        HostComparison(**{name: row[name] for name in HostComparison.__dataclass_fields__})
        for row in comparisons.orderBy(F.desc("ml"), "host").limit(most).collect()
    ]


def _totals(endpoints: DataFrame, reasons: Sequence[ReasonFact]) -> Totals:
    """Counts all rows, including those that the page does not show."""
    in_ml, in_session = (F.array_contains("variants", variant) for variant in ("ml", "session"))
    row = endpoints.agg(
        F.count_if(in_ml).alias("ml"),
        F.count_if(in_ml & in_session).alias("both"),
        F.count_if(~in_ml).alias("only_session"),
        F.count_distinct(F.when(in_ml, F.col("host"))).alias("hosts"),
    ).collect()[0]
    pages = sum(fact.endpoints for fact in reasons if fact.only_in == "session" and fact.reason in PAGES)
    return Totals(**row.asDict(), session_pages=min(pages, row["only_session"]))


def _inputs(batches: DataFrame, hosts: int) -> InputFacts:
    """Counts the input of the whole warehouse, not only of the last run."""
    row = batches.agg(
        F.count("*").alias("files"),
        *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in ("records", "valid", "quarantined")),
        F.min("first_time").alias("first_seen"),
        F.max("last_time").alias("last_seen"),
    ).collect()[0]
    return InputFacts(
        files=row["files"],
        read=row["records"],
        valid=row["valid"],
        quarantined=row["quarantined"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        hosts=hosts,
    )


def _endpoints(endpoints: DataFrame, schemas: DataFrame) -> DataFrame:
    """Merges both variants of an endpoint into one row, with its parameter count."""
    key = ("host", "method", "path_template")
    sizes = schemas.groupBy(*key).agg(F.max(F.size("parameters")).alias("parameters"))
    together = endpoints.groupBy(*key).agg(
        F.sort_array(F.collect_set("variant")).alias("variants"),
        *(
            F.max(name).alias(name)
            for name in ("requests", "successful", "clients", "probability", "last_seen", "state", *SPREAD)
        ),
        F.max("reasons").alias("reasons"),  # those of ml: session's are empty, which comes first in order
        F.min("first_seen").alias("first_seen"),
    )
    return together.join(sizes, list(key), "left").fillna(0, ["parameters"])


def _endpoint_facts(rows: DataFrame) -> list[EndpointFact]:
    names = tuple(field.name for field in fields(EndpointFact) if field.name not in ("spread", "why"))
    facts = []
    for row in rows.select(*names, "reasons", *SPREAD).collect():
        plain: dict[str, Any] = {name: row[name] for name in names} | {"variants": tuple(row["variants"])}
        spread = describe_spread(*(row[name] for name in SPREAD))
        facts.append(EndpointFact(**plain, spread=spread, why="; ".join(format_reasons(row["reasons"]))))
    return facts


def _candidates(rows: DataFrame) -> list[CandidateFact]:
    """Collects the candidates, the nearest to the threshold first.

    There are at most `selection.max_candidates`.
    """
    names = ("host", "method", "path_template", "requests", "clients", "probability")
    ordered = rows.orderBy(F.desc("probability"), "host", "path_template", "method").collect()
    return [
        CandidateFact(**{name: row[name] for name in names}, why="; ".join(format_reasons(row["reasons"])))
        for row in ordered
    ]


def _quarantine(quarantine: DataFrame) -> list[QuarantineFact]:
    """Counts records by reason, with the smallest example (the same in every run)."""
    reasons = (
        quarantine.select(F.explode("reasons").alias("reason"), F.coalesce("raw", F.lit("")).alias("raw"))
        .groupBy("reason")
        .agg(F.count("*").alias("records"), F.min(F.substring("raw", 1, EXAMPLE_CHARACTERS)).alias("example"))
        .orderBy(F.desc("records"), "reason")
        .limit(MAX_REASONS)
    )
    return [QuarantineFact(row["reason"], row["records"], row["example"]) for row in reasons.collect()]
