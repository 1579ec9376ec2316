"""Table path_templates: the template of each shape of path that was seen, so that every later step only looks it up."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from pipelines.tables import Table

PATH_TEMPLATES = Table(
    name="path_templates",
    schema=StructType(
        [StructField(name, StringType(), False) for name in ("host", "path_shape", "path_template")]
    ),
)
"""One row a host and shape (`steps.masked`) of the traffic, by the rules that were published last."""


def rewritten(known: DataFrame, now: DataFrame) -> DataFrame:
    """Rows of `PATH_TEMPLATES` before and now → `host, path_shape` of those with another template now."""
    before = known.withColumnRenamed("path_template", "before")
    both = now.join(before, ["host", "path_shape"])
    return both.where(F.col("before") != F.col("path_template")).select("host", "path_shape")
