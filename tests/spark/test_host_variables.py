"""Host variables are suggested only for subdomains with the same endpoints."""

from __future__ import annotations

from pyspark.sql import SparkSession

from pipelines.endpoints.spark.host_variables import find_host_variables

SHOP = [("GET", "/cart"), ("GET", "/items/{itemId}"), ("POST", "/orders")]
OTHER = [("GET", "/health"), ("POST", "/login"), ("GET", "/me")]


def test_only_subdomains_with_the_same_endpoints_are_suggested(spark: SparkSession) -> None:
    rows = [(f"{name}.shop.example", *each) for name in ("anna", "bert", "carl") for each in SHOP]
    rows += [
        ("anna.shop.example", "GET", "/rare")
    ]  # not called yet on the others: a quarter of its endpoints
    rows += [("admin.shop.example", *each) for each in OTHER]
    rows += [
        (f"{name}.bank.example", "GET", f"/{name}/{part}") for name in ("a", "b", "c") for part in ("x", "y")
    ]
    rows += [(f"10.0.0.{n}", *each) for n in range(4) for each in SHOP]
    rows += [(f"api.{name}.mail.example", *each) for name in ("de", "fr", "it", "es") for each in SHOP]
    found = find_host_variables(
        spark.createDataFrame(rows, "host string, method string, path_template string")
    )
    suggested = {row["pattern"]: (row["hosts"], row["examples"], row["endpoints"]) for row in found.collect()}
    assert suggested == {
        "api.{hostVar1}.mail.example": (
            4,
            [f"api.{name}.mail.example" for name in ("de", "es", "fr", "it")],
            3,
        )
    }


def test_three_alike_are_a_pattern_and_two_are_not(spark: SparkSession) -> None:
    schema = "host string, method string, path_template string"
    two = [(f"{name}.shop.example", *each) for name in ("test", "live") for each in SHOP]
    three = [*two, *(("demo.shop.example", *each) for each in SHOP)]
    assert find_host_variables(spark.createDataFrame(two, schema)).isEmpty()
    (row,) = find_host_variables(spark.createDataFrame(three, schema)).collect()
    assert (row["pattern"], row["hosts"], row["endpoints"]) == ("{hostVar1}.shop.example", 3, 3)
