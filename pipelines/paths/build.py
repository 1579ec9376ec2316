"""Paths → templates, on Spark. First version: typed segments (segments.py); the names come from names.py."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import StringType

from pipelines.paths.names import named
from pipelines.paths.segments import LITERAL, PLACEHOLDER, VARIABLE
from pipelines.settings import PathSettings


def shape(path: Column, settings: PathSettings) -> Column:
    """`/users//42/;v=1` → `/users/{}`: normalised, typed segments as `{}`. Braces of the traffic's own are encoded (RFC 3986)."""
    text = F.regexp_replace(path, r";[^/]*", "")  # matrix parameters (RFC 3986 s. 3.3)
    text = F.replace(F.replace(text, F.lit("{"), F.lit("%7B")), F.lit("}"), F.lit("%7D"))
    text = F.regexp_replace(F.regexp_replace(text, r"/{2,}", "/"), r"(?<=.)/$", "")
    segments = F.split(text, "/")
    kept = F.slice(segments, 1, settings.max_depth + 1)
    masked = F.transform(kept, _masked)
    cut = F.when(F.size(segments) > settings.max_depth + 1, F.concat(masked, F.array(F.lit("**")))).otherwise(
        masked
    )
    joined = F.array_join(cut, "/")
    return F.when(joined == "", F.lit("/")).otherwise(joined)


def _masked(segment: Column) -> Column:
    variable = segment.rlike(VARIABLE) & ~segment.rlike(LITERAL)
    return F.when(variable, F.lit(PLACEHOLDER)).otherwise(segment)


@pandas_udf(StringType())  # type: ignore[call-overload,untyped-decorator]
def _names(shapes: Iterator[pd.Series]) -> Iterator[pd.Series]:
    for batch in shapes:
        yield batch.map(named)


def with_shape(requests: DataFrame, settings: PathSettings) -> DataFrame:
    """`path, ...` → the same plus `path_shape` ("/users/{}")."""
    return requests.withColumn("path_shape", shape(F.col("path"), settings))


def with_template(shaped: DataFrame) -> DataFrame:
    """`path_shape, ...` → the same plus `path_template` ("/users/{userId}"). For few rows: aggregate by shape first."""
    return shaped.withColumn("path_template", _names("path_shape"))


def templated(requests: DataFrame, settings: PathSettings) -> DataFrame:
    """`path, ...` → the same plus `path_template`: each distinct shape is named once."""
    shaped = with_shape(requests, settings)
    return shaped.join(with_template(shaped.select("path_shape").distinct()), "path_shape").drop("path_shape")
