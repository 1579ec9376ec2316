"""Exposure of a host: Spark equals plain Python; an endpoint learns from its host."""

from __future__ import annotations

from pyspark.sql import SparkSession

from pipelines.runtime.settings import Settings
from pipelines.schemas.extraction.spark import assign_splits
from pipelines.schemas.inference.contamination import estimate_exposure
from pipelines.schemas.learning.spark import (
    collect_evidence,
    compute_exposures,
    evidence_from_row,
    merge_slices,
)
from tests.schema_rows import row, slices_of, value_rows

HOSTILE = "' OR '1'='1"


def test_exposure_of_a_host_is_that_of_its_parameters(spark: SparkSession, settings: Settings) -> None:
    rows = [row("page", str(i), f"c{i % 9}") for i in range(120)]
    rows += [
        row("page", HOSTILE, "evil", n=5),
        row("page", "", "c1", n=5),
        row("when", "2026-06-01", "c2", n=40),
    ]
    rows += [
        row("when", "a|b;c", "c3"),
        row("when", "%00", "c4"),
        row("sort", "name", "c4", n=50),
        row("sort", HOSTILE, "evil", n=3),
    ]
    slices = slices_of(value_rows(spark, rows), settings.schemas)
    (found,) = compute_exposures(slices).collect()
    evidence = (
        collect_evidence(merge_slices(assign_splits(slices)))
        .where("split = 'whole' AND name != ''")
        .collect()
    )
    wanted = estimate_exposure(map(evidence_from_row, evidence))
    assert (found["hostile"], found["exposed"]) == (wanted.hostile, wanted.values)
    assert (wanted.hostile, wanted.values) == (0.03 * 125 + 1 + 2, 125 + 42)
