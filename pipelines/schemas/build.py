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
from pipelines.schemas.required import Known, is_required
from pipelines.schemas.seen import kept_of, outermost_of
from pipelines.schemas.table import PARAMETER_KEY, PARAMETER_SCHEMA, SCHEMAS_SCHEMA
from pipelines.sections import SchemaSettings

EVIDENCE_COLUMNS = ("n", "requests", "clients", "days", "kinds")
JUDGED = StructType([*PARAMETER_SCHEMA.fields, StructField("shape", StringType(), False)])
"""A judged parameter and `shape`, its schema without evidence: what tells one version from the next."""


def slices(values: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Rows of `parameter_values` → rows of `PARAMETER_SLICES_SCHEMA`: one per parameter, kind and day.

    Counts and sketches are over requests; what is kept of the values themselves is over different values, each with its
    clients (METHODS B7: distinct clients per value need a pass of their own).
    """
    key = [*PARAMETER_KEY, "kind", "day"]
    known = values.withColumn("kind", kind(F.col("value"), F.col("json_type")))
    counted = known.groupBy(*key).agg(*columns.observed_state(settings.sketch_log2))
    each = known.groupBy(*key, "value").agg(*columns.seen_state()).withColumns(columns.sized())
    return counted.join(each.groupBy(*key).agg(*columns.outermost_state()), key)


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
    return Evidence(
        row["n"], row["requests"], row["clients"], row["days"], tuple(map(_kind_of, row["kinds"]))
    )


def _kind_of(kind: Row) -> KindEvidence:
    return KindEvidence(
        kind=kind["kind"],
        n=kind["n"],
        clients=kind["clients"],
        distinct=kind["distinct"],
        days=kind["days"],
        low=kind["low"],
        high=kind["high"],
        classes=kind["classes"],
        common=kept_of(kind["common"], kind["is_open"]),
        highest=outermost_of(kind["highest"], largest=True),
        lowest=outermost_of(kind["lowest"], largest=False),
    )


def learned(parameter_slices: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Slices of the learning window → one row per endpoint: `SCHEMAS_SCHEMA` without `version`.

    Endpoints without parameters have a row too. Path parameters come first, then those that most requests
    carry; of more than `max_parameters` the rest is counted in `left_out`.
    """
    of_requests = F.col("location") == "request"
    is_parameter = ~F.col("location").isin("request", "written")
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
            F.max(F.when(F.col("location") == "written", F.col("requests"))).alias("doubled"),
            F.count_if(is_parameter & (F.col("location") != "item")).alias("found"),
            F.max_by(F.when(is_parameter, seen), F.when(is_parameter, order), settings.max_parameters).alias(
                "seen"
            ),
        )
    )
    judged = per_endpoint.withColumns(
        {
            "judged": _judgements(settings)(F.coalesce("seen", F.array()), F.col("requests")),
            "is_doubled": F.coalesce(F.col("doubled") >= F.col("requests"), F.lit(False)),
        }
    )
    identity = F.struct(F.transform("judged", _identity).alias("parameters"), "is_doubled")
    return judged.select(
        *ENDPOINT_KEY,
        F.sha2(F.to_json(identity), 256).alias("fingerprint"),
        "requests",
        "clients",
        "days",
        "first_day",
        "last_day",
        (F.col("found") - F.size("judged")).cast("int").alias("left_out"),
        "is_doubled",
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


def _judgements(settings: SchemaSettings) -> Callable[[Column, Column], Column]:
    def judged(seen: Sequence[Row], requests: int) -> list[dict[str, Any]]:
        known = {(row["location"], row["name"]): evidence_of(row) for row in seen}
        found = [_judged(place, name, known, requests, settings) for place, name in known if place != "item"]
        return sorted(found, key=lambda parameter: (parameter["location"], parameter["name"]))

    return F.udf(judged, ArrayType(JUDGED, containsNull=False), useArrow=True)


def _judged(
    location: str, name: str, known: Known, requests: int, settings: SchemaSettings
) -> dict[str, Any]:
    mine = known[location, name]
    items = known.get(("item", name)) if location == "query" else None
    schema = json_schema(judge(name, mine, settings, location, items))
    return {
        "location": location,
        "name": name,
        "required": location == "path" or is_required(location, name, known, requests, settings),
        "requests": mine.requests,
        "schema": orjson.dumps(schema).decode(),
        "shape": orjson.dumps(without_evidence(schema), option=orjson.OPT_SORT_KEYS).decode(),
    }


def _identity(parameter: Column) -> Column:
    return F.struct(parameter["location"], parameter["name"], parameter["required"], parameter["shape"])


def _parameter(parameter: Column) -> Column:
    return F.struct(*(parameter[name].alias(name) for name in PARAMETER_SCHEMA.names))
