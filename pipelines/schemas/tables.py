"""Tables of the schema stage: evidence by day, versions, outlier clients."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.tables import Table
from pipelines.schemas.keys import PARAMETER_KEY

_VALUE_COUNT = struct_fields(LongType(), "n", "clients", nullable=True)
"""How often a value was sent, and its clients' bits (`value_counts.client_bit`)."""
DISTINCT_VALUES_SCHEMA = ArrayType(
    StructType([*struct_fields(StringType(), "value", nullable=True), *_VALUE_COUNT])
)
EXTREME_VALUES_SCHEMA = ArrayType(
    StructType(
        [
            *struct_fields(DoubleType(), "size", nullable=True),
            *struct_fields(StringType(), "digest", nullable=True),
            *_VALUE_COUNT,
        ]
    )
)
PEAKS_SCHEMA = ArrayType(
    StructType(
        [
            *struct_fields(IntegerType(), "hour", nullable=True),
            *struct_fields(DoubleType(), "size", nullable=True),
        ]
    )
)

PARAMETER_SLICES_SCHEMA = StructType(
    [
        *struct_fields(StringType(), *PARAMETER_KEY, "kind", nullable=False),
        *struct_fields(DateType(), "day", nullable=False),
        *struct_fields(BooleanType(), "is_late", "is_held", nullable=False),
        *struct_fields(LongType(), "n", "requests", nullable=False),
        *struct_fields(BinaryType(), "clients", "values", nullable=False),
        *struct_fields(LongType(), "integer_min", "integer_max", nullable=True),
        StructField("classes", ArrayType(LongType()), False),
        StructField("common", DISTINCT_VALUES_SCHEMA, True),
        StructField("high", EXTREME_VALUES_SCHEMA, False),
        StructField("low", EXTREME_VALUES_SCHEMA, False),
        StructField("peaks", PEAKS_SCHEMA, False),
        *struct_fields(StringType(), "prefix", nullable=True),
    ]
)
"""One row = the values of one kind of one parameter on one day.

Late hours and clients that are held out have rows of their own (`extraction.spark.assign_splits`). Replace per variant and day.
`clients` and `values` are HyperLogLog sketches (Apache DataSketches), integers are exact, `classes` counts the values with
characters of each class. `common` holds all values of a kind that may be an enum, NULL if they are too many.
"""

_CLIENTS = StructField("clients", ArrayType(LongType()))
_SIZES = ArrayType(
    StructType(
        [
            *struct_fields(LongType(), "who", nullable=True),
            *struct_fields(DoubleType(), "size", nullable=True),
        ]
    )
)
_KIND = StructType(
    [
        *struct_fields(StringType(), "kind", nullable=True),
        _CLIENTS,
        *struct_fields(_SIZES, "high", "low", nullable=True),
    ]
)
_VALUE = StructType([*struct_fields(LongType(), "value", "n", nullable=True), _CLIENTS])
SENDERS_SCHEMA = StructType(
    [
        StructField("kinds", ArrayType(_KIND), False),
        StructField("values", ArrayType(_VALUE), True),
        StructField("popular", LongType(), False),
    ]
)
"""`senders.Senders`: clients are numbers, values are hashes."""
PARAMETER_SENDERS_SCHEMA = StructType(
    [
        *struct_fields(StringType(), *PARAMETER_KEY, nullable=False),
        *struct_fields(DateType(), "day", nullable=False),
        *SENDERS_SCHEMA,
    ]
)
"""One row = who sent which values of a parameter on a day.

Names in bodies are replaced by digits (`senders.anonymise_pointer`). Replace per variant and day.
"""

LEARNED_CELLS_SCHEMA = StructType(
    [
        *struct_fields(StringType(), *ENDPOINT_KEY, nullable=False),
        *struct_fields(DateType(), "day", nullable=False),
        *struct_fields(LongType(), "content", "made_of", nullable=False),
    ]
)
"""One row = a day of an endpoint that was learned.

`content` is a hash of the traffic that it was learned from (`days.select_wanted_cells`), `made_of` of all else that its slices
depend on (`days.with_cell_clients`). Replace per variant; written last.
"""

PARAMETER_SCHEMA = StructType(  # nullable throughout: Delta has no NOT NULL inside arrays
    [
        *struct_fields(StringType(), "location", "name", nullable=True),
        *struct_fields(BooleanType(), "required", nullable=True),
        *struct_fields(LongType(), "requests", nullable=True),
        *struct_fields(StringType(), "schema", nullable=True),
    ]
)
"""An inferred parameter.

`requests` carried it; `schema` is JSON Schema 2020-12 as JSON text with `x-census`.
"""

SCHEMAS_SCHEMA = StructType(
    [
        *struct_fields(StringType(), *ENDPOINT_KEY, nullable=False),
        *struct_fields(IntegerType(), "version", nullable=False),
        *struct_fields(StringType(), "fingerprint", nullable=False),
        *struct_fields(LongType(), "requests", "clients", nullable=False),
        *struct_fields(IntegerType(), "days", nullable=False),
        *struct_fields(DateType(), "first_day", "last_day", nullable=False),
        *struct_fields(IntegerType(), "left_out", nullable=False),
        *struct_fields(
            LongType(), "tested", "false_alarms", "constraints", "sure_constraints", nullable=False
        ),
        *struct_fields(ArrayType(StringType()), "path_variants", "media_types"),
        StructField("parameters", ArrayType(PARAMETER_SCHEMA), False),
    ]
)
"""One row = a version (from 1) of an endpoint's schema.

A version is appended only if `fingerprint` changed, a hash of the inferred schema and of the names of its enforceable
constraints. `requests` are the successful ones (2xx) that it was learned from, `left_out` the number of parameters not written.
`path_variants` are the spellings of their paths (`path_parameters.PATH_VARIANTS`), `media_types` those of their bodies. Of
`tested` requests that the back-test held out, `false_alarms` violated the schema; of `constraints`, `sure_constraints` are
enforceable (`inference/confidence.py`).
"""

OUTLIER_CLIENTS_SCHEMA = StructType(
    [
        *struct_fields(StringType(), "variant", "client", nullable=False),
        *struct_fields(LongType(), "parameters", "endpoints", nullable=False),
        StructField("reasons", ArrayType(StringType()), False),
    ]
)
"""One row = an outlier client, excluded before learning.

`client` is its first transaction. Replace per variant.
"""


PARAMETER_SLICES = Table(
    name="parameter_slices", schema=PARAMETER_SLICES_SCHEMA, partition=("variant", "day")
)
SCHEMAS = Table(name="schemas", schema=SCHEMAS_SCHEMA)
PARAMETER_SENDERS = Table(
    name="parameter_senders", schema=PARAMETER_SENDERS_SCHEMA, partition=("variant", "day")
)
LEARNED_CELLS = Table(name="learned_cells", schema=LEARNED_CELLS_SCHEMA, partition=("variant",))
OUTLIER_CLIENTS = Table(name="outlier_clients", schema=OUTLIER_CLIENTS_SCHEMA)


def new_versions(latest_learned: DataFrame, known: DataFrame) -> DataFrame:
    """Returns the rows to append: schemas that changed.

    An endpoint's first version is 1. A rerun on the same evidence returns no rows.

    Args:
        latest_learned: Rows of `learning.spark.infer_schemas`.
        known: The stored rows of `SCHEMAS_SCHEMA`.
    """
    before = latest(known).select(
        *ENDPOINT_KEY, F.col("version").alias("before"), F.col("fingerprint").alias("was")
    )
    compared = latest_learned.join(before, [*ENDPOINT_KEY], "left")
    changed = compared.where(F.col("was").isNull() | (F.col("was") != F.col("fingerprint")))
    return changed.withColumn("version", F.coalesce(F.col("before") + 1, F.lit(1))).select(
        *SCHEMAS_SCHEMA.names
    )


def latest(schemas: DataFrame) -> DataFrame:
    """Returns the newest version of each endpoint's schema: rows of `SCHEMAS_SCHEMA`."""
    rest = F.struct(*(name for name in SCHEMAS_SCHEMA.names if name not in ENDPOINT_KEY))
    newest = schemas.groupBy(*ENDPOINT_KEY).agg(F.max_by(rest, F.col("version")).alias("newest"))
    return newest.select(*ENDPOINT_KEY, "newest.*")
