"""Columns that several packages make: contracts of one type, estimates of sketches."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField


def struct_fields(kind: DataType, *names: str, nullable: bool = False) -> list[StructField]:
    """A field of the type for each name."""
    return [StructField(name, kind, nullable) for name in names]


def estimate_distinct(sketch: Column | str) -> Column:
    """How many different things a sketch has seen.

    A sketch that saw every row itself estimates from their order (HIP: Cohen, "All-distances sketches, revisited", 2015), one
    that was merged from its registers alone. Merged with itself, which changes no register, it always is of the second kind.
    """
    return F.hll_sketch_estimate(F.hll_union(sketch, sketch))
