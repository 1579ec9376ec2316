"""Collecting the changes since a publication.

Two versions of a schema are compared in plain Python (`compare_versions`), called once for each changed endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from pyspark.sql import Column, DataFrame, Row
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

from pipelines.changes.schema_changes import REQUIRED, Change, SchemaVersion, carry_over, compare_versions
from pipelines.changes.significance import Occurrence, compute_chance
from pipelines.changes.spark.inventories import (
    find_inactive_parameters,
    find_new_endpoints,
    find_removed_endpoints,
    with_exposure,
)
from pipelines.changes.spark.occurrence import (
    CHANGE_KEY,
    count_absences,
    count_occurrences,
    count_request_days,
)
from pipelines.changes.tables import CHANGES
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.openapi.endpoint import Parameter, parameters_from_rows
from pipelines.requests.path_parameters import PLAIN
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.settings_sections import ChangeSettings
from pipelines.schemas.tables import PARAMETER_SCHEMA, latest

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
        *struct_fields(StringType(), "kind", "location", "name", "keyword"),
        *struct_fields(StringType(), "before", "after", nullable=True),
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
"""`changes`, and `carried`: the old parameters for the document before (`schema_changes.carry_over`)."""


def compare_structs(old: Column, new: Column) -> Column:
    """Compares the structs of two versions: a column of `COMPARED`.

    The structs have the fields `path_variants, media_types, parameters`.
    """
    return F.udf(_compare_rows, COMPARED, useArrow=True)(old, new)


def _compare_rows(old: Row, new: Row) -> dict[str, Any]:
    before, after = _version(old), _version(new)
    changes = compare_versions(before, after)
    carried = carry_over(before.parameters, after.parameters, changes)
    return {
        "changes": [_change_row(change) for change in changes],
        "carried": [_parameter_row(parameter) for parameter in carried],
    }


def _version(row: Row) -> SchemaVersion:
    return SchemaVersion(
        parameters_from_rows(row["parameters"] or ()),
        tuple(row["path_variants"] or (PLAIN,)),
        tuple(row["media_types"] or ()),
    )


def _parameter_row(parameter: Parameter) -> dict[str, Any]:
    return {
        "location": parameter.location, "name": parameter.name, "required": parameter.required, "requests": parameter.requests,
        "schema": orjson.dumps(parameter.schema).decode(),
    }  # fmt: skip


def _change_row(change: Change) -> dict[str, Any]:
    probe = change.probe
    return {
        "kind": change.kind, "location": change.location, "name": change.name, "keyword": change.keyword,
        "before": _dump(change.before), "after": _dump(change.after), "is_breaking": change.is_breaking,
        "probe": None if probe is None else {name: _to_list(getattr(probe, name)) for name in PROBE.names},
        "risk": change.risk,
    }  # fmt: skip


def _to_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _dump(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


PARAMETER_SCHEMAS = ArrayType(PARAMETER_SCHEMA)
SCHEMA_KINDS = ("widened", "narrowed", "changed")
ID_CHARACTERS = 32
"""Length of a change's ID, cut from a hexadecimal SHA-256: with 128 bits, two changes never get the same one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The data of one variant that changes are found in.

    Rows of `PUBLISHED`, of the inventory, and of the tables of schemas and slices.
    """

    published: DataFrame
    inventory: DataFrame
    schemas: DataFrame
    endpoint_slices: DataFrame
    parameter_slices: DataFrame


def find_changed_schemas(evidence: Evidence) -> DataFrame:
    """Finds published endpoints whose schema has a newer version.

    Returns:
        `ENDPOINT_KEY, from_version, to_version, last_day, compared`; `compared` is a struct `COMPARED`.
    """
    side = F.struct("path_variants", "media_types", "parameters")
    old = evidence.schemas.select(*ENDPOINT_KEY, "version", side.alias("old"))
    new = latest(evidence.schemas).select(
        *ENDPOINT_KEY, F.col("version").alias("to_version"), side.alias("new")
    )
    nothing = F.struct(
        F.array().cast("array<string>").alias("path_variants"),
        F.array().cast("array<string>").alias("media_types"),
        F.array().cast(PARAMETER_SCHEMAS).alias("parameters"),
    )
    return (
        evidence.published.select(*ENDPOINT_KEY, "last_day", "version")
        .join(new, [*ENDPOINT_KEY])
        .where(~F.col("version").eqNullSafe(F.col("to_version")))
        .join(old, [*ENDPOINT_KEY, "version"], "left")
        .select(
            *ENDPOINT_KEY,
            F.col("version").alias("from_version"),
            "to_version",
            "last_day",
            compare_structs(F.coalesce("old", nothing), F.col("new")).alias("compared"),
        )
    )


def collect_changes(
    evidence: Evidence, schema_changes: DataFrame, inactive: DataFrame, settings: ChangeSettings
) -> DataFrame:
    """Collects all changes of a variant.

    Args:
        evidence: the data of the variant.
        schema_changes: rows of `find_changed_schemas`.
        inactive: rows of `find_inactive_endpoints`.
        settings: section `changes`.

    Returns:
        Rows of `CHANGES` without the column `publication`.
    """
    parts = [
        _schema_changes(schema_changes, evidence.parameter_slices),
        _new_endpoints(find_new_endpoints(evidence.published, evidence.inventory, evidence.endpoint_slices)),
        _removed_endpoints(find_removed_endpoints(evidence.published, evidence.inventory)),
        _inactive_endpoints(inactive.where("is_new")),
        _inactive_parameters(
            find_inactive_parameters(evidence.published, evidence.parameter_slices, settings)
        ),
    ]
    changes = parts[0]
    for part in parts[1:]:
        changes = changes.unionByName(part, allowMissingColumns=True)
    is_gone = F.endswith("kind", F.lit("-gone"))
    is_improbable = (F.col("clients") >= settings.min_clients) & (F.col("chance") <= settings.significance)
    return changes.withColumns(
        {
            "is_significant": F.coalesce(is_gone | is_improbable, F.lit(False)),
            "share_of_requests": _share("requests", "all_requests"),
            "share_of_clients": _share("clients", "all_clients"),
        }
    ).select(*(F.col(name) for name in CHANGES.schema.names if name != "publication"))


def _schema_changes(schema_changes: DataFrame, parameter_slices: DataFrame) -> DataFrame:
    key = [*ENDPOINT_KEY, "from_version", "to_version", "last_day"]
    each = schema_changes.select(*key, F.explode("compared.changes").alias("change")).select(*key, "change.*")
    named = _with_id(each).withColumn(
        "is_absence",
        (F.col("keyword") == REQUIRED) & (F.col("kind") == "widened") & (F.col("location") != "path"),
    )
    shown = count_occurrences(named, parameter_slices).unionByName(count_absences(named, parameter_slices))
    dated = with_exposure(
        shown.join(named.select(*CHANGE_KEY, "last_day"), [*CHANGE_KEY]),
        count_request_days(parameter_slices),
        [*ENDPOINT_KEY],
    )
    tested = dated.withColumn("chance", _chance_column()).drop("last_day")
    is_shown = F.coalesce(F.col("requests") > 0, F.lit(False))
    return named.join(tested, [*CHANGE_KEY], "left").withColumn(
        "cause", F.when(is_shown, "traffic").otherwise("evidence")
    )


def _new_endpoints(endpoints: DataFrame) -> DataFrame:
    tested = endpoints.withColumns(
        {"chance": _chance_column(), "is_breaking": F.lit(False), "cause": F.lit("traffic")}
    )
    return _with_id(_without_location(tested))


def _removed_endpoints(endpoints: DataFrame) -> DataFrame:
    rows = endpoints.withColumns(
        {"kind": F.lit("endpoint-removed"), "is_breaking": F.lit(True), "cause": F.lit("evidence")}
    )
    return _with_id(_without_location(rows))


def _inactive_endpoints(endpoints: DataFrame) -> DataFrame:
    """Inactive endpoints: a breaking change only if some clients still call them."""
    rows = endpoints.withColumns(
        {"kind": F.lit("endpoint-gone"), "is_breaking": F.col("requests") > 0, "cause": F.lit("traffic")}
    )
    return _with_id(_without_location(rows))


def _inactive_parameters(parameters: DataFrame) -> DataFrame:
    rows = parameters.withColumns(
        {
            "kind": F.lit("parameter-gone"),
            "keyword": F.lit(""),
            "is_breaking": F.lit(False),
            "cause": F.lit("traffic"),
        }
    )
    return _with_id(rows)


def _without_location(rows: DataFrame) -> DataFrame:
    """Marks changes of an endpoint as a whole, which have no location within it."""
    empty = F.lit("")
    return rows.withColumns({"location": empty, "name": empty, "keyword": empty})


def _with_id(rows: DataFrame) -> DataFrame:
    """Adds `id`, which identifies the place of a change.

    It does not depend on the numbers of the change.
    """
    kind = F.when(F.col("kind").isin(*SCHEMA_KINDS), "schema").otherwise(F.col("kind"))
    place = F.to_json(F.struct(*ENDPOINT_KEY, kind.alias("kind"), "location", "name", "keyword"))
    return rows.withColumn("id", F.substring(F.sha2(place, 256), 1, ID_CHARACTERS))


def _chance_column() -> Column:
    return _chance_udf()(
        *(F.coalesce(F.col(name), F.lit(0)).cast("double")
          for name in ("clients_before", "clients", "exposure_since", "exposure_after", "exposure_total"))
    )  # fmt: skip


def _chance_udf() -> Callable[..., Column]:
    def of(before: float, later: float, since: float, after: float, total: float) -> float | None:
        return compute_chance(Occurrence(int(before), int(later), since, after, total))

    return F.udf(of, DoubleType(), useArrow=True)


def _share(part: str, whole: str) -> Column:
    """The share of a part, at most 1.

    Estimates from two sketches may differ by their error.
    """
    share = F.try_divide(part, whole)
    return F.round(F.when(share > 1, 1.0).otherwise(share), 6)
