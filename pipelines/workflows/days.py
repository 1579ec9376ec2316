"""Days and cells (endpoint and day) that a step must work on again.

These are the ones whose inputs differ from those that the stored results were made from.
"""

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
from pipelines.endpoints.tables import CLIENT_DAYS, ENDPOINT_SLICES
from pipelines.runtime.release import package_version
from pipelines.selection.variant import Variant
from pipelines.transactions.tables import TRANSACTIONS
from pipelines.workflows.run import Run


def select_wanted_cells(endpoint_slices: DataFrame, endpoints: DataFrame, settings: str) -> DataFrame:
    """Selects the cells of endpoints that teach a schema: `CELL_KEY, content`.

    Args:
        endpoint_slices: Rows of endpoint_slices.
        endpoints: Endpoints that teach a schema.
        settings: Everything else that decides which requests teach what.

    Returns:
        `CELL_KEY` and `content` (bigint), a hash of the traffic of the cell and of `settings`.
    """
    content = F.xxhash64("inputs", "content", F.lit(settings)).alias("content")
    return endpoint_slices.select(*CELL_KEY, content).join(endpoints.select(*ENDPOINT_KEY), [*ENDPOINT_KEY])


def find_cell_clients(client_days: DataFrame, templates: DataFrame) -> DataFrame:
    """Finds the cells that excluded clients sent requests to.

    Args:
        client_days: Rows of client_days of the excluded clients, with their names.
        templates: `host, path_shape, path_template`.

    Returns:
        `CELL_KEY` without the variant, `client`.
    """
    requests = client_days.select("host", "method", "path_shape", "day", "client")
    return requests.join(templates, ["host", "path_shape"]).select(*CELL_KEY[1:], "client").distinct()


def with_cell_clients(cells: DataFrame, cell_clients: DataFrame, maps: DataFrame) -> DataFrame:
    """Adds `made_of` (bigint), a hash of the other inputs of each cell.

    Args:
        cells: Rows of `select_wanted_cells`.
        cell_clients: Rows of `find_cell_clients`.
        maps: Rows of `find_maps`: objects of each endpoint whose property names are data.
    """
    theirs = cell_clients.groupBy(*CELL_KEY[1:]).agg(F.array_sort(F.collect_set("client")).alias("apart"))
    joined = cells.join(F.broadcast(theirs), [*CELL_KEY[1:]], "left").join(
        F.broadcast(maps), [*ENDPOINT_KEY], "left"
    )
    return joined.select(*CELL_KEY, "content", F.xxhash64("apart", F.to_json("maps")).alias("made_of"))


def select_stale_cells(cells: DataFrame, learned: DataFrame) -> DataFrame:
    """Selects cells that were not learned with the same values in all shared columns."""
    same = [name for name in cells.columns if name in learned.columns]
    return cells.join(learned.select(*same), same, "left_anti")


SKIPPED_SHOWN = 5
"""Days that a note names; the others are counted."""


def digest_wanted_inputs(run: Run, variants: Sequence[Variant], model: bytes) -> dict[date, dict[str, str]]:
    """Digests the inputs that each day's rows must be made from, by variant.

    Inputs are the files of the day and everything that decides about its requests.
    """
    selection, endpoints = run.settings.selection, run.settings.endpoints
    aliases = [repr(each) for each in run.decisions if isinstance(each, HostAlias)]
    shared = [
        package_version(),  # another version may score a request differently
        repr(sorted(selection.sessions.items())),
        repr((endpoints.client_sketch_log2, selection.candidate_floor)),
        *aliases,
    ]
    of_variant = {"ml": [sha256(model).hexdigest()], "session": []}
    return {
        day: {variant: digest([files, *shared, *of_variant[variant]]) for variant in variants}
        for day, files in TRANSACTIONS.digests_by_day(run.warehouse).items()
    }


def read_stored_inputs(run: Run) -> dict[tuple[str, date], str]:
    """Reads the digests of inputs of the stored client-days, by variant and day.

    Each partition has those of all variants that were worked out together, so a day without rows in one variant is known as well.
    """
    own: dict[tuple[str, date], str] = {}
    of_other_rows: dict[tuple[str, date], str] = {}
    for each in CLIENT_DAYS.partitions(run.warehouse):
        for variant, inputs in parse_inputs(each["inputs"]).items():
            target = own if variant == each["variant"] else of_other_rows
            target[variant, date.fromisoformat(each["day"])] = inputs
    return of_other_rows | own


def choose_days_to_score(
    run: Run, variants: Sequence[Variant], model: bytes, choice: DayChoice
) -> tuple[dict[date, str], tuple[date, ...]]:
    """Chooses the days whose traffic is read, for all variants together.

    Returns:
        The inputs that each day must be made from, and the chosen days.
    """
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
    """Finds days whose endpoint slices were made from other client-days than now."""
    have, sliced = (
        {(each["variant"], each["day"], each["inputs"]) for each in table.partitions(run.warehouse)}
        for table in (CLIENT_DAYS, ENDPOINT_SLICES)
    )
    return {date.fromisoformat(day) for _, day, _ in have - sliced}


def with_inputs(rows: DataFrame, inputs: Mapping[date, str]) -> DataFrame:
    """Adds `inputs` to rows with `day`."""
    listed = {day.isoformat(): text for day, text in inputs.items()}
    return rows.withColumn("inputs", look_up(listed, F.col("day").cast("string")))


def with_inputs_of(rows: DataFrame, run: Run) -> DataFrame:
    """Adds to slices the `inputs` of the client-days of their variant and day."""
    partitions = CLIENT_DAYS.partitions(run.warehouse)
    listed = {f"{each['variant']} {each['day']}": each["inputs"] for each in partitions}
    key = F.concat_ws(" ", "variant", F.col("day").cast("string"))
    return rows.withColumn("inputs", look_up(listed, key))


def count_rows_by_day(**frames: DataFrame) -> dict[str, dict[date, int]]:
    """Counts the rows of each frame by day, in one Spark action."""
    each = (rows.select("day", F.lit(name).alias("name")) for name, rows in frames.items())
    counts = reduce(DataFrame.unionByName, each).groupBy("name", "day").count().collect()
    return {name: {row["day"]: row["count"] for row in counts if row["name"] == name} for name in frames}


def report_skipped_days(run: Run, left: Iterable[date]) -> None:
    """Reports days that changed but were not requested."""
    days = sorted(left)
    if days:
        shown = ", ".join(map(str, days[:SKIPPED_SHOWN]))
        more = f" and {len(days) - SKIPPED_SHOWN:,} more" if len(days) > SKIPPED_SHOWN else ""
        run.reporter.note(f"  days with new traffic that were not requested: {shown}{more}")
