"""Checks of requests on Spark: one outcome per transaction, findings that add up.

Findings about names, paths and hosts that clients invent are bounded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.conformance.spark import (
    RESOLVED_TEMPLATE,
    check_requests,
    count_by_endpoint,
    sort_by_severity,
    summarise_findings,
)
from pipelines.conformance.tables import VIOLATIONS
from pipelines.runtime.settings import Settings
from pipelines.runtime.tables import Warehouse
from tests.conformance_examples import HOST, checker, get, openapi, post, query

COLUMNS = (
    "transaction_id string, host string, method string, path string, query string, request_content_type string, "
    "request_body string, client string, time timestamp, status int"
)
DOCUMENT = openapi(
    {
        "/users/{id}": get(
            {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
            query(
                "page",
                {
                    "type": "integer",
                    "maximum": 9,
                    "x-census": {"constraints": {"maximum": {"confidence": 0.9}}},
                },
            ),
        ),
        "/users": post({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}),
    }
)


def moment(second: int) -> datetime:
    return datetime(2026, 6, 1, 12, 0, second, tzinfo=UTC)


def row(
    number: int, path: str, sent: str | None = None, *, client: str = "a", status: int = 200, **rest: Any
) -> tuple[Any, ...]:
    fields = {"host": HOST, "method": "GET", "media": None, "body": None, **rest}
    return (
        f"t{number}",
        fields["host"],
        fields["method"],
        path,
        sent,
        fields["media"],
        fields["body"],
        client,
        moment(number),
        status,
    )


@pytest.fixture
def checked(spark: SparkSession, settings: Settings) -> DataFrame:
    rows = [
        row(1, "/users/5", "page=3"),
        row(2, "/users/5", "page=30", client="a"),
        row(3, "/users/6", "page=40", client="b", status=400),
        row(4, "/users/x'--", client="b"),
        row(5, "/users", method="POST", media="application/json", body='{"name":1}'),
        row(6, "/logs/2024/7c9e6679-7425-40de-944b-e07fc1f90ae7/12"),
        row(7, "/users/5", "cache=1"),
        row(8, "/", host="other.example.com"),
        row(9, "/users/5", method="DELETE"),
    ]
    frame = spark.createDataFrame(rows, COLUMNS).repartition(3)
    return check_requests(frame, checker(DOCUMENT).routes, settings.conformance)


def summarise_by_place(checked: DataFrame, settings: Settings) -> dict[tuple[str, ...], dict[str, Any]]:
    rows = sort_by_severity(summarise_findings(checked, settings.conformance, settings.paths)).collect()
    key = ("method", "path_template", "location", "name", "rule", "value_class", "severity")
    return {tuple(one[name] for name in key): one.asDict() for one in rows}


def test_findings_are_summed_up_with_who_when_and_which(checked: DataFrame, settings: Settings) -> None:
    findings = summarise_by_place(checked, settings)
    assert list(findings) == [  # worst first
        ("GET", "/users/{id}", "path", "id", "type", "suspicious", "high"),
        ("POST", "/users", "body", "/name", "type", "integer", "high"),
        ("GET", "/users/{id}", "query", "page", "maximum", "integer", "medium"),
        ("DELETE", "/users/{id}", "", "", "unknown-method", "", "info"),
        ("GET", "/logs/{}/{}/{}", "", "", "unknown-endpoint", "", "info"),
        ("GET", "/users/{id}", "query", "cache", "unknown-parameter", "integer", "info"),
        ("", "", "", "", "unknown-host", "", "info"),
    ]
    maximum = findings["GET", "/users/{id}", "query", "page", "maximum", "integer", "medium"]
    assert (maximum["requests"], maximum["successes"], maximum["clients"], maximum["confidence"]) == (
        2,
        1,
        2,
        0.9,
    )
    assert sorted(maximum["transaction_ids"]) == ["t2", "t3"]
    assert maximum["last_seen"] - maximum["first_seen"] == moment(3) - moment(2)


def test_every_transaction_has_one_verdict(checked: DataFrame) -> None:
    assert {one["transaction_id"]: one["outcome"] for one in checked.collect()} == {
        "t1": "conform", "t2": "violate", "t3": "violate", "t4": "violate", "t5": "violate",
        "t6": "unknown", "t7": "conform", "t8": "unknown", "t9": "unknown",
    }  # fmt: skip


def test_endpoints_are_counted_without_what_no_document_knows(checked: DataFrame) -> None:
    rows = {one["path_template"]: one for one in count_by_endpoint(checked).collect()}
    assert {
        path: (one["requests"], one["violate"], one["violate_successes"]) for path, one in rows.items()
    } == {
        "/users/{id}": (5, 3, 2),
        "/users": (1, 1, 1),
    }
    assert rows["/users/{id}"]["rate"] == 0.6


def test_what_clients_invent_is_bounded_and_nothing_is_lost(spark: SparkSession, settings: Settings) -> None:
    names = [f"made{chr(97 + n)}up" for n in range(20)]
    rows = [row(n, "/users/5", f"{name}=1", client=f"c{n}") for n, name in enumerate(names)]
    rows += [row(20 + n, f"/{name}") for n, name in enumerate(names)]
    rows += [row(40, "/", host=f"{name}.example.com") for name in names]
    few = settings.conformance.model_copy(update={"max_unknown": 3, "transaction_ids": 2})
    checked = check_requests(spark.createDataFrame(rows, COLUMNS), checker(DOCUMENT).routes, few)
    findings = summarise_findings(checked, few, settings.paths)
    sums = {
        one["rule"]: (one["rows"], one["requests"], one["others"])
        for one in findings.groupBy("rule")
        .agg(
            F.count("*").alias("rows"),
            F.sum("requests").alias("requests"),
            F.count_if(F.lit("(others)").isin(F.col("host"), F.col("path_template"), F.col("name"))).alias(
                "others"
            ),
        )
        .collect()
    }
    assert sums == {
        "unknown-parameter": (4, 20, 1),
        "unknown-endpoint": (4, 20, 1),
        "unknown-host": (4, 20, 1),
    }
    rest = findings.where("name = '(others)'").collect()[0]
    assert (rest["requests"], rest["clients"], len(rest["transaction_ids"])) == (17, 17, 1)


def test_batch_replaces_its_own_rows_only(
    checked: DataFrame, settings: Settings, warehouse: Warehouse
) -> None:
    rows = summarise_findings(checked, settings.conformance, settings.paths)
    for batch, part in (("a1", rows), ("b2", rows), ("a1", rows.where("severity = 'high'"))):
        VIOLATIONS.replace(part.withColumn("batch", F.lit(batch)), warehouse, f"batch = '{batch}'")
    counted = {
        one["batch"]: one["count"] for one in VIOLATIONS.read(warehouse).groupBy("batch").count().collect()
    }
    assert counted == {"a1": 2, "b2": 7}


def test_where_learning_resolved_the_paths_no_other_template_is_looked_for(
    spark: SparkSession, settings: Settings
) -> None:
    rows = [row(1, "/users/x.html"), row(2, "/users/x"), row(3, "/users/7")]
    learned = {
        "/users/x.html": "/users/{userId}.html",
        "/users/x": "/users/{userId}",
        "/users/7": "/users/{userId}",
    }
    resolved = F.create_map(*(F.lit(text) for pair in learned.items() for text in pair))[F.col("path")]
    frame = spark.createDataFrame(rows, COLUMNS).withColumn(RESOLVED_TEMPLATE, resolved)
    checked = check_requests(frame, checker(DOCUMENT).routes, settings.conformance)
    assert {one["transaction_id"]: one["outcome"] for one in checked.collect()} == {
        "t1": "unknown", "t2": "violate", "t3": "conform",
    }  # fmt: skip
