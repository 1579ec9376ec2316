"""Learning on Spark equals plain Python, whatever the partitions and days."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.http.value_formats import MAX_CHARACTERS, TEXT
from pipelines.http.value_patterns import classes_of
from pipelines.openapi.document import Origin, build_document
from pipelines.openapi.endpoint import endpoint_from_row
from pipelines.runtime.settings import Settings
from pipelines.schemas.extraction.spark import assign_splits
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.learning.spark import collect_evidence, evidence_from_row, infer_schemas, merge_slices
from pipelines.schemas.statistics.batch_texts import classify_texts, prepare_texts
from pipelines.schemas.tables import PARAMETER_SLICES_SCHEMA, SCHEMAS_SCHEMA, latest, new_versions
from tests import strategies
from tests.oracles.parameter_state import ParameterState, observe
from tests.schema_rows import DAYS, KEY, LITERAL, Rows, row, slices_of, value_rows


@pytest.fixture
def literal(spark: SparkSession) -> DataFrame:
    return value_rows(spark, LITERAL)


def fold_values(rows: Rows) -> dict[str, Any]:
    """Folds the values into the evidence of each name, in plain Python."""
    states: dict[str, ParameterState] = {}
    for *_, name, day, value, _, client, n, requests, _, _ in rows:
        for position in range(n):
            seen = observe(value, client, day, is_first=position < requests)
            states[name] = states.get(name, ParameterState()) + seen
    return {name: state.evidence() for name, state in states.items()}


def test_batches_and_values_agree_on_the_characters_of_every_value() -> None:
    corpus: set[str] = {*strategies.VALUES_AT_THE_BORDER, *strategies.HOSTILE}

    @settings(max_examples=1500, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(strategies.values, max_size=5))
    def collect(found: list[str]) -> None:
        corpus.update(value for value in found if value.isprintable() or value.isascii())

    collect()
    cut = sorted({value[:MAX_CHARACTERS] for value in corpus})
    kinds = pa.array([TEXT] * len(cut)).dictionary_encode()
    in_batches = classify_texts(prepare_texts(pa.table({"text": pa.array(cut), "kind": kinds})))
    assert len(in_batches) == len(cut) > 500
    for value, found in zip(cut, in_batches, strict=True):
        assert found == classes_of(value), value


def test_spark_learns_what_the_value_layer_learns(literal: DataFrame, settings: Settings) -> None:
    by_split = collect_evidence(merge_slices(assign_splits(slices_of(literal, settings.schemas))))
    learned = by_split.where(F.col("split") == Split.WHOLE.value).collect()
    assert {found["name"]: evidence_from_row(found) for found in learned} == fold_values(LITERAL)


def test_slices_keep_exact_extremes(literal: DataFrame, settings: Settings) -> None:
    slices = assign_splits(slices_of(literal, settings.schemas))
    states = merge_slices(slices).where(F.col("split") == Split.WHOLE.value)
    assert states.where("name = 'id'").select("integer_min", "integer_max").collect() == [
        (1, 9007199254740993)
    ]


def test_partitions_are_irrelevant(literal: DataFrame, settings: Settings) -> None:
    one, seven = (
        infer_schemas(slices_of(literal.repartition(n), settings.schemas), settings.schemas) for n in (1, 7)
    )
    assertDataFrameEqual(one, seven)


def test_merge_of_two_days_is_one_pass_over_both(literal: DataFrame, settings: Settings) -> None:
    first, second = (slices_of(literal.where(F.col("day") == day), settings.schemas) for day in DAYS)
    merged = collect_evidence(merge_slices(assign_splits(first.unionByName(second))))
    assertDataFrameEqual(
        merged,
        collect_evidence(merge_slices(assign_splits(slices_of(literal, settings.schemas)))),
    )


def test_slices_have_the_columns_of_their_table(literal: DataFrame, settings: Settings) -> None:
    slices = slices_of(literal, settings.schemas)
    assert {(f.name, f.dataType) for f in slices.schema} == {
        (f.name, f.dataType) for f in PARAMETER_SLICES_SCHEMA
    }
    required = [f.name for f in PARAMETER_SLICES_SCHEMA if not f.nullable]
    assert slices.where(" or ".join(f"`{name}` is null" for name in required)).count() == 0


def test_learned_schema_has_judged_parameters_and_counts_requests(
    literal: DataFrame, settings: Settings
) -> None:
    (found,) = infer_schemas(slices_of(literal, settings.schemas), settings.schemas).collect()
    assert (found["requests"], found["clients"], found["days"], found["left_out"]) == (40, 2, 2, 0)
    assert (found["first_day"], found["last_day"]) == tuple(DAYS)
    parameters = {p["name"]: p for p in found["parameters"]}
    assert [p["name"] for p in found["parameters"]] == ["id", "price", "sort", "when"]
    assert [(p["name"], p["required"], p["requests"]) for p in found["parameters"]] == [
        ("id", True, 40),
        ("price", False, 21),
        ("sort", False, 9),
        ("when", False, 28),
    ]
    when = json.loads(parameters["when"]["schema"])
    assert [member.get("format") for member in when["anyOf"]] == ["int64", "date-time"]
    assert json.loads(parameters["price"]["schema"])["type"] == "array"  # five requests repeated the name


def test_endpoint_without_parameters_has_a_schema_too(spark: SparkSession, settings: Settings) -> None:
    values = value_rows(spark, [row("", "", n=7)])
    (found,) = infer_schemas(slices_of(values, settings.schemas), settings.schemas).collect()
    assert (found["requests"], found["parameters"], found["left_out"]) == (7, [], 0)


def test_invented_parameters_beyond_the_limit_are_counted_and_path_parameters_stay(
    spark: SparkSession, settings: Settings
) -> None:
    few = settings.schemas.model_copy(update={"max_parameters": 2})
    rows = [
        row("", "", n=9),
        row("id", "1", n=1),
        row("often", "1", n=9),
        row("rare", "1", n=2),
        row("rarer", "1"),
    ]
    (found,) = infer_schemas(slices_of(value_rows(spark, rows), few), few).collect()
    assert [p["name"] for p in found["parameters"]] == ["id", "often"]
    assert found["left_out"] == 2


def test_endpoints_with_their_schema_become_a_document(
    literal: DataFrame, spark: SparkSession, settings: Settings
) -> None:
    learned = infer_schemas(slices_of(literal, settings.schemas), settings.schemas)
    schemas = new_versions(learned, spark.createDataFrame([], SCHEMAS_SCHEMA))
    seen = {
        "requests": 50,
        "successful": 40,
        "redirects": 5,
        "client_errors": 5,
        "server_errors": 0,
        "clients": 2,
    }
    times = {"first_seen": datetime(2026, 6, 1), "last_seen": datetime(2026, 6, 2)}
    endpoint = {
        **dict(zip(ENDPOINT_KEY, KEY, strict=True)),
        **seen,
        **times,
        "probability": 0.9,
        "state": "new",
    }
    endpoints = spark.createDataFrame([endpoint, {**endpoint, "path_template": "/x"}])
    newest = latest(schemas).select(
        *ENDPOINT_KEY, F.struct("requests", "left_out", "parameters").alias("schema")
    )
    rows = [
        found.asDict(recursive=True) for found in endpoints.join(newest, [*ENDPOINT_KEY], "left").collect()
    ]
    built = build_document("a.example", [endpoint_from_row(found) for found in rows], Origin("1", "ml"))
    assert list(built["paths"]) == ["/users/{id}", "/x"]
    operation = built["paths"]["/users/{id}"]["get"]
    assert [p["name"] for p in operation["parameters"]] == ["id", "price", "sort", "when"]
    assert operation["responses"]["3XX"]["description"] == "5 of 50 responses seen"


@pytest.mark.parametrize(("slashed", "path_variants"), [(7, ["//x"]), (4, ["//x"]), (3, ["/x"]), (0, ["/x"])])
def test_path_variants_and_media_types_are_those_of_most_requests(
    spark: SparkSession, settings: Settings, slashed: int, path_variants: list[str]
) -> None:
    def of_requests(location: str, name: str, n: int) -> tuple[Any, ...]:
        return (*KEY, location, name, DAYS[0], "", None, "c", n, n, False, 1)

    rows = [row("", "", n=7), of_requests("media", "application/json", 5), of_requests("media", "text/x", 2)]
    rows += [of_requests("written", "//x", slashed)] if slashed else []
    schema = infer_schemas(slices_of(value_rows(spark, rows), settings.schemas), settings.schemas)
    (found,) = schema.collect()
    assert (found["path_variants"], found["media_types"]) == (path_variants, ["application/json"])
    assert (found["parameters"], found["left_out"]) == ([], 0)
