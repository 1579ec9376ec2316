"""What a step has to do again: days of the warehouse, and an endpoint's days (cells), by what each was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from hashlib import sha256

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.decisions.model import HostAlias
from pipelines.decisions.spark import look_up
from pipelines.endpoints.days import DayChoice, digest, format_inputs, parse_inputs
from pipelines.endpoints.keys import CELL_KEY, ENDPOINT_KEY
from pipelines.endpoints.spark.client_days import CLIENT_DAYS
from pipelines.endpoints.tables import ENDPOINT_SLICES
from pipelines.runtime.release import package_version
from pipelines.selection.variant import Variant
from pipelines.transactions.tables import TRANSACTIONS
from pipelines.workflows.run import Run


def select_wanted_cells(endpoint_slices: DataFrame, endpoints: DataFrame, settings: str) -> DataFrame:
    """Rows of endpoint_slices and the endpoints that teach → `CELL_KEY, content` (bigint).

    `content` stands for the traffic of the cell and for `settings`, what else decides which requests teach what.
    """
    content = F.xxhash64("inputs", "content", F.lit(settings)).alias("content")
    return endpoint_slices.select(*CELL_KEY, content).join(endpoints.select(*ENDPOINT_KEY), [*ENDPOINT_KEY])


def find_cell_clients(client_days: DataFrame, templates: DataFrame) -> DataFrame:
    """Rows of client_days of the clients set apart, with their names → which cells they asked.

    Returns: `CELL_KEY` without the variant, `client`.
    """
    asked = client_days.select("host", "method", "path_shape", "day", "client")
    return asked.join(templates, ["host", "path_shape"]).select(*CELL_KEY[1:], "client").distinct()


def with_cell_clients(cells: DataFrame, askers: DataFrame, maps: DataFrame) -> DataFrame:
    """Rows of `wanted` → the same with `made_of` (bigint): the clients set apart that asked there, and the endpoint's maps.

    `askers`: rows of `askers`; `maps`: rows of `maps_of`.
    """
    theirs = askers.groupBy(*CELL_KEY[1:]).agg(F.array_sort(F.collect_set("client")).alias("apart"))
    known = cells.join(F.broadcast(theirs), [*CELL_KEY[1:]], "left").join(
        F.broadcast(maps), [*ENDPOINT_KEY], "left"
    )
    return known.select(*CELL_KEY, "content", F.xxhash64("apart", F.to_json("maps")).alias("made_of"))


def select_stale_cells(cells: DataFrame, learned: DataFrame) -> DataFrame:
    """Cells that are not among the learned ones, with the same of all columns that both have."""
    same = [name for name in cells.columns if name in learned.columns]
    return cells.join(learned.select(*same), same, "left_anti")


LEFT_SHOWN = 5
"""Days that a note names; more are counted."""


def digest_wanted_inputs(run: Run, variants: Sequence[Variant], model: bytes) -> dict[date, dict[str, str]]:
    """What a day's rows of each variant must be made from: files, and what decides about their requests."""
    selection, endpoints = run.settings.selection, run.settings.endpoints
    aliases = [repr(each) for each in run.decisions if isinstance(each, HostAlias)]
    shared = [
        package_version(),  # another version may judge a request otherwise
        repr(sorted(selection.sessions.items())),
        repr((endpoints.client_sketch_log2, selection.candidate_floor)),
        *aliases,
    ]
    of_variant = {"ml": [sha256(model).hexdigest()], "session": []}
    return {
        day: {variant: digest([found, *shared, *of_variant[variant]]) for variant in variants}
        for day, found in TRANSACTIONS.digests_by_day(run.warehouse).items()
    }


def read_stored_inputs(run: Run) -> dict[tuple[str, date], str]:
    """From what the client-days of each variant and day were made.

    Every row says it of all variants that were worked out with it, so that a day without a row of one is known, too.
    """
    own: dict[tuple[str, date], str] = {}
    beside: dict[tuple[str, date], str] = {}
    for each in CLIENT_DAYS.partitions(run.warehouse):
        for variant, inputs in parse_inputs(each["inputs"]).items():
            known = own if variant == each["variant"] else beside
            known[variant, date.fromisoformat(each["day"])] = inputs
    return beside | own


def choose_days_to_score(
    run: Run, variants: Sequence[Variant], model: bytes, choice: DayChoice
) -> tuple[dict[date, str], tuple[date, ...]]:
    """What each day must be made from, and the days whose traffic is read: of all variants together."""
    wanted, made = digest_wanted_inputs(run, variants, model), read_stored_inputs(run)
    stale = {
        day
        for day, inputs in wanted.items()
        if any(made.get((variant, day)) != found for variant, found in inputs.items())
    }
    days = choice.select(wanted, stale)
    report_skipped_days(run, stale.difference(days))
    return {day: format_inputs(inputs) for day, inputs in wanted.items()}, days


def find_unsliced_days(run: Run) -> set[date]:
    """The days whose endpoint slices were made from other client-days than there are now."""
    have, sliced = (
        {(each["variant"], each["day"], each["inputs"]) for each in table.partitions(run.warehouse)}
        for table in (CLIENT_DAYS, ENDPOINT_SLICES)
    )
    return {date.fromisoformat(day) for _, day, _ in have - sliced}


def with_inputs(rows: DataFrame, inputs: Mapping[date, str]) -> DataFrame:
    """Rows with `day` → the same plus `inputs`."""
    listed = {day.isoformat(): text for day, text in inputs.items()}
    return rows.withColumn("inputs", look_up(listed, F.col("day").cast("string")))


def with_inputs_of(rows: DataFrame, run: Run) -> DataFrame:
    """Slices → the same plus the `inputs` of the client-days of their variant and day."""
    partitions = CLIENT_DAYS.partitions(run.warehouse)
    listed = {f"{each['variant']} {each['day']}": each["inputs"] for each in partitions}
    key = F.concat_ws(" ", "variant", F.col("day").cast("string"))
    return rows.withColumn("inputs", look_up(listed, key))


def count_rows_by_day(**frames: DataFrame) -> dict[str, dict[date, int]]:
    """How many rows each frame has of each day, found in one action."""
    each = (rows.select("day", F.lit(name).alias("name")) for name, rows in frames.items())
    found = reduce(DataFrame.unionByName, each).groupBy("name", "day").count().collect()
    return {name: {row["day"]: row["count"] for row in found if row["name"] == name} for name in frames}


def report_skipped_days(run: Run, left: Iterable[date]) -> None:
    """Says which days changed and were not asked for."""
    days = sorted(left)
    if days:
        shown = ", ".join(map(str, days[:LEFT_SHOWN]))
        more = f" and {len(days) - LEFT_SHOWN:,} more" if len(days) > LEFT_SHOWN else ""
        run.reporter.note(f"  days with new traffic that were not asked for: {shown}{more}")
