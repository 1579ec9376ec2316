"""Operators' decisions on frames: host patterns, names, aliases, ignore, save."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.decisions import template_parsing
from pipelines.decisions.checks import covers_host, sort_by_specificity
from pipelines.decisions.file import parse_decisions
from pipelines.decisions.spark import (
    host_matches,
    host_patterns,
    is_ignored,
    is_saved,
    select_operator_rules,
    with_aliases,
    with_operator_names,
)
from pipelines.decisions.tables import DECISIONS, load_decisions, store
from pipelines.paths.spark.steps import mask_path, split_steps
from pipelines.runtime.settings import Settings
from pipelines.runtime.tables import Warehouse
from tests.decision_examples import ALL_KINDS, parse_entries

PATHS = [
    *("/", "/users", "/users/me/orders", "/users/73519", "/users/42/orders", "/users.json", "/a.json/b"),
    *(
        "/users/73519.json",
        "/jobs/73519:cancel",
        "/jobs/x:cancel",
        "/jobs/x:Cancel",
        "/x:cancel/y",
        "/a.tar.gz",
    ),
    *("/report-2024-05-31.pdf", "/report-2024-05", "/report-2024.pdf", "/report-2024", "/report-2024/x"),
    *("/Products(5)", "/Products(5)/Name", "/(5)", "/Products('a b')", "/v1/2024-05-31", "/10.0.0.1/a"),
    *("/550e8400-e29b-41d4-a716-446655440000", "/550e8400-e29b-41d4-a716-446655440000.xml", "/redacted"),
    *("/a@b.example", "/1,2,3", "/%2B4912345678", "/dGhpcyBpcyBhIHRlc3Q=", "/.json", "/a.unknown", "/é.json"),
    *("/a b", "/$1", "/\\Q(", "/a:b.json", "/deadbeefdeadbeef.json", "/x-20240531.csv", "/**"),
]
HOSTS = [
    "shop.example.com",
    "a.b.example.com",
    "example.com",
    "localhost",
    "[::1]:8080",
    "x.example.com:8443",
]
PATTERNS = [
    "*",
    "*.example.com",
    "*.com",
    "*.b.example.com",
    "example.com",
    "*.example.com:8443",
    "[::1]:8080",
]
HOSTILE_TEXTS = ["", ".", "a$", "*", "\\E.example.com", "a\nb.example.com", "%.example.com", "_.example.com"]


def frame(spark: SparkSession, columns: str, *rows: Sequence[str]) -> DataFrame:
    names = ", ".join(f"{name} string" for name in columns.split())
    return spark.createDataFrame([tuple(row) for row in rows], names)


def test_paths_are_masked_and_cut_as_the_pipeline_does_it(spark: SparkSession, settings: Settings) -> None:
    masks = mask_path(F.col("path"), settings.paths)
    rows = frame(spark, "path", *([path] for path in PATHS)).withColumn("masked", masks)
    for row in rows.withColumn("steps", split_steps(F.col("masked"))).collect():
        assert template_parsing.mask_path(row["path"]) == row["masked"], row["path"]
        assert list(template_parsing.split_steps(row["masked"])) == row["steps"], row["path"]


def test_hosts_match_as_values_do_whatever_the_text(spark: SparkSession) -> None:
    rows = frame(spark, "host", *([host] for host in HOSTS + HOSTILE_TEXTS))
    asked = [*PATTERNS, *HOSTILE_TEXTS]
    matches = [host_matches(F.col("host"), pattern).alias(str(n)) for n, pattern in enumerate(asked)]
    for row in rows.select("host", host_patterns(F.col("host")).alias("patterns"), *matches).collect():
        found = [pattern for n, pattern in enumerate(asked) if row[str(n)]]
        assert found == [pattern for pattern in asked if covers_host(pattern, row["host"])]
        if row["host"] in HOSTS:
            among = [each for each in row["patterns"] if each in PATTERNS]
            assert among == sort_by_specificity({each for each in PATTERNS if covers_host(each, row["host"])})


def test_of_rules_of_one_step_that_of_the_most_specific_host_is_taken(spark: SparkSession) -> None:
    chosen = parse_entries(
        "never_template: /a, host: '*', note: every host",
        "merge: '/a/{b}', host: '*.example.com'",
        "never_template: /a, host: shop.example.com",
        "split: '/a/{b}', into: [me], host: '*'",
    )
    hosts = frame(spark, "host", *([host] for host in [*HOSTS[:2], *HOSTS[:2], "other.example"]))
    found = select_operator_rules(chosen, hosts)
    assert found.columns == ["host", "prefix", "step", "decision", "reason"]
    assert sorted(tuple(row)[:4] for row in found.collect()) == [
        ("a.b.example.com", "/a", "/me", "literal"),
        ("a.b.example.com", "/a", "/{}", "variable"),
        ("other.example", "/a", "/me", "literal"),
        ("other.example", "/a", "/{}", "literal"),
        ("shop.example.com", "/a", "/me", "literal"),
        ("shop.example.com", "/a", "/{}", "literal"),
    ]
    [reason] = found.where("host = 'other.example' AND step = '/{}'").select("reason").collect()
    assert reason[0] == "operators' decision: never_template /a (every host)"


def test_operators_names_stand_where_the_whole_shape_and_the_host_fit(spark: SparkSession) -> None:
    chosen = parse_entries(
        "rename: '/users/{userId}', to: '/users/{login}', host: shop.example.com",
        "pin: '/users/{uid}', host: '*'",
        "pin: '/files/{name}.json', host: '*.example.com'",
        "merge: '/shops/{s}/catalog/{item}', host: '*.example.com'",
    )
    given = [
        ("shop.example.com", "/users/{}", "/users/{userId}", "/users/{login}"),
        ("b.example.com", "/users/{}", "/users/{userId}", "/users/{uid}"),
        ("b.example.com", "/users/{}/x", "/users/{userId}/x", "/users/{userId}/x"),
        ("b.example.com", "/files/{}.json", "/files/{fileId}.json", "/files/{name}.json"),
        ("c.example", "/files/{}.json", "/files/{fileId}.json", "/files/{fileId}.json"),
        # merge names the last placeholder only, unless that name is taken
        ("b.example.com", "/shops/{}/catalog/{}", "/shops/{shopId}/catalog/{id}", "/shops/{shopId}/catalog/{item}"),
        ("b.example.com", "/shops/{}/catalog/{}", "/shops/{item}/catalog/{id}", "/shops/{s}/catalog/{item}"),
    ]  # fmt: skip
    templates = frame(spark, "host path_shape path_template expected", *given)
    renamed = with_operator_names(templates, chosen)
    assert renamed.columns == templates.columns
    for row in renamed.collect():
        assert row["path_template"] == row["expected"]


def test_aliased_hosts_are_one(spark: SparkSession) -> None:
    chosen = parse_entries(
        "host_alias: '*.shop.example', name: '{tenant}.shop.example'",
        "host_alias: www.shop.example, name: shop.example",
    )
    rows = frame(
        spark, "host path", ("a.shop.example", "/"), ("www.shop.example", "/"), ("shop.example", "/")
    )
    aliased = with_aliases(rows, chosen)
    assert aliased.columns == ["host", "path"]
    assert sorted(row["host"] for row in aliased.collect()) == [
        "shop.example",
        "shop.example",
        "{tenant}.shop.example",
    ]
    again = with_aliases(aliased, chosen)
    assert sorted(map(tuple, again.collect())) == sorted(map(tuple, aliased.collect()))


def test_what_is_ignored_or_saved_is_said_by_the_most_specific_decision(spark: SparkSession) -> None:
    chosen = parse_entries(
        "ignore: /health, host: '*'",
        "ignore: '/users/{id}', method: GET, host: '*.example.com'",
        "save: /health, method: GET, host: b.example.com",
        "save: '/users/{id}', host: '*.example.com'",
        "ignore: '/users/{id}', host: '*'",
    )
    given = [
        ("c.example", "GET", "/health", "ignore"),
        ("b.example.com", "GET", "/health", "save"),
        ("b.example.com", "PUT", "/health", "ignore"),
        ("b.example.com", "GET", "/health/x", ""),
        ("b.example.com", "GET", "/users/{userId}", "ignore"),
        ("b.example.com", "PUT", "/users/{}", "save"),
        ("c.example", "PUT", "/users/{userId}", "ignore"),
        ("c.example", "PUT", "/users/me", ""),
    ]
    rows = frame(spark, "host method path_template expected", *given)
    decided = rows.withColumns({"ignored": is_ignored(chosen), "saved": is_saved(chosen)})
    for row in decided.collect():
        assert (row["ignored"], row["saved"]) == (row["expected"] == "ignore", row["expected"] == "save"), row


def test_without_decisions_nothing_changes(spark: SparkSession) -> None:
    rows = frame(spark, "host method path_shape path_template", ("a", "GET", "/a/{}", "/a/{b}"))
    decided = rows.select(is_ignored(()), is_saved(())).collect()
    assert [tuple(row) for row in decided] == [(False, False)]
    assert with_operator_names(with_aliases(rows, ()), ()).collect() == rows.collect()
    assert select_operator_rules((), rows.select("host")).collect() == []


def test_texts_of_operators_are_never_read_as_patterns_or_code(spark: SparkSession) -> None:
    chosen = parse_entries(
        r"""save: '/a.c/$1/\Q(', host: '*.example.com'""",
        r"""rename: '/$0/[a-/{b}', to: '/$0/[a-/{c}', host: '*'""",
        r"""ignore: "/it's/`x`", host: '*'""",
    )
    given = [
        ("a.example.com", "GET", "/a.c/$1/\\Q(", "/a.c/$1/\\Q(", True, False),
        ("a.example.com", "GET", "/abc/$1/\\Q(", "/abc/$1/\\Q(", False, False),
        ("aXexampleXcom", "GET", "/a.c/$1/\\Q(", "/a.c/$1/\\Q(", False, False),
        ("x", "GET", "/$0/[a-/{}", "/$0/[a-/{bId}", False, False),
        ("x", "GET", "/it's/`x`", "/it's/`x`", False, True),
    ]
    names = (
        "host string, method string, path_shape string, path_template string, saved boolean, ignored boolean"
    )
    rows = spark.createDataFrame(given, names)
    decided = with_operator_names(rows, chosen).withColumns(
        {"is_saved": is_saved(chosen), "is_ignored": is_ignored(chosen)}
    )
    for row in decided.collect():
        assert (row["is_saved"], row["is_ignored"]) == (row["saved"], row["ignored"]), row
    assert decided.where("host = 'x' AND NOT ignored").collect()[0]["path_template"] == "/$0/[a-/{c}"


@pytest.mark.parametrize("text", [ALL_KINDS, "decisions: []"])
def test_stored_decisions_are_read_as_the_same_and_replaced_as_a_whole(
    warehouse: Warehouse, text: str
) -> None:
    assert load_decisions(warehouse) == ()
    store(parse_entries("ignore: /other, host: x", "ignore: /more, host: x"), warehouse)
    store(parse_decisions(text, "x"), warehouse)
    assert load_decisions(warehouse) == parse_decisions(text, "x")
    assert DECISIONS.read(warehouse).schema.names == DECISIONS.schema.names
