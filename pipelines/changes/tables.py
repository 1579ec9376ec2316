"""Tables of the change stage: what was published, how the traffic has changed since, which changes were told."""

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
"""One row = an endpoint of the newest publication (numbered from 1) of a variant; replaced by the next one. `last_day` is the
last day with traffic, the same in all rows; `version` that of the schema, NULL where none was learned; the counts are of then.
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
"""One row = a change since a publication. Replace per variant and publication: those before stay as history.

`id` names the place of a change, so that it stays while its numbers grow. `first_day` and `first_seen` are of the first request
that shows it; `requests` and `clients` (at least) show it after publication, the shares are of the endpoint's since then (of a
new endpoint: of its host's). Of what is gone they are those that still ask. `chance`: see `significance` and `idle`; `risk`: what
the new schema says of itself. `cause`: `traffic` where requests show it, else `evidence`: the traffic is as it was, better known.
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
"""One row = a change that the web hook has taken. Append."""


UNNUMBERED = 0
"""Number of what was not accepted but is looked back at (`as_of`)."""


def build_publication(
    inventory: DataFrame, schemas: DataFrame, endpoint_slices: DataFrame, number: int
) -> DataFrame:
    """The inventory and the newest schemas of one variant → rows of `PUBLISHED`; no rows where there is no traffic."""
    boundary = endpoint_slices.agg(F.max("day").alias("last_day")).where(F.col("last_day").isNotNull())
    versions = latest(schemas).select(*ENDPOINT_KEY, "version")
    numbered = inventory.join(versions, [*ENDPOINT_KEY], "left").crossJoin(F.broadcast(boundary))
    return numbered.withColumn("publication", F.lit(number)).select(*PUBLISHED.schema.names)


def build_publication_as_of(day: date, inventory: DataFrame, schemas: DataFrame) -> DataFrame:
    """What could have been published on `day`: endpoints seen until then, versions learned from traffic until then."""
    until = inventory.where(F.to_date("first_seen") <= F.lit(day))
    known = schemas.where(F.col("last_day") <= F.lit(day))
    versions = latest(known).select(*ENDPOINT_KEY, "version")
    dated = until.join(versions, [*ENDPOINT_KEY], "left").withColumn("last_day", F.lit(day))
    return dated.withColumn("publication", F.lit(UNNUMBERED)).select(*PUBLISHED.schema.names)
