"""Two versions of a schema → their changes, as one column: `compare` is plain Python, called once a changed endpoint."""

from __future__ import annotations

from typing import Any

import orjson
from pyspark.sql import Column, Row
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DoubleType,
    IntegerType,
    StringType,
    StructField,
    StructType,
)

from pipelines.changes.compare import Change, Version, carried_over, compare
from pipelines.openapi.endpoint import Parameter, parameters_of
from pipelines.schemas.path_segments import PLAIN
from pipelines.schemas.table import PARAMETER_SCHEMA

PROBE = StructType(
    [
        StructField("kinds", ArrayType(StringType()), True),
        StructField("above", DoubleType(), True),
        StructField("below", DoubleType(), True),
        StructField("known", ArrayType(StringType()), True),
        StructField("classes", ArrayType(IntegerType()), True),
        StructField("prefix", StringType(), True),
    ]
)
CHANGE = StructType(
    [
        *(StructField(name, StringType(), False) for name in ("kind", "location", "name", "keyword")),
        *(StructField(name, StringType(), True) for name in ("before", "after")),
        StructField("is_breaking", BooleanType(), False),
        StructField("probe", PROBE, True),
        StructField("risk", DoubleType(), True),
    ]
)
COMPARED = StructType(
    [
        StructField("changes", ArrayType(CHANGE, containsNull=False), False),
        StructField("carried", ArrayType(PARAMETER_SCHEMA), False),
    ]
)
"""`changes`, and `carried`: the old parameters for the document that stands beside the new one (`carried_over`)."""


def compared(old: Column, new: Column) -> Column:
    """Structs `writings, media_types, parameters` of two versions → `COMPARED`."""
    return F.udf(_compared, COMPARED, useArrow=True)(old, new)


def _compared(old: Row, new: Row) -> dict[str, Any]:
    before, after = _version(old), _version(new)
    found = compare(before, after)
    carried = carried_over(before.parameters, after.parameters, found)
    return {"changes": [_row(change) for change in found], "carried": [_stored(one) for one in carried]}


def _version(row: Row) -> Version:
    return Version(
        parameters_of(row["parameters"] or ()),
        tuple(row["writings"] or (PLAIN,)),
        tuple(row["media_types"] or ()),
    )


def _stored(one: Parameter) -> dict[str, Any]:
    return {
        "location": one.location, "name": one.name, "required": one.required, "requests": one.requests,
        "schema": orjson.dumps(one.schema).decode(),
    }  # fmt: skip


def _row(change: Change) -> dict[str, Any]:
    probe = change.probe
    return {
        "kind": change.kind, "location": change.location, "name": change.name, "keyword": change.keyword,
        "before": _said(change.before), "after": _said(change.after), "is_breaking": change.is_breaking,
        "probe": None if probe is None else {name: _listed(getattr(probe, name)) for name in PROBE.names},
        "risk": change.risk,
    }  # fmt: skip


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _said(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
