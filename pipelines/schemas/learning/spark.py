"""Values → slices per day → evidence by split → inferred schemas, on Spark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.http.json_values import JsonSchema
from pipelines.http.value_formats import EMPTY_KINDS, TEXT, UNFORMATTED_KINDS
from pipelines.http.value_patterns import BITS
from pipelines.requests.path_parameters import PATH_VARIANTS
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.settings_sections import SchemaSettings
from pipelines.schemas.extraction.spark import assign_splits, count_batches
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.inference.confidence import AlwaysPresent
from pipelines.schemas.inference.contamination import (
    FORMATTED_SHARE,
    HOSTILE_KINDS,
    MAX_SHARE,
    STRANGE_CLASSES,
    Exposure,
)
from pipelines.schemas.inference.json_schema import (
    constraint_evidence,
    is_enforceable,
    to_json_schema,
    with_presence,
    with_status,
)
from pipelines.schemas.keys import PARAMETER_KEY, REQUEST_LOCATIONS
from pipelines.schemas.statistics import columns
from pipelines.schemas.statistics.evidence import Evidence, KindEvidence, character_class_counts_from
from pipelines.schemas.statistics.growth import merge_peaks
from pipelines.schemas.statistics.requests import (
    MAX_MEDIA_TYPES,
    UsageCount,
    infer_media_types,
    infer_path_variants,
)
from pipelines.schemas.statistics.spark import slices as batch_slices
from pipelines.schemas.statistics.spark.maps import collapse_map_keys
from pipelines.schemas.statistics.value_counts import merge_distinct_values, merge_extreme_values
from pipelines.schemas.tables import PARAMETER_SCHEMA, PARAMETER_SLICES_SCHEMA
from pipelines.schemas.validation.backtest import EvidenceBySplit, Parameter, Place, run_backtest

EXPOSURE_KEY = ("variant", "host")
EVIDENCE_COLUMNS = ("n", "requests", "clients", "days", "kinds", "first_day", "last_day")
PARAMETER_RESULT_SCHEMA = StructType([*PARAMETER_SCHEMA.fields, StructField("shape", StringType(), False)])
"""An inferred parameter and `shape`, its schema and which constraints are enforceable.

`shape` distinguishes one version from the next.
"""
USAGE_SCHEMA = ArrayType(
    StructType(
        [
            *struct_fields(StringType(), "location", "name"),
            *struct_fields(LongType(), "requests", "clients"),
        ]
    )
)
"""`requests.UsageCount` of the locations "written" and "media"."""
ENDPOINT_RESULT_SCHEMA = StructType(
    [
        StructField("parameters", ArrayType(PARAMETER_RESULT_SCHEMA, containsNull=False), False),
        *struct_fields(LongType(), "tested", "false_alarms", "constraints", "sure_constraints"),
        *struct_fields(ArrayType(StringType()), "path_variants", "media_types"),
    ]
)


def schema_inference_udf(settings: SchemaSettings) -> Callable[[Column, Column], Column]:
    """Returns a function of two columns that infers an endpoint's schema.

    Its columns are `seen` (array of location, name, splits) and a struct of the endpoint's `requests`, `clients` and `sent`
    (`USAGE_SCHEMA`), with its host's `hostile` and `exposed` (`contamination.Exposure`). Its result is `ENDPOINT_RESULT_SCHEMA`,
    parameters sorted.
    """

    def infer(seen: Sequence[Row], endpoint: Row) -> dict[str, Any]:
        by_split: dict[str, dict[Place, Evidence]] = {}
        for row in seen:
            for one in row["splits"]:
                by_split.setdefault(one["split"], {})[row["location"], row["name"]] = evidence_from_row(one)
        exposure = Exposure(endpoint["hostile"] or 0.0, endpoint["exposed"] or 0)
        named = _without_rare_names(by_split, settings, endpoint["clients"])
        found = run_backtest(named, settings, exposure)
        schemas = {place: _schema_of(place, found.parameters[place]) for place in sorted(found.parameters)}
        sure = [is_enforceable(one) for schema in schemas.values() for one in constraint_evidence(schema)]
        return {
            "parameters": [
                _parameter_row(place, found.parameters[place], schema) for place, schema in schemas.items()
            ],
            "tested": found.tested,
            "false_alarms": found.false_alarms,
            "constraints": len(sure),
            "sure_constraints": sum(sure),
            "path_variants": infer_path_variants(
                endpoint["requests"], endpoint["clients"], _usages(endpoint, "written")
            ),
            "media_types": infer_media_types(_usages(endpoint, "media")),
        }

    return F.udf(infer, ENDPOINT_RESULT_SCHEMA, useArrow=True)


def _without_rare_names(by_split: EvidenceBySplit, settings: SchemaSettings, clients: int) -> EvidenceBySplit:
    """Leaves out parameters that too few of the endpoint's clients send.

    Their names are not written. Where the endpoint has few clients in all, an optional parameter looks like a name that one of
    them invented, so only the name's format decides.
    """
    least = settings.name_clients
    if clients < settings.name_clients_of:
        return by_split
    known = by_split.get(Split.WHOLE.value, {})
    written = {
        place for place, one in known.items() if place[0] in ("request", "path") or one.clients >= least
    }
    return {
        split: {place: one for place, one in places.items() if place in written}
        for split, places in by_split.items()
    }


def _usages(endpoint: Row, location: str) -> list[UsageCount]:
    return [
        UsageCount(one["name"], one["requests"], one["clients"])
        for one in endpoint["sent"]
        if one["location"] == location
    ]


def _schema_of(place: Place, parameter: Parameter) -> JsonSchema:
    """Returns the schema with its evidence, that of its presence included."""
    inferred = parameter.inferred
    schema = to_json_schema(inferred)
    if not parameter.is_required or place[0] == "path":
        return schema
    return with_presence(schema, AlwaysPresent(inferred.evidence.requests), inferred.standard)


def _parameter_row(place: Place, parameter: Parameter, schema: JsonSchema) -> dict[str, Any]:
    return {
        "location": place[0],
        "name": place[1],
        "required": parameter.is_required,
        "requests": parameter.inferred.evidence.requests,
        "schema": orjson.dumps(schema).decode(),
        "shape": orjson.dumps(with_status(schema), option=orjson.OPT_SORT_KEYS).decode(),
    }


def evidence_from_row(row: Row) -> Evidence:
    """Converts a row (or struct) of `columns.evidence_columns` to evidence."""
    kinds = tuple(map(_kind_from_row, row["kinds"]))
    between = (row["first_day"], row["last_day"])
    return Evidence(row["n"], row["requests"], row["clients"], row["days"], kinds, *between)


def _kind_from_row(kind: Row) -> KindEvidence:
    return KindEvidence(
        kind=kind["kind"],
        n=kind["n"],
        clients=kind["clients"],
        distinct=kind["distinct"],
        days=kind["days"],
        low=kind["low"],
        high=kind["high"],
        classes=character_class_counts_from(kind["classes"]),
        common=merge_distinct_values(kind["common"], kind["is_open"]),
        highest=merge_extreme_values(kind["highest"], largest=True),
        lowest=merge_extreme_values(kind["lowest"], largest=False),
        peaks=merge_peaks(kind["peaks"]),
        prefix=kind["prefix"],
    )


MAX_USAGES = len(PATH_VARIANTS) + 2 * MAX_MEDIA_TYPES
"""Most path spellings and media types that are examined, those of most requests.

Twice as many as are kept.
"""

STATES_SCHEMA = StructType(
    [
        *(one for one in PARAMETER_SLICES_SCHEMA if one.name != "peaks"),
        StructField("peaks", ArrayType(DoubleType()), False),
        StructField("is_open", BooleanType(), False),
    ]
)
"""Slices of one batch.

`peaks` has a place for each hour of the day; `common` is empty where it `is_open`.
"""


def compute_slice_states(batches: DataFrame, maps: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Computes rows of `STATES_SCHEMA`, one per batch and slice.

    Values of clients in `extraction.spark.EXCLUDED` are left out.

    Args:
        batches: Batches of values.
        maps: Rows of `find_maps`.
        settings: The size of sketches.
    """
    of_batch = partial(batch_slices.compute_slice_states, log2=settings.sketch_log2)
    return collapse_map_keys(count_batches(batches, of_batch, STATES_SCHEMA), maps)


def build_slices(states: DataFrame) -> DataFrame:
    """Merges states to rows of `PARAMETER_SLICES_SCHEMA`, per parameter, kind and day.

    Counts and sketches are over requests; the values themselves are over different values, each with its clients
    (docs/methods.md, 2.7: the distinct clients of each value need a pass of their own).

    Args:
        states: Rows of `compute_slice_states`; they are read twice.
    """
    key = [*PARAMETER_KEY, "kind", "day", "is_late", "is_held"]
    # 64 bits stand for the texts of the key: among a million, two are equal in one of 3 * 10^7 windows (birthday problem)
    known = states.withColumn("slice", F.xxhash64(*key))
    whole = known.groupBy(*key, "slice").agg(*columns.slice_state())
    each = known.select("slice", F.inline(columns.kept_values())).groupBy("slice", *columns.KEPT_KEY)
    kept = each.agg(*columns.sum_counts()).groupBy("slice").agg(*columns.kept_state())
    joined = whole.join(kept, "slice", "left").withColumns(columns.stored_values())
    return joined.select(*PARAMETER_SLICES_SCHEMA.names)


def merge_slices(slices_by_split: DataFrame) -> DataFrame:
    """Merges slices to one row per split, parameter and kind.

    `days` (array) replaces `day`.

    Args:
        slices_by_split: Rows of `assign_splits`.
    """
    return slices_by_split.groupBy("split", *PARAMETER_KEY, "kind").agg(*columns.merged_state())


def collect_evidence(states: DataFrame) -> DataFrame:
    """Collects the evidence of each split and parameter.

    Args:
        states: Rows of `merge_slices`.

    Returns:
        `split`, `PARAMETER_KEY`, `n, requests, clients` (bigint), `days` (int), `kinds` (array, sorted by kind: the fields of
        `KindEvidence`), `first_day, last_day` (date).
    """
    return states.groupBy("split", *PARAMETER_KEY).agg(*columns.evidence_columns())


def infer_schemas(parameter_slices: DataFrame, settings: SchemaSettings) -> DataFrame:
    """Infers the schema of each endpoint from the slices of the learning window.

    Endpoints without parameters have a row, too. Path parameters come first, then those that most requests carry; of more than
    `max_parameters`, the rest is counted in `left_out`.

    Returns:
        One row per endpoint: `SCHEMAS_SCHEMA` without `version`.
    """
    found = _per_endpoint(_in_all_splits(parameter_slices), settings.max_parameters)
    exposures = F.broadcast(compute_exposures(parameter_slices))
    per_endpoint = found.join(exposures, [*EXPOSURE_KEY], "left")
    inferred = per_endpoint.withColumn(
        "result",
        schema_inference_udf(settings)(
            F.coalesce("seen", F.array()), F.struct("requests", "clients", "sent", "hostile", "exposed")
        ),
    ).withColumn("inferred", F.col("result.parameters"))
    identity = F.struct(
        F.transform("inferred", _identity).alias("parameters"), "result.path_variants", "result.media_types"
    )
    return inferred.select(
        *ENDPOINT_KEY,
        F.sha2(F.to_json(identity), 256).alias("fingerprint"),
        "requests",
        "clients",
        "days",
        "first_day",
        "last_day",
        (F.col("found") - F.size("inferred")).cast("int").alias("left_out"),
        *(f"result.{name}" for name in ENDPOINT_RESULT_SCHEMA.names if name != "parameters"),
        F.transform("inferred", _parameter).alias("parameters"),
    )


def _class_count(name: str) -> Column:
    return F.col("classes")[list(BITS).index(name)]


def compute_exposures(parameter_slices: DataFrame) -> DataFrame:
    """Computes how much of a host's traffic is hostile (`contamination.exposure_of`).

    Returns:
        `EXPOSURE_KEY`, `hostile` (double), `exposed` (bigint).
    """
    is_text, is_hostile = (F.col("kind").isin(*kinds) for kinds in (UNFORMATTED_KINDS, HOSTILE_KINDS))
    values = parameter_slices.where(
        ~F.col("location").isin(*REQUEST_LOCATIONS, "item") & ~F.col("kind").isin(*EMPTY_KINDS)
    )
    of_parameter = values.groupBy(*PARAMETER_KEY).agg(
        F.sum("n").alias("exposed"),
        F.sum(F.when(is_text, F.col("n")).otherwise(0)).alias("texts"),
        F.sum(F.when(is_hostile, F.col("n")).otherwise(0)).alias("hostile"),
        *(
            F.sum(F.when(F.col("kind") == TEXT, _class_count(name)).otherwise(0)).alias(name)
            for name in STRANGE_CLASSES
        ),
    )
    strange = F.greatest(*(F.col(name) for name in STRANGE_CLASSES))
    of_parameter = of_parameter.withColumn("hostile", F.col("hostile") + strange)
    formatted = of_parameter.where(F.col("exposed") - F.col("texts") >= FORMATTED_SHARE * F.col("exposed"))
    return formatted.groupBy(*EXPOSURE_KEY).agg(
        F.sum(F.least("hostile", MAX_SHARE * F.col("exposed") + 1)).alias("hostile"),
        F.sum("exposed").alias("exposed"),
    )


def _per_endpoint(parameters: DataFrame, most: int) -> DataFrame:
    """Returns one row per endpoint: its numbers, and the evidence `seen`.

    Args:
        parameters: Rows of `_in_all_splits`.
        most: Most parameters of an endpoint.
    """
    of_requests = F.col("location") == "request"
    is_parameter = ~F.col("location").isin(*REQUEST_LOCATIONS)
    is_inferred = is_parameter | of_requests
    is_sent = ~is_inferred
    sent = F.struct("location", "name", "requests", "clients")
    most_sent = F.struct("requests", "location", "name")
    seen = F.struct("location", "name", "splits")
    order = F.struct(of_requests, F.col("location") == "path", "requests", "location", "name")
    return parameters.groupBy(*ENDPOINT_KEY).agg(
        *(F.max(F.when(of_requests, F.col(name))).alias(name) for name in ("requests", "clients", "days")),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
        F.coalesce(
            F.max_by(F.when(is_sent, sent), F.when(is_sent, most_sent), MAX_USAGES),
            F.array().cast(USAGE_SCHEMA),
        ).alias("sent"),
        F.count_if(is_parameter & (F.col("location") != "item")).alias("found"),
        F.max_by(F.when(is_inferred, seen), F.when(is_inferred, order), most + 1).alias("seen"),
    )


def _in_all_splits(parameter_slices: DataFrame) -> DataFrame:
    """Returns one row per parameter: its numbers in the window, and its evidence.

    The evidence of each split is in `splits`.
    """
    is_whole = F.col("split") == Split.WHOLE.value
    numbers = ("requests", "clients", "days", "first_day", "last_day")
    return (
        collect_evidence(merge_slices(assign_splits(parameter_slices)))
        .groupBy(*PARAMETER_KEY)
        .agg(
            *(F.max(F.when(is_whole, F.col(name))).alias(name) for name in numbers),
            F.collect_list(F.struct("split", *EVIDENCE_COLUMNS)).alias("splits"),
        )
    )


def _identity(parameter: Column) -> Column:
    return F.struct(parameter["location"], parameter["name"], parameter["required"], parameter["shape"])


def _parameter(parameter: Column) -> Column:
    return F.struct(*(parameter[name].alias(name) for name in PARAMETER_SCHEMA.names))
