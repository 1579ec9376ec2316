"""Endpoints and parameters that are new, removed, or inactive since a publication."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, DoubleType, IntegerType, StructField, StructType

from pipelines.changes.significance import measure_inactivity
from pipelines.changes.spark.occurrence import count_request_days, estimate_union
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.tables import responses_without_error
from pipelines.runtime.columns import estimate_distinct
from pipelines.runtime.settings_sections import ChangeSettings
from pipelines.schemas.keys import PARAMETER_KEY, REQUEST_LOCATIONS

INACTIVITY = StructType(
    [
        StructField("days", IntegerType(), False),
        StructField("chance", DoubleType(), True),
        StructField("chance_then", DoubleType(), True),
        StructField("last", DateType(), True),
    ]
)
"""Inactivity in `days` and its `chance`, and the `last` active day.

`chance_then` is the chance of the inactivity that there was on the day of publication.
"""


def inactivity_udf(settings: ChangeSettings) -> Callable[[Column, Column, Column], Column]:
    """Makes the UDF that measures inactivity.

    Its columns are active days, observed days (arrays of dates) and the day of publication; it returns `INACTIVITY`.
    """

    def of_days(active: Sequence[date], observed: Sequence[date], last_day: date) -> dict[str, Any]:
        numbers = {day: number for number, day in enumerate(sorted(observed))}
        now = sorted(numbers[day] for day in active if day in numbers)
        published = sum(day <= last_day for day in numbers)
        current = measure_inactivity(now, len(numbers), settings.cycles, settings.cycles_seen)
        then = measure_inactivity(
            [n for n in now if n < published], published, settings.cycles, settings.cycles_seen
        )
        last = max(active, default=None)
        return {"days": current.days, "chance": current.chance, "chance_then": then.chance, "last": last}

    return F.udf(of_days, INACTIVITY, useArrow=True)


def became_inactive(found: str, idle_risk: float) -> Column:
    """Whether the inactivity became implausible only after publication.

    If it was implausible already then, it was reported then.

    Args:
        found: name of the column `INACTIVITY`.
        idle_risk: chance below which inactivity is implausible.
    """
    now, then = F.col(f"{found}.chance"), F.col(f"{found}.chance_then")
    return F.coalesce(now <= idle_risk, F.lit(False)) & ~F.coalesce(then <= idle_risk, F.lit(False))


ALL_HOSTS = ""
"""Stands for the whole warehouse if the host of an endpoint is new as well, so has no past to compare with."""
FEW_CLIENTS = 20
"""If an endpoint has fewer clients, only the syntax of a name decides whether it is written (`schemas.name_clients_of`)."""


def find_new_endpoints(published: DataFrame, inventory: DataFrame, endpoint_slices: DataFrame) -> DataFrame:
    """Finds endpoints of the inventory that were not published.

    Returns:
        `ENDPOINT_KEY`, `kind` (`method-new` if the path was published), `first_seen`, `first_day`, `since`,
        `requests, clients, clients_before, all_requests, all_clients`, and the exposures of `significance.Occurrence`.
    """
    places, hosts = published.select("host", "path_template").distinct(), published.select("host").distinct()
    fresh = inventory.select(*ENDPOINT_KEY).join(published, [*ENDPOINT_KEY], "left_anti")
    kinds = fresh.join(places.withColumn("kind", F.lit("method-new")), ["host", "path_template"], "left")
    placed = kinds.join(hosts.withColumn("of", F.col("host")), "host", "left").select(
        *ENDPOINT_KEY,
        F.coalesce("kind", F.lit("endpoint-new")).alias("kind"),
        F.coalesce("of", F.lit(ALL_HOSTS)).alias("of"),
    )
    boundary = published.agg(F.max("last_day").alias("last_day"))
    seen = placed.join(endpoint_slices, [*ENDPOINT_KEY]).crossJoin(F.broadcast(boundary))
    is_later = F.col("day") > F.col("last_day")
    own = seen.groupBy(*ENDPOINT_KEY, "kind", "of", "last_day").agg(
        F.min("first_seen").alias("first_seen"),
        F.min("day").alias("first_day"),
        F.min(F.when(is_later, F.col("day"))).alias("since"),
        F.coalesce(F.sum(F.when(is_later, F.col("requests"))), F.lit(0)).alias("requests"),
        estimate_union("client_sketch", is_later).alias("clients"),
        estimate_union("client_sketch", ~is_later).alias("clients_before"),
    )
    return with_exposure(own, sum_host_days(endpoint_slices), ["of"])


def sum_host_days(endpoint_slices: DataFrame) -> DataFrame:
    """Sums the traffic of each host, and of all hosts together (`ALL_HOSTS`), per day.

    Returns:
        `of` (the host), `day`, `requests`, `clients` (sketch), `exposure` (number of clients).
    """
    sums = [
        F.sum("requests").alias("requests"),
        F.hll_union_agg("client_sketch", F.lit(True)).alias("clients"),
    ]
    each = endpoint_slices.groupBy(F.col("host").alias("of"), "day").agg(*sums)
    whole = endpoint_slices.groupBy(F.lit(ALL_HOSTS).alias("of"), "day").agg(*sums)
    return each.unionByName(whole).withColumn("exposure", estimate_distinct("clients"))


def with_exposure(occurred: DataFrame, days: DataFrame, key: list[str]) -> DataFrame:
    """Adds the totals that occurrences are compared with.

    These are `all_requests, all_clients` from `since` on, and the exposures of `significance.Occurrence`.
    """
    place = [*ENDPOINT_KEY, *(["id"] if "id" in occurred.columns else [])]
    boundaries = occurred.select(*{*place, *key}, "since", "last_day")
    since = F.col("day") >= F.col("since")
    totals = (
        boundaries.join(days, key)
        .groupBy(*place)
        .agg(
            F.coalesce(F.sum(F.when(since, F.col("requests"))), F.lit(0)).alias("all_requests"),
            estimate_union("clients", since).alias("all_clients"),
            *(
                F.coalesce(F.sum(F.when(where, F.col("exposure"))), F.lit(0)).cast("double").alias(name)
                for name, where in (
                    ("exposure_since", since),
                    ("exposure_after", F.col("day") > F.col("last_day")),
                    ("exposure_total", F.lit(True)),
                )
            ),
        )
    )
    return occurred.join(totals, place, "left")


def find_removed_endpoints(published: DataFrame, inventory: DataFrame) -> DataFrame:
    """Finds published endpoints that the inventory no longer lists.

    Causes are other templates, an operator's decision, or a lower probability.
    """
    return published.join(inventory.select(*ENDPOINT_KEY), [*ENDPOINT_KEY], "left_anti").select(
        *ENDPOINT_KEY, "last_day"
    )


def find_inactive_endpoints(
    published: DataFrame, inventory: DataFrame, endpoint_slices: DataFrame, settings: ChangeSettings
) -> DataFrame:
    """Finds listed endpoints that are inactive for longer than is plausible.

    An endpoint is active on a day with a successful request; its past says how long a gap is plausible.

    Returns:
        `ENDPOINT_KEY`, `first_day` of the inactivity, `chance`, `requests` and `clients` that have called in vain since then,
        and `is_new`: whether it became implausible after publication.
    """
    boundary = F.broadcast(published.agg(F.max("last_day").alias("last_day")))
    observed = F.broadcast(endpoint_slices.agg(F.collect_set("day").alias("observed")))
    active = endpoint_slices.groupBy(*ENDPOINT_KEY).agg(
        F.collect_set(F.when(responses_without_error() > 0, F.col("day"))).alias("active")
    )
    listed = (
        inventory.select(*ENDPOINT_KEY).join(active, [*ENDPOINT_KEY]).crossJoin(observed).crossJoin(boundary)
    )
    measured = listed.withColumn(
        "found", inactivity_udf(settings)(F.col("active"), F.col("observed"), F.col("last_day"))
    )
    inactive = measured.where(_is_inactive(settings)).select(
        *ENDPOINT_KEY,
        F.col("found.last").alias("last"),
        F.col("found.chance").alias("chance"),
        became_inactive("found", settings.idle_risk).alias("is_new"),
    )
    later = F.col("day") > F.col("last")
    return (
        inactive.join(endpoint_slices, [*ENDPOINT_KEY])
        .groupBy(*ENDPOINT_KEY, "last", "chance", "is_new")
        .agg(
            F.coalesce(F.sum(F.when(later, F.col("requests"))), F.lit(0)).alias("requests"),
            estimate_union("client_sketch", later).alias("clients"),
        )
        .withColumn("first_day", F.date_add("last", 1))
    )


def find_inactive_parameters(
    published: DataFrame, parameter_slices: DataFrame, settings: ChangeSettings
) -> DataFrame:
    """Finds parameters of published endpoints that became inactive after publication.

    Only the days on which their endpoint was called are counted.

    Returns:
        `PARAMETER_KEY`, `last_day`, `first_day` of the inactivity, `chance`, and `requests` and `clients` of the endpoint since
        then.
    """
    learned = published.where(F.col("version").isNotNull()).select(*ENDPOINT_KEY, "last_day")
    requests = count_request_days(parameter_slices)
    observed = requests.groupBy(*ENDPOINT_KEY).agg(
        F.collect_set("day").alias("observed"),
        estimate_distinct(F.hll_union_agg("clients", F.lit(True))).alias("all_clients"),
    )
    active = (
        parameter_slices.where(~F.col("location").isin(*REQUEST_LOCATIONS, "item"))
        .groupBy(*PARAMETER_KEY)
        .agg(
            F.collect_set("day").alias("active"),
            estimate_distinct(F.hll_union_agg("clients", F.lit(True))).alias("by_clients"),
        )
    )
    # a name that few clients use may be personal: documents do not have it, so it is not reported either
    is_written = (F.col("by_clients") >= settings.min_clients) | (F.col("all_clients") < FEW_CLIENTS)
    days = active.join(learned, [*ENDPOINT_KEY]).join(observed, [*ENDPOINT_KEY]).where(is_written)
    candidates = days.where(F.array_max("active") < F.array_max("observed")).withColumn(
        "found", inactivity_udf(settings)(F.col("active"), F.col("observed"), F.col("last_day"))
    )
    inactive = candidates.where(became_inactive("found", settings.idle_risk)).select(
        *PARAMETER_KEY, "last_day", F.col("found.last").alias("last"), F.col("found.chance").alias("chance")
    )
    later = F.col("day") > F.col("last")
    return (
        inactive.join(requests, [*ENDPOINT_KEY])
        .groupBy(*PARAMETER_KEY, "last_day", "last", "chance")
        .agg(
            F.sum(F.when(later, F.col("requests"))).alias("requests"),
            estimate_union("clients", later).alias("clients"),
        )
        .withColumn("first_day", F.date_add("last", 1))
    )


def _is_inactive(settings: ChangeSettings) -> Column:
    return F.coalesce(F.col("found.chance") <= settings.idle_risk, F.lit(False))
