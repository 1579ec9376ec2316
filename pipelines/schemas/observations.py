"""Transactions → the values of their parameters. Only successful requests teach.

Reading is plain Python (`observed.py`): a request crosses once, in an Arrow batch, and costs a fifth of what lambdas of Spark's
higher-order functions did (they are interpreted, element by element). Counting is Spark's: of requests here, of values later.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import ArrayType, BooleanType, StringType, StructField, StructType

from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.observed import Request, observed
from pipelines.schemas.recognisers import kind_of
from pipelines.schemas.sent_names import SEPARATOR
from pipelines.schemas.views import is_late

EACH = (*ENDPOINT_KEY, "day", "is_late", "client")
READ = StructType(
    [
        *(StructField(name, StringType()) for name in ("location", "name", "value", "kind")),
        StructField("is_first", BooleanType()),
    ]
)
"""`sent_pairs.Observed`, with the kind of the value in place of its JSON type."""


def parameter_values(transactions: DataFrame) -> DataFrame:
    """Transactions with their endpoint → values.

    Needs: `ENDPOINT_KEY, day, time, status, path, query, client, request_content_type, request_body, request_header_names,
    cookie_names`.

    Returns: `ENDPOINT_KEY, day, is_late, client, location, name, value, kind, n, requests, hours`, one row per value of
    each different request of a client, day and part of the day; only successful ones (2xx). `location` is one of
    `table.LOCATIONS`; "request" is there once a request, with an empty name and value. `n` counts equal requests, so do
    `requests` where the value is the first of its name in its request, else they are 0: repeated keys keep all their
    values; `hours` are bits of the hours (UTC) in which it was sent. Path values are percent-decoded; query and form names and
    values also have "+" decoded to a space. Headers, cookies and files have a mask for a value. Values are cut to
    `MAX_CHARACTERS`, names to `NAME_CHARACTERS` characters.
    """
    successful = transactions.where(F.col("status").between(200, 299))
    sent = {
        "sent_path": F.col("path"),
        "sent_query": F.col("query"),
        "sent_type": F.col("request_content_type"),
        "sent_body": F.col("request_body"),
        "sent_headers": F.array_join("request_header_names", SEPARATOR),
        "sent_cookies": F.array_join("cookie_names", SEPARATOR),
    }
    hour = F.call_function("shiftleft", F.lit(1), F.hour("time"))
    each = successful.withColumns({**sent, "is_late": is_late(F.col("time")), "hour": hour})
    # a program that asks the same all day is read once
    different = each.groupBy(*EACH, *sent).agg(F.count(F.lit(1)).alias("n"), F.bit_or("hour").alias("hours"))
    read = _read(F.col("path_template"), *map(F.col, sent))
    return different.select(*EACH, "n", "hours", F.inline(read)).select(
        *EACH, "location", "name", "value", "kind", "n",
        F.when(F.col("is_first"), F.col("n")).otherwise(0).alias("requests"), "hours",
    )  # fmt: skip


def _read(*columns: Column) -> Column:
    """Columns in the order of `Request` → array of `READ`."""
    read: Column = _read_batch(*columns)
    return read


@arrow_udf(ArrayType(READ))  # type: ignore[call-overload,untyped-decorator]
def _read_batch(
    path_template: pa.Array,
    path: pa.Array,
    query: pa.Array,
    content_type: pa.Array,
    body: pa.Array,
    header_names: pa.Array,
    cookie_names: pa.Array,
) -> pa.Array:
    sent = (path_template, path, query, content_type, body, header_names, cookie_names)
    fields = READ.fields
    read: list[list[Any]] = [[] for _ in fields]
    counts = [0]
    for row in zip(*(column.to_pylist() for column in sent), strict=True):
        found = observed(Request._make(row))
        counts.append(len(found))
        # into columns at once: tuples that stay would be walked again and again by the garbage collector
        for column, part in zip(read, zip(*found, strict=True), strict=True):
            column.extend(part)
    location, name, value, json_type, is_first = read
    kinds = list(map(kind_of, value, json_type))
    types = [pa.bool_() if field.dataType == BooleanType() else pa.string() for field in fields]
    columns = (location, name, value, kinds, is_first)
    parts = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    offsets = pa.array(accumulate(counts), pa.int32())
    return pa.ListArray.from_arrays(
        offsets, pa.StructArray.from_arrays(parts, [field.name for field in fields])
    )
