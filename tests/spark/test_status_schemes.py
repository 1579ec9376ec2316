"""Status classes, schemes and preflights, from transactions to the document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from pipelines.endpoints.spark.inventory import estimate_endpoints, select_candidates
from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import endpoint_from_row
from pipelines.runtime.settings import Settings
from pipelines.selection.columns import NO
from pipelines.selection.spark import select_requests
from tests.endpoint_rows import slice_rows, with_shapes

TRANSACTION = (
    "transaction_id string, host string, method string, path string, status int, scheme string, client string, "
    "user_agent string, response_content_type string, response_bytes bigint, request_header_names array<string>, "
    "time timestamp, day date, "
    "identifiers map<string,string>"
)
BROWSER, WHOLE = "Mozilla/5.0 (X11)", ["accept", "origin", "user-agent"]
QUESTION = [*WHOLE, "access-control-request-method"]
DAY = date(2026, 6, 1)


def requests() -> list[dict[str, Any]]:
    """Returns requests of three hosts.

    They are an API over plain http on a port, an old site that only redirects http, and a host whose log has no headers.
    """
    call = {
        "host": "a.example:8080",
        "method": "GET",
        "path": "/v1/users",
        "status": 200,
        "scheme": "http",
        "names": WHOLE,
    }
    asked = {**call, "method": "OPTIONS", "status": 204}
    old = {**call, "host": "b.example", "scheme": "https"}
    bare = {**call, "host": "c.example", "scheme": None, "names": []}
    found = [call] * 6 + [{**call, "status": status} for status in (101, 201, 301, 304, 304, 404, 500)]
    found += [{**asked, "names": QUESTION}] * 5  # preflights by their header
    found += [{**asked, "path": "/v1/caps", "agent": "curl/8.0"}] * 3  # OPTIONS as an operation of the API
    found += [old] * 2 + [{**old, "scheme": "http", "status": 308}] * 4
    found += [bare] * 2 + [
        {**bare, "method": "OPTIONS"}
    ] * 4  # no header names, but a browser, no response body, and a GET of the same path
    found += [{**bare, "method": "OPTIONS", "path": "/v1/alone"}] * 2  # no other method of the path
    found += [
        {**bare, "method": "OPTIONS", "path": "/v1/users/1", "agent": "davfs2/1.6"}
    ] * 2  # not a browser
    return found + [{**bare, "path": "/v1/users/1"}] * 2


def scored(given: DataFrame) -> DataFrame:
    """Scores preflights below the floor, where no slice is kept.

    They are counted nevertheless.
    """
    found = F.when(F.col("preflight") != NO, 0.001).otherwise(0.9)
    return given.withColumn("probability", found.cast("float"))


@pytest.fixture(scope="module")
def collected(spark: SparkSession, settings: Settings) -> list[Row]:
    full: list[tuple[Any, ...]] = [
        (f"t{number}", r["host"], r["method"], r["path"], r["status"], r["scheme"], f"c{number % 3}", r.get("agent", BROWSER),
         None if r["method"] == "OPTIONS" else "application/json", 0, r["names"], datetime(2026, 6, 1), DAY, {})
        for number, r in enumerate(requests())
    ]  # fmt: skip
    given = with_shapes(spark.createDataFrame(full, TRANSACTION), settings.paths)
    chosen = select_requests(
        given,
        variants=("ml",),
        settings=settings.selection,
        scored={"ml": scored},
    )
    kept = slice_rows(chosen, settings).localCheckpoint()
    found = select_candidates(kept, settings.endpoints).withColumn("listed", F.lit(True))
    every = estimate_endpoints(kept, settings.endpoints).withColumn("listed", F.lit(False))
    return found.unionByName(every).collect()


def select_endpoints(collected: list[Row], host: str, *, listed: bool = True) -> dict[str, Row]:
    mine = (row for row in collected if row["host"] == host and row["listed"] == listed)
    return {f"{row['method']} {row['path_template']}": row for row in mine}


def build_host_document(collected: list[Row], host: str) -> dict[str, Any]:
    endpoints = [
        endpoint_from_row({**row.asDict(recursive=True), "schema": None})
        for row in select_endpoints(collected, host).values()
    ]
    return build_document(host, endpoints, Origin("1", "ml"))


def test_every_class_of_status_is_told_as_it_was_counted(collected: list[Row]) -> None:
    built = build_host_document(collected, "a.example:8080")["paths"]["/v1/users"]["get"]
    assert {status: each["description"].split()[0] for status, each in built["responses"].items()} == {
        "1XX": "1", "2XX": "7", "304": "2", "3XX": "1", "4XX": "1", "5XX": "1",
    }  # fmt: skip
    assert built["x-census"]["requests"] == 13


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("a.example:8080", "http://a.example:8080"),
        ("b.example", "https://b.example"),
        ("c.example", "https://c.example"),
    ],
)
def test_servers_have_the_scheme_over_which_calls_were_answered(
    collected: list[Row], host: str, url: str
) -> None:
    assert build_host_document(collected, host)["servers"] == [{"url": url}]


def test_preflights_are_no_endpoints_and_are_counted_apart(collected: list[Row]) -> None:
    assert set(select_endpoints(collected, "a.example:8080")) == {"GET /v1/users", "OPTIONS /v1/caps"}
    asked = select_endpoints(collected, "a.example:8080", listed=False)["OPTIONS /v1/users"]
    assert (asked["requests"], asked["preflights"], asked["successful"], asked["probability"]) == (
        0,
        5,
        0,
        None,
    )


def test_without_header_names_the_evidence_decides(collected: list[Row]) -> None:
    assert set(select_endpoints(collected, "c.example")) == {
        "GET /v1/users", "OPTIONS /v1/alone", "GET /v1/users/{userId}", "OPTIONS /v1/users/{userId}",
    }  # fmt: skip
    assert select_endpoints(collected, "c.example", listed=False)["OPTIONS /v1/users"]["is_preflight"]
