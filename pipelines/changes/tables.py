"""Tables of publications, of the changes since then, and of delivered notices."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructType,
    TimestampType,
)

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.tables import STATUS_CLASSES
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.tables import Table
from pipelines.schemas.tables import latest

PUBLISHED = Table(
    name="published",
    schema=StructType(
        [
            *struct_fields(StringType(), *ENDPOINT_KEY),
            *struct_fields(IntegerType(), "publication"),
            *struct_fields(DateType(), "last_day"),
            *struct_fields(IntegerType(), "version", nullable=True),
            *struct_fields(LongType(), "requests", *STATUS_CLASSES, "clients"),
            *struct_fields(TimestampType(), "first_seen", "last_seen"),
        ]
    ),
)
"""One row = an endpoint of the newest publication (numbered from 1) of a variant; the next publication replaces it.

`last_day` is the last day with traffic, the same in all rows; `version` is that of the schema, NULL if none was learned; the
counts are those at the time of publication.
"""

CHANGES = Table(
    name="changes",
    schema=StructType(
        [
            *struct_fields(StringType(), *ENDPOINT_KEY),
            *struct_fields(IntegerType(), "publication"),
            *struct_fields(StringType(), "id", "kind", "location", "name", "keyword"),
            *struct_fields(StringType(), "before", "after", nullable=True),
            *struct_fields(IntegerType(), "from_version", "to_version", nullable=True),
            *struct_fields(DateType(), "first_day", nullable=True),
            *struct_fields(TimestampType(), "first_seen", nullable=True),
            *struct_fields(LongType(), "requests", "clients", nullable=True),
            *struct_fields(
                DoubleType(), "share_of_requests", "share_of_clients", "chance", "risk", nullable=True
            ),
            *struct_fields(StringType(), "cause"),
            *struct_fields(BooleanType(), "is_breaking", "is_significant"),
        ]
    ),
)
"""One row = a change since a publication. Replace per variant and publication: those of earlier publications stay as history.

`id` identifies the place of a change, so it stays the same while the numbers grow. `first_day` and `first_seen` are those of the
first request that shows the change; `requests` and `clients` (at least so many) show it after publication, and the shares are
relative to those of the endpoint since then (for a new endpoint: of its host). For kinds that end in `-gone`, they are the
requests that are still made. `chance`: see `significance`; `risk`: the one that the new schema states. `cause` is `traffic` if
requests show the change, and otherwise `evidence`: the traffic is as before, but more of it is known.
"""

NOTICES = Table(
    name="notices",
    schema=StructType(
        [
            *struct_fields(StringType(), "variant"),
            *struct_fields(IntegerType(), "publication"),
            *struct_fields(StringType(), "id"),
        ]
    ),
)
"""One row = a change that the webhook has accepted. Append."""


UNNUMBERED = 0
"""Number of a state in the past that was not published (`build_publication_as_of`)."""


def build_publication(
    inventory: DataFrame, schemas: DataFrame, endpoint_slices: DataFrame, number: int
) -> DataFrame:
    """Builds rows of `PUBLISHED` from the inventory and schemas of one variant.

    There are no rows if there is no traffic.
    """
    boundary = endpoint_slices.agg(F.max("day").alias("last_day")).where(F.col("last_day").isNotNull())
    versions = latest(schemas).select(*ENDPOINT_KEY, "version")
    numbered = inventory.join(versions, [*ENDPOINT_KEY], "left").crossJoin(F.broadcast(boundary))
    return numbered.withColumn("publication", F.lit(number)).select(*PUBLISHED.schema.names)


def build_publication_as_of(day: date, inventory: DataFrame, schemas: DataFrame) -> DataFrame:
    """Builds the rows of `PUBLISHED` that could have been published on `day`.

    They are the endpoints seen until then, with the versions that were learned from traffic until then.
    """
    until = inventory.where(F.to_date("first_seen") <= F.lit(day))
    learned = schemas.where(F.col("last_day") <= F.lit(day))
    versions = latest(learned).select(*ENDPOINT_KEY, "version")
    dated = until.join(versions, [*ENDPOINT_KEY], "left").withColumn("last_day", F.lit(day))
    return dated.withColumn("publication", F.lit(UNNUMBERED)).select(*PUBLISHED.schema.names)
