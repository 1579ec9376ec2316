"""Splits of a window's evidence, and versions of the schemas inferred from it."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.settings import Settings
from pipelines.schemas.extraction.spark import assign_splits
from pipelines.schemas.extraction.splits import Split
from pipelines.schemas.learning.spark import collect_evidence, infer_schemas, merge_slices
from pipelines.schemas.tables import SCHEMAS_SCHEMA, latest, new_versions
from tests.schema_rows import DAYS, LITERAL, in_the_evening, row, slices_of, value_rows


@pytest.fixture
def literal(spark: SparkSession) -> DataFrame:
    return value_rows(spark, LITERAL)


@pytest.mark.parametrize("parts", [(Split.EARLIER, Split.LATEST), (Split.TRAIN, Split.HOLDOUT)])
def test_two_views_are_the_whole_and_share_nothing(
    literal: DataFrame, settings: Settings, parts: tuple[Split, Split]
) -> None:
    many = literal.withColumn("client", F.concat("client", F.monotonically_increasing_id().cast("string")))
    found = collect_evidence(merge_slices(assign_splits(slices_of(many, settings.schemas))))
    counts = {(one["split"], one["name"]): one["n"] for one in found.collect()}
    names = {name for split, name in counts if split == Split.WHOLE}
    assert names == {one[5] for one in LITERAL}
    for name in names:
        assert sum(counts.get((part, name), 0) for part in parts) == counts[Split.WHOLE, name]
    assert all(any(split == part for split, _ in counts) for part in parts)


def test_window_of_one_day_has_its_late_hours_as_newest_slice(
    spark: SparkSession, settings: Settings
) -> None:
    evening = in_the_evening(row("q", "1"))
    slices = slices_of(value_rows(spark, [row("q", "2", n=3), evening]), settings.schemas)
    found = collect_evidence(merge_slices(assign_splits(slices))).where("name = 'q'").collect()
    assert {one["split"]: one["n"] for one in found if one["split"] in (Split.EARLIER, Split.LATEST)} == {
        "earlier": 3,
        "latest": 1,
    }


def test_version_is_added_only_when_the_judgement_changes(
    literal: DataFrame, spark: SparkSession, settings: Settings
) -> None:
    known = spark.createDataFrame([], SCHEMAS_SCHEMA)
    learned = infer_schemas(slices_of(literal, settings.schemas), settings.schemas)
    first = new_versions(learned, known)
    assert [found["version"] for found in first.collect()] == [1]
    known = spark.createDataFrame(first.collect(), SCHEMAS_SCHEMA)
    assert new_versions(learned, known).count() == 0

    more = literal.unionByName(value_rows(spark, [row("when", "1718005555", "carol", DAYS[1], n=9)]))
    same_judgement = infer_schemas(slices_of(more, settings.schemas), settings.schemas)
    assert new_versions(same_judgement, known).count() == 0

    other = literal.unionByName(value_rows(spark, [row("id", "me", "carol", DAYS[1], n=9)]))
    second = new_versions(infer_schemas(slices_of(other, settings.schemas), settings.schemas), known)
    assert [found["version"] for found in second.collect()] == [2]
    assert [found["version"] for found in latest(known.unionByName(second)).collect()] == [2]
