"""JSON request bodies → their values, as one column: each body crosses to Python once, in an Arrow batch.

Built-in functions would need the body's schema (`from_json`) or a pass for each level of it (`variant_explode`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pyspark.sql import Column
from pyspark.sql.pandas.functions import pandas_udf

from pipelines.schemas.json_body import leaves
from pipelines.schemas.template_columns import OBSERVATIONS


@pandas_udf(OBSERVATIONS)  # type: ignore[call-overload,untyped-decorator]
def _body_values(bodies: Iterator[pd.Series]) -> Iterator[pd.Series]:
    for batch in bodies:
        yield batch.map(lambda body: [{"location": "body", **leaf._asdict()} for leaf in leaves(body)])


def body_values(body: Column) -> Column:
    """A JSON text → array of location, name, value, json_type, is_first; empty for what is no JSON."""
    values: Column = _body_values(body)
    return values
