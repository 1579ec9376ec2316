"""Extraction of values from requests on Spark, including hostile ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DateType,
    IntegerType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from pipelines.http.value_formats import MAX_CHARACTERS
from pipelines.requests.parameter_names import NAME_CHARACTERS
from pipelines.requests.urlencoded import MAX_PAIRS
from pipelines.schemas.extraction.spark import extract_batches
from tests import strategies
from tests.schema_rows import values_of

DAY = date(2026, 6, 1)
TEXT = StringType()
TRANSACTIONS = StructType(
    [
        *(StructField(name, TEXT) for name in ("variant", "host", "method", "path_template")),
        StructField("day", DateType()),
        StructField("time", TimestampType()),
        StructField("status", IntegerType()),
        *(
            StructField(name, TEXT)
            for name in ("path", "query", "client", "request_content_type", "request_body")
        ),
        *(StructField(name, ArrayType(TEXT)) for name in ("request_header_names", "cookie_names")),
    ]
)


def request(
    path_template: str,
    path: str,
    query: str | None = None,
    client: str = "c",
    status: int = 200,
    body: tuple[str | None, str | None] = (None, None),
    hour: int = 0,
    names: tuple[list[str], list[str]] = ([], []),
) -> Any:
    """Creates a transaction.

    `body` is its content type and text, `names` are its header fields and cookies.
    """
    time = datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC)
    return ("ml", "a.example", "GET", path_template, DAY, time, status, path, query, client, *body, *names)


def extract_values(spark: SparkSession, requests: Iterable[Any]) -> DataFrame:
    return values_of(extract_batches(spark.createDataFrame(list(requests), TRANSACTIONS)))


def count_url_parameters(spark: SparkSession, *requests: Any) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Maps (location, name, value) of URL parameters to (values, requests)."""
    return {
        place[:3]: counts
        for place, counts in count_values(spark, requests).items()
        if place[0] in ("path", "query")
    }


def count_values(
    spark: SparkSession, requests: Iterable[Any]
) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """Maps (location, name, value, kind) to (values, requests)."""
    place = ("location", "name", "value", "kind")
    rows = extract_values(spark, requests).groupBy(*place).agg(F.sum("n"), F.sum("requests")).collect()
    return {row[:4]: row[4:] for row in rows}


def path_parameters(spark: SparkSession, path_template: str, path: str) -> dict[str, str]:
    return {name: value for (_, name, value) in count_url_parameters(spark, request(path_template, path))}


def query_parameters(spark: SparkSession, query: str) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (name, value): counts
        for (_, name, value), counts in count_url_parameters(spark, request("/", "/", query)).items()
    }


@pytest.mark.parametrize(
    ("path_template", "path", "expected"),
    [
        ("/users/{id}", "/users/42", {"id": "42"}),
        (
            "/users/{id}/orders/{orderId}",
            "//users/1//orders/2/",
            {"id": "1", "orderId": "2"},
        ),  # empty segments
        ("/users/{id}", "/users/a%20b%2Fc+d", {"id": "a b/c+d"}),  # "+" is not a space in a path
        ("/users/{id}", "/users/%zz", {"id": "%zz"}),  # a malformed escape stays as it is
        ("/users/{id}", "/users/42;v=1", {"id": "42"}),  # matrix parameters
        ("/users/{id}", "/users/42/more", {}),  # does not match the template
        ("/files/{id}/**", "/files/1/a/b/c", {"id": "1"}),
        ("/files/{id}/**", "/files/1", {"id": "1"}),
        ("/r/report-{date}.pdf", "/r/report-2024-05-31.pdf", {"date": "2024-05-31"}),
        ("/r/report-{date}.pdf", "/r/other.pdf", {}),
        ("/r/{id}.json", "/r/a.b.json", {"id": "a.b"}),
        ("/p/{lat},{lon}", "/p/1.5,-2", {"lat": "1.5", "lon": "-2"}),
        (
            "/p/{a}-{b}-{c}",
            "/p/" + "-" * 2000,
            {"a": "-" * 1996, "b": "-", "c": "-"},
        ),  # costs no more than its length
        ("/x/(a+)+{id}[", "/x/(a+)+7[", {"id": "7"}),  # literals are not patterns
        ("/x/\\E.*{id}$1", "/x/\\E.*7$1", {"id": "7"}),
        ("/x/\\E.*{id}", "/x/abc7", {}),
        ("/x/{not a name}/{}", "/x/1/2", {}),
        ("/", "/", {}),
    ],
)
def test_placeholders_get_the_text_that_stands_in_their_place(
    spark: SparkSession, path_template: str, path: str, expected: dict[str, str]
) -> None:
    assert path_parameters(spark, path_template, path) == expected


def test_query_is_split_and_decoded_as_browsers_encode_it(spark: SparkSession) -> None:
    found = query_parameters(spark, "page=1&q=a+b&flag&e=&&=nameless&a%5B%5D=x%26y&p=%2B&u=1=2&bad=%zz")
    assert found == {
        ("page", "1"): (1, 1),
        ("q", "a b"): (1, 1),
        ("flag", ""): (1, 1),
        ("e", ""): (1, 1),
        ("a[]", "x&y"): (1, 1),
        ("p", "+"): (1, 1),
        ("u", "1=2"): (1, 1),
        ("bad", "%zz"): (1, 1),
    }


def test_repeated_names_keep_all_values_and_count_their_request_once(spark: SparkSession) -> None:
    assert query_parameters(spark, "id=1&id=2&id=1&x=1") == {
        ("id", "1"): (2, 1),
        ("id", "2"): (1, 0),
        ("x", "1"): (1, 1),
    }


def test_hours_of_a_value_are_bits_and_the_evening_is_apart(spark: SparkSession) -> None:
    sent = [request("/a", "/a", "q=1", hour=hour) for hour in (3, 5, 17, 18, 23)]
    rows = extract_values(spark, sent).where("name = 'q'").collect()
    assert {(row["is_late"], row["hours"], row["n"]) for row in rows} == {
        (False, 1 << 3 | 1 << 5 | 1 << 17, 3),
        (True, 1 << 18 | 1 << 23, 2),
    }


def test_only_successful_requests_teach(spark: SparkSession) -> None:
    requests = [request("/", "/", f"s={status}", status=status) for status in (199, 200, 299, 300, 404, 500)]
    assert {value for _, _, value in count_url_parameters(spark, *requests)} == {"200", "299"}


def test_every_successful_request_is_counted_once_for_presence(spark: SparkSession) -> None:
    rows = extract_values(spark, [request("/", "/", "a=1&b=2")] * 3 + [request("/", "/", None, client="d")])
    counts = {
        row["client"]: (row["n"], row["requests"]) for row in rows.where("location = 'request'").collect()
    }
    assert counts == {"c": (3, 3), "d": (1, 1)}


def test_names_and_values_are_cut(spark: SparkSession) -> None:
    ((name, value),) = query_parameters(spark, f"{'n ' * 500}={'v' * 5000}")
    assert (len(name), len(value)) == (NAME_CHARACTERS, MAX_CHARACTERS)


def test_one_request_cannot_give_parameters_without_end(spark: SparkSession) -> None:
    assert len(query_parameters(spark, "&".join(f"p{i}=1" for i in range(3 * MAX_PAIRS)))) == MAX_PAIRS


def test_values_in_the_place_of_names_are_no_parameters(spark: SparkSession) -> None:
    found = query_parameters(
        spark, "1718000001=&a%40b.example&7f577081-0c1e-4b2f-9d3a-000000000000=1&0=a&ok=1&redacted=x"
    )
    assert {name for name, _ in found} == {"0", "ok", "redacted"}


def test_hostile_requests_are_read_without_an_error(spark: SparkSession) -> None:
    hostile = strategies.HOSTILE
    requests = [request(f"/{text}/{{id}}x{text}", f"/{text}/1x{text}", f"{text}={text}") for text in hostile]
    requests += [request(text, text, text) for text in hostile]
    rows = extract_values(spark, requests).where("location = 'request'")
    assert sum(row["n"] for row in rows.collect()) == len(requests)


def test_bodies_lists_and_doubled_slashes_are_observed(spark: SparkSession) -> None:
    json_body = ("application/json", '{"a": "1", "b": [2, 2], "c d": null, "e": {}}')
    form_body = ("application/x-www-form-urlencoded", "a=1&b=x+y&a=2")
    requests = [
        request("/", "/", body=json_body),
        request("/", "/", "tag=red,green,red&q=a", body=form_body),
        request("/x", "//x", body=("application/json", "{broken")),
        request("/", "/", body=("text/plain", "hello")),
    ]
    found = count_values(spark, requests)
    assert {place: n for place, n in found.items() if place[0] not in ("request", "query")} == {
        ("body", "", "", "object"): (1, 1), ("body", "/a", "1", "digits"): (1, 1), ("body", "/b", "2", "array"): (1, 1),
        ("body", "/b/*", "2", "integer"): (2, 1), ("body", "/c d", "null", "null"): (1, 1), ("body", "/e", "", "object"): (1, 1),
        ("form", "a", "1", "integer"): (1, 1), ("form", "a", "2", "integer"): (1, 0), ("form", "b", "x y", "text"): (1, 1),
        ("item", "tag", "red", "text"): (2, 0), ("item", "tag", "green", "text"): (1, 0), ("written", "//x", "", "empty"): (1, 1),
        ("media", "application/json", "", "empty"): (2, 2), ("media", "text/plain", "", "empty"): (1, 1),
        ("media", "application/x-www-form-urlencoded", "", "empty"): (1, 1),
    }  # fmt: skip


def test_headers_cookies_parts_and_items_are_observed(spark: SparkSession) -> None:
    upload = '--X\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n--X--'
    names = (["accept", "x-version"], ["_ga", "sid"])
    sent = request("/", "/", "t=a|b&f%5Bx%5D=1", body=("multipart/form-data", upload), names=names)
    rows = extract_values(spark, [sent]).where("location != 'request'").collect()
    assert {(r["location"], r["name"], r["value"], r["requests"]) for r in rows} == {
        ("query", "t", "a|b", 1), ("query", "f[x]", "1", 1), ("item", "t", "a", 0), ("item", "t", "b", 0),
        ("header", "x-version", "redacted", 1), ("cookie", "sid", "redacted", 1), ("part", "n", "v", 1),
        ("media", "multipart/form-data", "", 1),
    }  # fmt: skip


def test_an_empty_partition_gives_nothing(spark: SparkSession) -> None:
    assert extract_values(spark, []).collect() == []
