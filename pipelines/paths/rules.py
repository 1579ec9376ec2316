"""Table path_rules: what is literal and what is variable at each place of a host's tree, with the evidence and the reason.

One row a literal child of a node, and one, with step `/{}`, for every other segment there. The rules are what is persisted: a
path gets its template by walking down (`resolve.py`), whether inference ever saw it or not. Values of variables are not kept.
"""

from __future__ import annotations

from pyspark.sql.types import BooleanType, DateType, DoubleType, LongType, StringType, StructField, StructType

from pipelines.paths.rule_terms import RULE_KEY
from pipelines.tables import Table

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
