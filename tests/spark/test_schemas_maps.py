"""Maps whose keys look like names are found by counts and collapsed.

This happens before anything is stored, whatever the partitions.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.runtime.settings import Settings
from pipelines.schemas.statistics.senders import anonymise_pointer
from pipelines.schemas.statistics.spark.maps import anonymise_name, collapse_map_keys, find_maps
from pipelines.schemas.validation.spark import client_number

KEY = ("ml", "api.example", "POST", "/carts")
NAMES = [f"person{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(150)]


def sender_row(client: str, name: str, key: tuple[str, ...] = KEY, location: str = "body") -> tuple[Any, ...]:
    return (*key, location, name, client)


def senders_of(rows: DataFrame) -> DataFrame:
    """Groups sender rows as learning stores them, split over two days."""
    number = client_number(F.col("client"))
    day = F.date_add(F.lit("2026-06-01").cast("date"), F.pmod(number, 2).cast("int"))
    kind = F.struct(
        F.lit("text").alias("kind"),
        F.array_sort(F.collect_set(number)).alias("clients"),
    )
    sent = rows.groupBy(*ENDPOINT_KEY, "location", "name", day.alias("day")).agg(F.array(kind).alias("kinds"))
    names = sorted({row["name"] for row in rows.select("name").distinct().collect()})
    digits = rows.sparkSession.createDataFrame(
        [(one, anonymise_pointer(one)) for one in names], "name string, digits string"
    )
    return sent.join(digits, "name").withColumn("name", F.col("digits"))


def test_hundreds_of_names_of_few_clients_are_keys(spark: SparkSession, settings: Settings) -> None:
    rows = [
        sender_row(f"c{n % 30}", f"/seats/{name}{below}")
        for n, name in enumerate(NAMES)
        for below in ("", "/row")
    ]
    rows += [
        sender_row(f"c{n}", name) for n in range(30) for name in ("", "/seats", "/seats/total", "/seats/{}")
    ]
    # a key that several clients happen to send is still a key
    rows += [sender_row(f"c{n}", f"/seats/{NAMES[7]}") for n in range(6)]
    rows += [
        sender_row("c1", "/seats/persona", location="query"),
        sender_row("c2", "/seats/personzz/{}", location="key"),
    ]
    rows += [
        sender_row("c1", "/few/a"),
        sender_row("c1", f"/seats/{NAMES[0]}", ("ml", "api.example", "POST", "/other")),
    ]
    rows += [sender_row(f"c{n}", f"/form/field{number}") for n in range(4) for number in range(150)]
    frame = spark.createDataFrame(
        rows, ", ".join(f"{name} string" for name in (*ENDPOINT_KEY, "location", "name", "client"))
    )
    found = collapse_map_keys(frame, find_maps(senders_of(frame), settings.schemas))
    assert found.count() == len(rows)
    names = {
        (row["path_template"], row["location"], row["name"])
        for row in found.collect()
        if "field" not in row["name"]
    }
    assert names == {
        ("/carts", "body", ""), ("/carts", "body", "/seats"), ("/carts", "body", "/seats/total"), ("/carts", "body", "/seats/{}"),
        ("/carts", "body", "/seats/{}/row"), ("/carts", "query", "/seats/persona"), ("/carts", "key", "/seats/{}/{}"),
        ("/carts", "body", "/few/a"), ("/other", "body", f"/seats/{NAMES[0]}"),
    }  # fmt: skip
    fields = {row["name"] for row in found.where("name LIKE '%field%'").collect()}
    assert len(fields) == 150  # every client sends them: a large form, not a map


def test_spark_has_the_same_digits_for_a_name(spark: SparkSession) -> None:
    names = ["Anna Schmidt", "é~1x", "0", "x" * 300]
    frame = spark.createDataFrame([(one,) for one in names], "name string")
    found = {
        row["name"]: row["digits"]
        for row in frame.select("name", anonymise_name(F.col("name")).alias("digits")).collect()
    }
    assert {name: f"/{digits}/*/{{}}" for name, digits in found.items()} == {
        name: anonymise_pointer(f"/{name}/*/{{}}") for name in names
    }
