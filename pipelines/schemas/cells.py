"""What is learned anew: an endpoint's day whose traffic is other than what it was learned from, or what its slices rest on.

The senders of a cell are made of its traffic; its slices also rest on the clients that are set apart and on
the endpoint's maps, which all days together decide.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.table import CELL_KEY, ENDPOINT_KEY


def wanted_cells(endpoint_slices: DataFrame, endpoints: DataFrame, settings: str) -> DataFrame:
    """Rows of endpoint_slices and the endpoints that teach → `CELL_KEY, content` (bigint).

    `content` stands for the traffic of the cell and for `settings`, what else decides which requests teach what.
    """
    content = F.xxhash64("inputs", "content", F.lit(settings)).alias("content")
    return endpoint_slices.select(*CELL_KEY, content).join(endpoints.select(*ENDPOINT_KEY), [*ENDPOINT_KEY])


def askers_of_cells(client_days: DataFrame, templates: DataFrame) -> DataFrame:
    """Rows of client_days of the clients set apart, with their names → which cells they asked.

    Returns: `CELL_KEY` without the variant, `client`.
    """
    asked = client_days.select("host", "method", "path_shape", "day", "client")
    return asked.join(templates, ["host", "path_shape"]).select(*CELL_KEY[1:], "client").distinct()


def with_askers(cells: DataFrame, askers: DataFrame, maps: DataFrame) -> DataFrame:
    """Rows of `wanted` → the same with `made_of` (bigint): the clients set apart that asked there, and the endpoint's maps.

    `askers`: rows of `askers`; `maps`: rows of `maps_of`.
    """
    theirs = askers.groupBy(*CELL_KEY[1:]).agg(F.array_sort(F.collect_set("client")).alias("apart"))
    known = cells.join(F.broadcast(theirs), [*CELL_KEY[1:]], "left").join(
        F.broadcast(maps), [*ENDPOINT_KEY], "left"
    )
    return known.select(*CELL_KEY, "content", F.xxhash64("apart", F.to_json("maps")).alias("made_of"))


def stale_cells(cells: DataFrame, learned: DataFrame) -> DataFrame:
    """Cells that are not among the learned ones, with the same of all columns that both have."""
    same = [name for name in cells.columns if name in learned.columns]
    return cells.join(learned.select(*same), same, "left_anti")
