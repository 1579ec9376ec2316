"""Endpoints inferred from the true API calls alone, as a list for a scorer.

This measures templates independently of discovery.

Reads Logpush-style NDJSON and a truth (RayID, is_api), infers templates from the successful API calls alone, and writes
host, method, path_template as NDJSON.

usage: python -m benchmarks true_calls TRAFFIC.ndjson.gz... --truth truth.csv.gz --out endpoints.ndjson
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import orjson
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.templates import infer_path_rules
from pipelines.paths.spark.evidence import count_calls_by_method
from pipelines.paths.spark.steps import mask_path
from pipelines.paths.spark.templates import assign_templates
from pipelines.runtime.settings import load_settings
from pipelines.runtime.settings_sections import PathSettings
from pipelines.runtime.spark import get_session

SCHEMA = (
    "RayID string, ClientRequestHost string, ClientRequestMethod string, ClientRequestURI string, EdgeResponseStatus int, "
    "ClientIP string, ClientRequestUserAgent string, EdgeStartTimestamp string"
)


def successful_calls(
    spark: SparkSession, traffic: list[str], truth: str, settings: PathSettings
) -> DataFrame:
    """Returns the distinct successful API calls.

    Rows are `host, method, path_shape, client, day`; an address with a program is a client.
    """
    api = spark.read.csv(truth, header=True).where(F.col("is_api") == "1").select("RayID")
    rows = (
        spark.read.schema(SCHEMA)
        .json(traffic)
        .join(api, "RayID")
        .where(F.col("EdgeResponseStatus").between(200, 399))
    )
    path = F.substring_index("ClientRequestURI", "?", 1)
    shaped = rows.select(
        F.lower("ClientRequestHost").alias("host"),
        F.col("ClientRequestMethod").alias("method"),
        mask_path(path, settings).alias("path_shape"),
        F.concat_ws(" ", "ClientIP", "ClientRequestUserAgent").alias("client"),
        F.coalesce(F.to_date(F.substring("EdgeStartTimestamp", 1, 10)), F.lit(date(1970, 1, 1))).alias("day"),
    )
    return shaped.distinct()


def collect_evidence(calls: DataFrame) -> DataFrame:
    """Turns rows of `successful_calls` into evidence, as discovery does."""
    paths = calls.where(F.col("path_shape").startswith("/")).groupBy("host", "path_shape")
    return paths.agg(
        F.countDistinct("client").alias("clients"),
        F.min("day").alias("first_day"),
        F.max("day").alias("last_day"),
        count_calls_by_method().alias("calls"),
    )


def main() -> None:
    """Writes the list and prints its length."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("traffic", nargs="+")
    parser.add_argument("--truth", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    settings = load_settings()
    spark = get_session("benchmark", settings.spark)
    calls = successful_calls(spark, options.traffic, options.truth, settings.paths).localCheckpoint()
    shapes = calls.select("host", "path_shape").distinct()
    rules = infer_path_rules(collect_evidence(calls), settings.paths)
    named = calls.join(assign_templates(shapes, rules, settings.paths), ["host", "path_shape"])
    rows = (
        named.select("host", "method", "path_template")
        .distinct()
        .orderBy("host", "path_template", "method")
        .collect()
    )
    options.out.write_bytes(b"".join(orjson.dumps(row.asDict()) + b"\n" for row in rows))
    print(f"{len(rows):,} endpoints in {options.out}")


if __name__ == "__main__":
    main()
