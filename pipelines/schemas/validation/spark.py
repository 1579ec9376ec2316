"""Excludes outlier clients before any schema is inferred (docs/methods.md, 2.5).

One odd parameter may be an odd program of an honest user; two are a pattern. The data that is read grows with parameters and
days, not with traffic (`senders`), and the list of clients is never collected on the driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import LongType, StringType, StructType

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.runtime.columns import struct_fields
from pipelines.runtime.settings_sections import OutlierClientSettings
from pipelines.schemas.extraction.spark import count_batches
from pipelines.schemas.keys import PARAMETER_KEY
from pipelines.schemas.statistics.batch_senders import NUMBER_DIGITS, collect_senders
from pipelines.schemas.statistics.senders import merge_senders, senders_from_row, senders_to_row
from pipelines.schemas.statistics.spark.maps import collapse_map_keys
from pipelines.schemas.tables import PARAMETER_SENDERS_SCHEMA, SENDERS_SCHEMA
from pipelines.schemas.validation.outlier_clients import find_outliers

PARTS = "parts"
"""Column with the senders of one parameter, in parts."""
_PLACE = struct_fields(LongType(), "place", "endpoint")
_OUTLIERS = StructType([*_PLACE, *struct_fields(LongType(), "who"), *struct_fields(StringType(), "reason")])


def parameter_senders(batches: DataFrame, settings: OutlierClientSettings) -> DataFrame:
    """Returns who sent the values of each parameter and day, from batches of values.

    Rows of `PARAMETER_SENDERS_SCHEMA`.
    """
    enough = settings.clients
    each = count_batches(batches, partial(collect_senders, enough=enough), PARAMETER_SENDERS_SCHEMA)
    return _in_parts(each, [F.col(name) for name in (*PARAMETER_KEY, "day")]).mapInArrow(
        partial(_merge, enough=enough), PARAMETER_SENDERS_SCHEMA
    )


def find_outlier_clients(
    sent: DataFrame, maps: DataFrame, answers: DataFrame, settings: OutlierClientSettings
) -> DataFrame:
    """Finds the clients that must not be learned from.

    Clients are numbers until the few outliers are known; `answers` has their names. At most a share of `max_share` of the clients
    is returned, those that deviate most; none if there are too few clients to tell who deviates from whom.

    Args:
        sent: Rows of `parameter_senders` of any days.
        maps: Rows of `find_maps`.
        answers: All clients (`client_days.count_client_requests`).
        settings: Thresholds.

    Returns:
        `client`, `parameters`, `endpoints` (bigint: at how many the client deviates), `reasons` (sorted array of "other-kind",
        "beyond-the-others", "outside-the-set", "client-errors").
    """
    # 64 bits replace the texts of a parameter and its endpoint, which would be most of the grouped data
    place = F.xxhash64(*PARAMETER_KEY).alias("place"), F.xxhash64(*ENDPOINT_KEY).alias("endpoint")
    odd = _in_parts(collapse_map_keys(sent, maps, lambda name: name), place).mapInArrow(
        partial(_find_in_batches, settings=settings), _OUTLIERS
    )
    by_client = odd.groupBy("who").agg(
        F.count_distinct("place").alias("parameters"),
        F.count_distinct("endpoint").alias("endpoints"),
        F.collect_set("reason").alias("reasons"),
    )
    several = by_client.where(F.col("parameters") >= settings.parameters)
    asked = answers.select(
        "client", client_number(F.col("client")).alias("who"), _mostly_fails(settings).alias("fails")
    )
    known = asked.join(several, "who", "left").where(F.col("fails") | F.col("parameters").isNotNull())
    nothing = F.array().cast("array<string>")
    reasons = F.concat(
        F.coalesce("reasons", nothing),
        F.when(F.col("fails"), F.array(F.lit("client-errors"))).otherwise(nothing),
    )
    found = known.select(
        "client",
        *(F.coalesce(name, F.lit(0)).cast("bigint").alias(name) for name in ("parameters", "endpoints")),
        F.array_sort(reasons).alias("reasons"),
    )
    return _select_outliers(found, answers.agg(F.count("*").alias("all_clients")), settings)


def client_number(client: Column) -> Column:
    """Returns numbers of 60 bits for clients (`batch_senders.client_numbers`)."""
    return F.conv(F.substr(F.md5(client), F.lit(1), F.lit(NUMBER_DIGITS)), 16, 10).cast("bigint")


def _in_parts(sent: DataFrame, key: Sequence[Column]) -> DataFrame:
    return sent.groupBy(*key).agg(F.collect_list(F.struct(*SENDERS_SCHEMA.names)).alias(PARTS))


def _merge(batches: Iterable[pa.RecordBatch], enough: int) -> Iterator[pa.RecordBatch]:
    schema = to_arrow_schema(PARAMETER_SENDERS_SCHEMA)
    for batch in batches:
        rows = [
            row | senders_to_row(merge_senders(map(senders_from_row, row.pop(PARTS)), enough))
            for row in batch.to_pylist()
        ]
        yield pa.RecordBatch.from_pylist(rows, schema)


def _find_in_batches(
    batches: Iterable[pa.RecordBatch], settings: OutlierClientSettings
) -> Iterator[pa.RecordBatch]:
    schema = to_arrow_schema(_OUTLIERS)
    for batch in batches:
        found = []
        for row in batch.to_pylist():
            whole = merge_senders(map(senders_from_row, row.pop(PARTS)), settings.clients)
            found += [row | {"who": who, "reason": reason} for who, reason in find_outliers(whole, settings)]
        yield pa.RecordBatch.from_pylist(found, schema)


def _mostly_fails(settings: OutlierClientSettings) -> Column:
    """Returns whether most of a client's requests fail.

    Scanners guess paths and parameters.
    """
    return (F.col("n") >= settings.requests) & (F.col("errors") >= settings.error_share * F.col("n"))


def _select_outliers(found: DataFrame, all_clients: DataFrame, settings: OutlierClientSettings) -> DataFrame:
    """Returns the rows of the clients that deviate most, as many as may be excluded."""
    total = F.col("all_clients")
    most = F.greatest(F.lit(settings.always), F.floor(total * settings.max_share))
    order = Window.orderBy(F.desc("parameters"), F.desc("endpoints"), "client")
    ranked = found.withColumn("rank", F.row_number().over(order)).crossJoin(F.broadcast(all_clients))
    return ranked.where((total >= settings.clients) & (F.col("rank") <= most)).select(*found.columns)
