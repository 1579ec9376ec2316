"""Tables of the path stage: path_rules and path_templates."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, DateType, DoubleType, LongType, StringType, StructField, StructType

from pipelines.paths.rules import RULE_KEY
from pipelines.runtime.tables import Table

PATH_RULES = Table(
    name="path_rules",
    schema=StructType(
        [
            *(StructField(name, StringType(), False) for name in RULE_KEY),
            StructField("decision", StringType(), False),
            StructField("origin", StringType(), False),
            StructField("probability", DoubleType(), True),
            StructField("children", LongType(), False),
            StructField("siblings", LongType(), False),
            StructField("paths", LongType(), False),
            StructField("clients", LongType(), False),
            StructField("overlap", DoubleType(), True),
            StructField("takes_words", BooleanType(), False),
            StructField("reason", StringType(), False),
            StructField("first_day", DateType(), False),
            StructField("last_day", DateType(), False),
        ]
    ),
)
"""`prefix` is the path before with `{}` for variables; `decision` is literal, variable or absorbed (an ending that belongs to
the variable before); `origin` says whether inference, what was published earlier (held) or an operator decided. `probability`
of being a variable, mean over the `children` that the rule covers, of the `siblings` at its node; `paths` through it; `clients`
of the child that most clients asked for; `overlap`: mean share of siblings that have the same paths below; `takes_words`:
whether the variable's values include some without a digit.
"""


PATH_TEMPLATES = Table(
    name="path_templates",
    schema=StructType(
        [StructField(name, StringType(), False) for name in ("host", "path_shape", "path_template")]
    ),
)
"""One row a host and shape (`steps.masked`) of the traffic, by the rules that were published last."""


def find_changed_templates(known: DataFrame, now: DataFrame) -> DataFrame:
    """Rows of `PATH_TEMPLATES` before and now → `host, path_shape` of those with another template now."""
    before = known.withColumnRenamed("path_template", "before")
    both = now.join(before, ["host", "path_shape"])
    return both.where(F.col("before") != F.col("path_template")).select("host", "path_shape")
