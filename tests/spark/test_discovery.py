"""Selection, endpoints and comparison on rows that one can count by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.endpoints.spark.comparison import (
    BY_FAMILY,
    NONE_CARRIES,
    NOT_NAMED,
    NOT_RUN,
    REDIRECTIONS,
    TOO_FEW,
    compare_hosts,
    count_reasons,
    explain_exclusive_endpoints,
    join_variants,
    summarise_comparison,
)
from pipelines.endpoints.spark.inventory import select_candidates
from pipelines.endpoints.tables import COUNTS
from pipelines.paths.spark.templates import assign_templates, derive_shape
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings import SelectionSettings, SessionIdentifier, Settings
from pipelines.selection.spark import select_requests
from tests.endpoint_rows import merge_slices, slice_rows, with_shapes

ROW = (
    "transaction_id string, host string, method string, path string, status int, time timestamp, day date, client string, "
    "response_content_type string, identifiers map<string,string>, p float, scheme string, user_agent string, "
    "request_header_names array<string>, response_bytes bigint"
)
DAYS = (date(2026, 10, 30), date(2026, 10, 31))


def transactions(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    """Creates transactions.

    Each row: host, method, path, status, day number, client, identifiers, probability.
    """
    full = [
        (
            f"t{number}",
            h,
            m,
            p,
            s,
            datetime.combine(DAYS[d], datetime.min.time()),
            DAYS[d],
            c,
            "application/json",
            ids,
            prob,
            "https",
            "Mozilla/5.0",
            ["user-agent"],
            None,
        )
        for number, (h, m, p, s, d, c, ids, prob) in enumerate(rows)
    ]
    return spark.createDataFrame(full, ROW)


def traffic(spark: SparkSession) -> DataFrame:
    sid = {"cookie:sid": "h1"}
    return transactions(
        spark,
        ("a.example", "GET", "/users/1", 200, 0, "c1", sid, 0.9),
        ("a.example", "GET", "/users/2", 200, 1, "c2", sid, 0.8),
        ("a.example", "GET", "/users/3", 404, 1, "c2", {}, 0.7),
        ("a.example", "POST", "/login", 200, 1, "c3", {}, 0.9),
        ("a.example", "GET", "/about", 200, 1, "c1", sid, 0.1),
        ("a.example", "GET", "/wp-admin", 404, 1, "c9", {}, 0.9),
        ("b.example", "GET", "/v1/items", 200, 0, "c1", sid, 0.95),
    )


def with_given_probability(rows: DataFrame) -> DataFrame:
    return rows.withColumn("probability", F.col("p"))


def selection_settings(settings: Settings) -> SelectionSettings:
    return settings.selection.model_copy(
        update={"sessions": {"a.example": SessionIdentifier(location="cookie", name="sid")}}
    )


def select_and_slice(spark: SparkSession, settings: Settings, rows: DataFrame) -> DataFrame:
    shaped = with_shapes(rows, settings.paths)
    chosen = select_requests(
        shaped,
        variants=("ml", "session"),
        settings=selection_settings(settings),
        scored={"ml": with_given_probability},
    )
    return slice_rows(chosen, settings)


def test_both_variants_find_what_they_can_see(spark: SparkSession, settings: Settings) -> None:
    endpoints = merge_slices(
        select_and_slice(spark, settings, traffic(spark)), settings.endpoints, settings.selection
    ).collect()
    named = {(e["variant"], e["host"], e["method"], e["path_template"]): e for e in endpoints}
    assert set(named) == {
        ("ml", "a.example", "GET", "/users/{userId}"),
        ("ml", "a.example", "POST", "/login"),
        ("ml", "b.example", "GET", "/v1/items"),
        ("session", "a.example", "GET", "/users/{userId}"),
        ("session", "a.example", "GET", "/about"),
    }
    users = named["ml", "a.example", "GET", "/users/{userId}"]
    assert (
        users["requests"],
        users["successful"],
        users["client_errors"],
        users["clients"],
        users["days"],
    ) == (3, 2, 1, 2, 2)
    assert abs(users["probability"] - 0.85) < 1e-6  # from c1 and c2: the 404 does not count
    assert named["session", "a.example", "GET", "/about"]["probability"] is None


def test_comparison_counts_hosts_with_and_without_an_identifier(
    spark: SparkSession, settings: Settings
) -> None:
    """On a.example both variants list users, ml the login and session a page.

    A second page is listed by neither.
    """
    more = transactions(spark, ("a.example", "GET", "/terms", 200, 1, "c5", {}, 0.1))
    slices_of_both = select_and_slice(spark, settings, traffic(spark).unionByName(more))
    hosts = spark.createDataFrame(
        [("a.example", "cookie:sid"), ("b.example", None)], "host string, session_key string"
    )
    both = join_variants(select_candidates(slices_of_both, settings.endpoints), hosts, 0.4).localCheckpoint()
    table = compare_hosts(both).localCheckpoint()
    by_host = {row["host"]: row.asDict() for row in table.collect()}
    names = ("ml", "session", "both", "only_ml", "only_session", "neither", "bucket")
    assert [by_host["a.example"][name] for name in names] == [2, 2, 1, 1, 1, 1, "unchanged"]
    assert (by_host["b.example"]["covered"], by_host["b.example"]["bucket"]) == (False, "not covered")
    figures = summarise_comparison(table, [0, 1, 2, 5])
    assert figures.agreement == 1 / 3
    assert figures.kappa == 0
    assert figures.histogram.labels == ("0", "1", "2", "3–5", "over 5")
    assert figures.histogram.ml == (0, 1, 1, 0, 0)
    assert figures.histogram.session == (1, 0, 1, 0, 0)
    assert set(count_reasons(explain_exclusive_endpoints(both, {"ml", "session"}))) == {
        ("ml", NONE_CARRIES, 1), ("ml", NOT_NAMED, 1), ("session", BY_FAMILY["data"], 1),
    }  # fmt: skip
    assert set(count_reasons(explain_exclusive_endpoints(both, {"ml"}))) == {
        ("ml", NOT_NAMED, 1), ("ml", NOT_RUN, 1), ("session", BY_FAMILY["data"], 1),
    }  # fmt: skip


def test_reasons_follow_from_the_counts(spark: SparkSession) -> None:
    none = dict.fromkeys(COUNTS, 0)
    cases = [
        (True, {"successful": 9, "with_identifier": 2, "data": 9}, TOO_FEW),
        (True, {"successful": 9, "data": 9}, NONE_CARRIES),
        (False, {"successful": 9, "with_identifier": 9, "html": 5, "data": 4}, BY_FAMILY["html"]),
        (False, {"successful": 9, "with_identifier": 9, "asset": 9}, BY_FAMILY["asset"]),
        (False, {"successful": 4, "with_identifier": 9, "html": 9, "redirects": 5}, REDIRECTIONS),
        (False, {"successful": 9, "with_identifier": 9, "untyped": 6}, BY_FAMILY["untyped"]),
        (False, {"successful": 9, "with_identifier": 9, "data": 3}, BY_FAMILY["other"]),
    ]
    rows = [
        ("a.example", "GET", f"/{n}", True, in_ml, not in_ml, 0.1, *(none | counts).values())
        for n, (in_ml, counts, _) in enumerate(cases)
    ]
    endpoints = spark.createDataFrame(
        rows,
        "host string, method string, path_template string, covered boolean, in_ml boolean, in_session boolean, "
        "probability double, " + ", ".join(f"{name} bigint" for name in COUNTS),
    )
    reasons = {
        row["path_template"]: row["reason"]
        for row in explain_exclusive_endpoints(endpoints, {"ml", "session"}).collect()
    }
    assert reasons == {f"/{n}": reason for n, (_, _, reason) in enumerate(cases)}


def test_the_most_specific_session_pattern_wins(spark: SparkSession, settings: Settings) -> None:
    sessions = {
        "*": SessionIdentifier(location="header", name="X-Any"),
        "*.example": SessionIdentifier(location="cookie", name="wide"),
        "*.shop.example": SessionIdentifier(location="cookie", name="narrow"),
        "a.shop.example": SessionIdentifier(location="jwt", name="sub"),
    }
    from pipelines.selection.spark import with_session_key

    named = ("a.shop.example", "b.shop.example", "c.example", "d.test")
    hosts = spark.createDataFrame([(host,) for host in named], "host string")
    keys = {row["host"]: row["session_key"] for row in with_session_key(hosts, sessions).collect()}
    assert keys == {
        "a.shop.example": "jwt:sub", "b.shop.example": "cookie:narrow", "c.example": "cookie:wide", "d.test": "header:x-any",
    }  # fmt: skip


PATHS = [
    ("/users//42/", "/users/{}"),
    ("/users/42;v=1/x", "/users/{}/x"),
    ("/", "/"),
    ("/api/v2/user/7f577081-7003-451e-9abe-eb2e8a0f103d", "/api/v2/user/{}"),
    ("/2015-05-01-preview/x", "/2015-05-01-preview/x"),
    ("/users/{userId}", "/users/%7BuserId%7D"),
    ("/a/redacted", "/a/{}"),
    ("/" + "/".join("x" * 30), "/" + "/".join("x" * 24) + "/**"),
    ("*", "*"),
]


def test_paths_become_shapes(spark: SparkSession, settings: Settings) -> None:
    rows = spark.createDataFrame([(path,) for path, _ in PATHS], "path string")
    assert [row[0] for row in rows.select(derive_shape(F.col("path"), settings.paths)).collect()] == [
        s for _, s in PATHS
    ]


def test_every_request_gets_its_template(spark: SparkSession, settings: Settings) -> None:
    rows = spark.createDataFrame(
        [("a", "/users/1"), ("a", "/users/2"), ("a", "/me")], "host string, path string"
    )
    none = spark.createDataFrame([], PATH_RULES.schema)
    assigned = assign_templates(rows.withColumnRenamed("path", "path_shape"), none, settings.paths).collect()
    assert sorted(tuple(r) for r in assigned) == [
        ("a", "/me", "/me"), ("a", "/users/1", "/users/{userId}"), ("a", "/users/2", "/users/{userId}"),
    ]  # fmt: skip
