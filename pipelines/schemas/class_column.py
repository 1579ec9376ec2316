"""Classes of characters as a Spark column: the same as `characters.classes_of`."""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.schemas.characters import BITS, CLASSES


def classes(value: Column) -> Column:
    """`characters.classes_of` as a Spark column."""
    each = [
        F.when(value.rlike(f"[{inside}]"), F.lit(BITS[name])).otherwise(F.lit(0))
        for name, inside in CLASSES.items()
    ]
    return reduce(add, each)
