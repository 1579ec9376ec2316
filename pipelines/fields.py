"""Columns of one type, as the tables' contracts list them."""

from __future__ import annotations

from pyspark.sql.types import DataType, StructField


def fields(kind: DataType, *names: str, nullable: bool = False) -> list[StructField]:
    """A field of the type for each name."""
    return [StructField(name, kind, nullable) for name in names]
