"""What a host answers to, in few words: the methods and shapes of paths that tell which software runs there."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F


def host_shapes(shaped: DataFrame, max_shapes: int) -> DataFrame:
    """`host, method, path_shape, status, ...` → `host`, `shapes` ("GET /wp-content/{}", sorted): the busiest `max_shapes`.

    Only what was answered well counts: scanners ask every host for the same paths, which are not there.
    """
    found = shaped.where(F.col("status").between(200, 299) | (F.col("status") == 304))
    token = F.concat_ws(" ", "method", "path_shape").alias("token")
    counted = found.groupBy("host", token).count()
    busiest = Window.partitionBy("host").orderBy(F.desc("count"), "token")
    kept = counted.withColumn("rank", F.row_number().over(busiest)).where(F.col("rank") <= max_shapes)
    return kept.groupBy("host").agg(F.sort_array(F.collect_set("token")).alias("shapes"))
