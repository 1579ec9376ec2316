"""Struct fields and distinct counts that several packages use."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField


def struct_fields(kind: DataType, *names: str, nullable: bool = False) -> list[StructField]:
    """Returns one field of type `kind` for each name."""
    return [StructField(name, kind, nullable) for name in names]


def estimate_distinct(sketch: Column | str) -> Column:
    """Estimates the number of distinct values in a HyperLogLog sketch.

    A sketch that was updated row by row estimates from the order of its rows (HIP: Cohen, "All-distances sketches, revisited",
    2015); a merged sketch estimates from its registers alone. Merging a sketch with itself changes no register and makes it
    the second kind, so the estimate does not depend on how the sketch came about.
    """
    return F.hll_sketch_estimate(F.hll_union(sketch, sketch))
