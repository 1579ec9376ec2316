"""Tables of the change stage: what was published, how the traffic has changed since, which changes were told."""

from __future__ import annotations

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

from pipelines.endpoints.table import ENDPOINT_KEY, STATUS_CLASSES
from pipelines.fields import fields
from pipelines.tables import Table

PUBLISHED = Table(
    name="published",
    schema=StructType(
        [
            *fields(StringType(), *ENDPOINT_KEY),
            *fields(IntegerType(), "publication"),
            *fields(DateType(), "last_day"),
            *fields(IntegerType(), "version", nullable=True),
            *fields(LongType(), "requests", *STATUS_CLASSES, "clients"),
            *fields(TimestampType(), "first_seen", "last_seen"),
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
            *fields(StringType(), *ENDPOINT_KEY),
            *fields(IntegerType(), "publication"),
            *fields(StringType(), "id", "kind", "location", "name", "keyword"),
            *fields(StringType(), "before", "after", nullable=True),
            *fields(IntegerType(), "from_version", "to_version", nullable=True),
            *fields(DateType(), "first_day", nullable=True),
            *fields(TimestampType(), "first_seen", nullable=True),
            *fields(LongType(), "requests", "clients", nullable=True),
            *fields(DoubleType(), "share_of_requests", "share_of_clients", "chance", "risk", nullable=True),
            *fields(StringType(), "cause"),
            *fields(BooleanType(), "is_breaking", "is_significant"),
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
            *fields(StringType(), "variant"),
            *fields(IntegerType(), "publication"),
            *fields(StringType(), "id"),
        ]
    ),
)
"""One row = a change that the web hook has taken. Append."""
