"""Tables of the path stage: path_rules and path_templates."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, DateType, DoubleType, LongType, StringType, StructField, StructType

from pipelines.paths.rules import RULE_KEY
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.tables import Table

PATH_RULES = Table(
    name="path_rules",
    schema=StructType(
        [
            *struct_fields(StringType(), *RULE_KEY),
            StructField("decision", StringType(), False),
            StructField("origin", StringType(), False),
            StructField("probability", DoubleType(), True),
            StructField("children", LongType(), False),
            StructField("siblings", LongType(), False),
            StructField("paths", LongType(), False),
            StructField("clients", LongType(), False),
            StructField("overlap", DoubleType(), True),
            StructField("allows_words", BooleanType(), False),
            StructField("reason", StringType(), False),
            StructField("first_day", DateType(), False),
            StructField("last_day", DateType(), False),
        ]
    ),
)
"""`prefix` is the path before the step with `{}` for variables.

`decision` is literal, variable or merged_into_variable (an ending that belongs to the variable before it). `origin` is who
decided: inference (inferred), an earlier publication (kept_from_publication) or an operator. `probability` of being a variable
is the mean over the `children` that the rule covers, of the `siblings` at its node; `paths` go through it; `clients` are those
of the child that most clients requested; `overlap` is the mean share of siblings that have the same paths below;
`allows_words`: whether some of the variable's values have no digit.
"""


PATH_TEMPLATES = Table(
    name="path_templates",
    schema=StructType(struct_fields(StringType(), "host", "path_shape", "path_template")),
)
"""One row per host and shape (`steps.mask_path`) of the traffic, by the rules that were published last."""


def find_changed_templates(before: DataFrame, now: DataFrame) -> DataFrame:
    """Finds shapes whose template changed.

    Args:
        before: Rows of `PATH_TEMPLATES` as they were.
        now: Rows of `PATH_TEMPLATES` as they are.

    Returns:
        `host, path_shape`.
    """
    both = now.join(before.withColumnRenamed("path_template", "before"), ["host", "path_shape"])
    return both.where(F.col("before") != F.col("path_template")).select("host", "path_shape")
