"""Values → slices per day → evidence → judged schemas, on Spark.

The judgement itself is plain Python, called once an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas import columns
from pipelines.schemas.evidence import Evidence, KindEvidence
from pipelines.schemas.json_schema import json_schema, without_evidence
from pipelines.schemas.judge import judge
from pipelines.schemas.kind_column import kind
from pipelines.schemas.table import PARAMETER_KEY, PARAMETER_SCHEMA, SCHEMAS_SCHEMA
from pipelines.settings import SchemaSettings

EVIDENCE_COLUMNS = ("n", "requests", "clients", "days", "kinds")
JUDGED = StructType([*PARAMETER_SCHEMA.fields, StructField("shape", StringType(), False)])
"""A judged parameter and `shape`, its schema without evidence: what tells one version from the next."""


def slices(values: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Rows of `parameter_values` → rows of `PARAMETER_SLICES_SCHEMA`: one per parameter, kind and day."""
    known = values.withColumn("kind", kind(F.col("value")))
    return known.groupBy(*PARAMETER_KEY, "kind", "day").agg(*columns.observed_state(settings.sketch_log2))


def merged(parameter_slices: DataFrame) -> DataFrame:
    """Slices of any days → one row per parameter and kind; `days` (array) stands in place of `day`."""
    return parameter_slices.groupBy(*PARAMETER_KEY, "kind").agg(*columns.merged_state())


def evidence(states: DataFrame) -> DataFrame:
    """Rows of `merged` → one row per parameter.

    Returns: `PARAMETER_KEY`, `n, requests, clients` (bigint), `days` (int), `kinds` (array of kind, n,
    clients, distinct, days, low, high, sorted by kind), `first_day, last_day` (date).
    """
    return states.groupBy(*PARAMETER_KEY).agg(*columns.evidence())


def evidence_of(row: Row) -> Evidence:
    """The value of a row (or struct) of `evidence`."""
    kinds = tuple(
        KindEvidence(k["kind"], k["n"], k["clients"], k["distinct"], k["days"], k["low"], k["high"])
        for k in row["kinds"]
    )
    return Evidence(row["n"], row["requests"], row["clients"], row["days"], kinds)


def learned(parameter_slices: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Slices of the learning window → one row per endpoint: `SCHEMAS_SCHEMA` without `version`.

    Endpoints without parameters have a row too. Path parameters come first, then those that most requests
    carry; of more than `max_parameters` the rest is counted in `left_out`.
    """
    of_requests = F.col("location") == "request"
    seen = F.struct("location", "name", *EVIDENCE_COLUMNS)
    order = F.struct(F.col("location") == "path", "requests", "location", "name")
    per_endpoint = (
        evidence(merged(parameter_slices))
        .groupBy(*ENDPOINT_KEY)
        .agg(
            *(
                F.max(F.when(of_requests, F.col(name))).alias(name)
                for name in ("requests", "clients", "days")
            ),
            F.min("first_day").alias("first_day"),
            F.max("last_day").alias("last_day"),
            F.count_if(~of_requests).alias("found"),
            F.max_by(F.when(~of_requests, seen), F.when(~of_requests, order), settings.max_parameters).alias(
                "seen"
            ),
        )
    )
    judged = per_endpoint.withColumn("judged", _judgements(settings)(F.coalesce("seen", F.array())))
    return judged.select(
        *ENDPOINT_KEY,
        F.sha2(F.to_json(F.transform("judged", _identity)), 256).alias("fingerprint"),
        "requests",
        "clients",
        "days",
        "first_day",
        "last_day",
        (F.col("found") - F.size("judged")).cast("int").alias("left_out"),
        F.transform("judged", _parameter).alias("parameters"),
    )


def new_versions(latest_learned: DataFrame, known: DataFrame) -> DataFrame:
    """Rows of `learned` and the stored rows of `SCHEMAS_SCHEMA` → the rows to append: what changed.

    An endpoint's first version is 1. A rerun on the same evidence gives no row.
    """
    before = latest(known).select(
        *ENDPOINT_KEY, F.col("version").alias("before"), F.col("fingerprint").alias("was")
    )
    compared = latest_learned.join(before, [*ENDPOINT_KEY], "left")
    changed = compared.where(F.col("was").isNull() | (F.col("was") != F.col("fingerprint")))
    return changed.withColumn("version", F.coalesce(F.col("before") + 1, F.lit(1))).select(
        *SCHEMAS_SCHEMA.names
    )


def latest(schemas: DataFrame) -> DataFrame:
    """The newest version of each endpoint's schema: rows of `SCHEMAS_SCHEMA`."""
    rest = F.struct(*(name for name in SCHEMAS_SCHEMA.names if name not in ENDPOINT_KEY))
    newest = schemas.groupBy(*ENDPOINT_KEY).agg(F.max_by(rest, F.col("version")).alias("newest"))
    return newest.select(*ENDPOINT_KEY, "newest.*")


def _judgements(settings: SchemaSettings) -> Callable[[Column], Column]:
    def judged(seen: Sequence[Row]) -> list[dict[str, Any]]:
        found = [_judged(row["location"], row["name"], evidence_of(row), settings) for row in seen]
        return sorted(found, key=lambda parameter: (parameter["location"], parameter["name"]))

    return F.udf(judged, ArrayType(JUDGED, containsNull=False), useArrow=True)


def _judged(location: str, name: str, known: Evidence, settings: SchemaSettings) -> dict[str, Any]:
    schema = json_schema(judge(name, known, settings))
    return {
        "location": location,
        "name": name,
        "required": location == "path",
        "requests": known.requests,
        "schema": orjson.dumps(schema).decode(),
        "shape": orjson.dumps(without_evidence(schema), option=orjson.OPT_SORT_KEYS).decode(),
    }


def _identity(parameter: Column) -> Column:
    return F.struct(parameter["location"], parameter["name"], parameter["required"], parameter["shape"])


def _parameter(parameter: Column) -> Column:
    return F.struct(*(parameter[name].alias(name) for name in PARAMETER_SCHEMA.names))
