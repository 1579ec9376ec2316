"""Host names that look like one variable: subdomains with the same endpoints.

These are suggestions, nothing is merged. An operator who agrees writes it into decisions.yaml (host_alias).
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

MIN_HOSTS = 3
"""Two similar hosts may be test and production; three are a pattern."""
MIN_ENDPOINTS = 2
SHARED_SHARE = 0.8
"""Share of a host's endpoints that most of its siblings have: others may not have been called yet."""
POSITIONS = (1, 2)
"""Position of the label from the left: `{hostVar1}.shop.example`, `api.{hostVar1}.shop.example`."""
SHOWN = 5


def find_host_variables(endpoints: DataFrame) -> DataFrame:
    """Finds patterns of host names in `host, method, path_template`.

    Returns:
        `pattern`, `hosts` (count), `examples` (at most five), `endpoints` (number of those that they share).
    """
    each = endpoints.select("host", F.struct("method", "path_template").alias("endpoint")).distinct()
    labels = F.split("host", r"\.")
    is_name = ~F.col("host").rlike(r"^[0-9.:]+$|[\[\]]")  # RFC 3986 s. 3.2.2: addresses have no subdomains
    wide = each.withColumn("labels", labels).where(is_name)
    parts = []
    for position in POSITIONS:
        before = F.slice("labels", 1, position - 1)
        after = F.slice("labels", position + 1, F.greatest(F.size("labels") - position, F.lit(0)))
        pattern = F.array_join(F.concat(before, F.array(F.lit("{hostVar1}")), after), ".")
        parts.append(
            wide.where(F.size("labels") >= position + 2).select("host", "endpoint", pattern.alias("pattern"))
        )
    placed = parts[0].unionByName(parts[1])
    siblings = (
        placed.groupBy("pattern")
        .agg(F.count_distinct("host").alias("siblings"))
        .where(F.col("siblings") >= MIN_HOSTS)
    )
    common = placed.groupBy("pattern", "endpoint").agg(F.count_distinct("host").alias("found"))
    counted = placed.join(common, ["pattern", "endpoint"]).join(siblings, "pattern")
    most = F.col("found") * 2 > F.col("siblings")
    alike = (
        counted.groupBy("pattern", "host")
        .agg(F.avg(most.cast("int")).alias("share"), F.count_if(most).alias("shared"))
        .where((F.col("share") >= SHARED_SHARE) & (F.col("shared") >= MIN_ENDPOINTS))
    )
    patterns = alike.groupBy("pattern").agg(
        F.count("*").alias("hosts"),
        F.expr(f"min_by(host, host, {SHOWN})").alias("examples"),
        F.max("shared").alias("endpoints"),
    )
    return patterns.where(F.col("hosts") >= MIN_HOSTS)
