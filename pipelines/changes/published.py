"""What counts as published: the inventory with its schema versions, as it was accepted or as it was on a day."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.changes.table import PUBLISHED
from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.schemas.versions import latest

UNNUMBERED = 0
"""Number of what was not accepted but is looked back at (`as_of`)."""


def publication(
    inventory: DataFrame, schemas: DataFrame, endpoint_slices: DataFrame, number: int
) -> DataFrame:
    """The inventory and the newest schemas of one variant → rows of `PUBLISHED`; no rows where there is no traffic."""
    boundary = endpoint_slices.agg(F.max("day").alias("last_day")).where(F.col("last_day").isNotNull())
    versions = latest(schemas).select(*ENDPOINT_KEY, "version")
    numbered = inventory.join(versions, [*ENDPOINT_KEY], "left").crossJoin(F.broadcast(boundary))
    return numbered.withColumn("publication", F.lit(number)).select(*PUBLISHED.schema.names)


def as_of(day: date, inventory: DataFrame, schemas: DataFrame) -> DataFrame:
    """What could have been published on `day`: endpoints seen until then, versions learned from traffic until then."""
    until = inventory.where(F.to_date("first_seen") <= F.lit(day))
    known = schemas.where(F.col("last_day") <= F.lit(day))
    versions = latest(known).select(*ENDPOINT_KEY, "version")
    dated = until.join(versions, [*ENDPOINT_KEY], "left").withColumn("last_day", F.lit(day))
    return dated.withColumn("publication", F.lit(UNNUMBERED)).select(*PUBLISHED.schema.names)
