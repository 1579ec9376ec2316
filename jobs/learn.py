"""Learns the schemas of parameters and bodies.

Traffic gives the senders of values and the slices of each day; slices give schemas. A cell is one day of one endpoint.
"""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))


from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.days import CHANGED_DAYS, DayChoice, build_day_filter
from pipelines.endpoints.keys import CELL_KEY
from pipelines.endpoints.spark.client_days import count_client_requests, name_clients, select_by_name
from pipelines.endpoints.spark.inventory import select_listed
from pipelines.endpoints.tables import CLIENT_DAYS, CLIENTS, ENDPOINT_SLICES
from pipelines.http.status import SUCCESSFUL
from pipelines.paths.tables import PATH_TEMPLATES
from pipelines.runtime.tables import Table
from pipelines.schemas.extraction.spark import extract_batches, mark_excluded_clients
from pipelines.schemas.learning.spark import build_slices, compute_slice_states, infer_schemas
from pipelines.schemas.statistics.spark.maps import find_maps
from pipelines.schemas.tables import (
    LEARNED_CELLS,
    OUTLIER_CLIENTS,
    PARAMETER_SENDERS,
    PARAMETER_SLICES,
    SCHEMAS,
    new_versions,
)
from pipelines.schemas.validation.spark import find_outlier_clients, parameter_senders
from pipelines.selection.variant import Variant, learning_threshold
from pipelines.transactions.tables import TRANSACTIONS
from pipelines.workflows.days import (
    count_rows_by_day,
    find_cell_clients,
    report_skipped_days,
    select_stale_cells,
    select_wanted_cells,
    with_cell_clients,
)
from pipelines.workflows.inventory import read_listed_endpoints, read_transactions
from pipelines.workflows.run import Run


@dataclass(frozen=True)
class Work:
    """The work of one run for a variant; a cell is one day of one endpoint.

    `wanted`: all cells to learn from; `known`: the cells learned before; `fresh`: cells whose traffic is read, of `days`;
    `gone`: days with learned cells that are no longer wanted; `size`: number of wanted cells of each day.
    """

    run: Run
    variant: Variant
    choice: DayChoice
    wanted: DataFrame
    known: DataFrame
    fresh: DataFrame
    days: frozenset[date]
    gone: frozenset[date]
    size: Mapping[date, int]

    def rows(self, table: Table) -> DataFrame:
        """Reads the stored rows of the variant."""
        return table.read(self.run.warehouse).where(F.col("variant") == self.variant)

    def replace(self, table: Table, rows: DataFrame | None, redone: DataFrame, days: frozenset[date]) -> None:
        """Replaces rows of these days by `rows`, if any.

        The rows that are replaced are those of the cells `redone`, and of cells that are no longer wanted.
        """
        if days:
            unchanged = self.wanted.join(redone, [*CELL_KEY], "left_anti")
            kept = self.rows(table).where(build_day_filter(days)).join(unchanged, [*CELL_KEY], "left_semi")
            where = f"variant = '{self.variant}' AND {build_day_filter(days)}"
            table.replace(kept if rows is None else kept.unionByName(rows), self.run.warehouse, where)


def learn_schemas(run: Run, variant: Variant, choice: DayChoice = CHANGED_DAYS) -> dict[str, int]:
    """Brings senders and slices of a variant up to date, and appends new schemas.

    Only the traffic of cells that changed, or of the days that `choice` names, is read. Returns the counts for the summary.
    """
    with run.reporter.stage("Learning parameters") as outcome:
        work = plan_work(run, variant, choice)
        batches = read_senders(work)
        outliers, days = learn_slices(work, batches)
        counts = append_schemas(work, outliers)
        outcome.append(
            f"{len(work.days):,} days of traffic read, {days:,} learned; "
            f"{counts['schemas']:,} new or changed schemas, {counts['parameters']:,} parameters in them; "
            f"{counts['outlier_clients']:,} outlier clients excluded"
        )
    return {
        "days_learned": days,
        "new_schema_versions": counts["schemas"],
        "parameters_in_them": counts["parameters"],
        "outlier_clients": counts["outlier_clients"],
    }


def plan_work(run: Run, variant: Variant, choice: DayChoice) -> Work:
    """Plans the work by comparing the cells that exist with those that were learned."""
    settings, warehouse = run.settings, run.warehouse
    endpoints = select_listed(
        read_listed_endpoints(run).where(F.col("variant") == variant), learning_threshold(settings.schemas)
    )
    limits = repr((settings.outlier_clients.clients, settings.schemas.sketch_log2))  # of senders and slices
    # small results are checkpointed: the plan of a cached frame repeats everything it was made of wherever it is read
    wanted = select_wanted_cells(ENDPOINT_SLICES.read(warehouse), endpoints, limits).localCheckpoint()
    learned = LEARNED_CELLS.read(warehouse).where(F.col("variant") == variant)
    fresh = _select_cells_to_redo(run, choice, wanted, learned)
    frames = {"fresh": fresh, "gone": learned.join(wanted, [*CELL_KEY], "left_anti"), "wanted": wanted}
    if choice.is_by_hand:
        frames["left"] = select_stale_cells(wanted, learned)
    days = count_rows_by_day(**frames)
    report_skipped_days(run, days.get("left", {}).keys() - days["fresh"].keys())
    read, gone = frozenset(days["fresh"]), frozenset(days["gone"])
    expect_shares(run, days["fresh"], days["wanted"])
    return Work(run, variant, choice, wanted, learned, fresh, read, gone, days["wanted"])


def expect_shares(run: Run, cells: Mapping[date, int], wanted: Mapping[date, int]) -> None:
    """Announces the share of each day's traffic that is about to be read.

    It is the share of the day's cells.
    """
    run.expect(TRANSACTIONS, {day: count / wanted[day] for day, count in cells.items()})


def read_senders(work: Work) -> DataFrame | None:
    """Reads the traffic of the fresh cells, and stores the senders of its values.

    Returns:
        The values in batches, or None if there are no fresh cells.
    """
    batches = extract_values(work, work.fresh, work.days) if work.days else None
    sent = None if batches is None else parameter_senders(batches, work.run.settings.outlier_clients)
    work.replace(PARAMETER_SENDERS, sent, work.fresh, work.days | work.gone)
    return batches


def extract_values(work: Work, cells: DataFrame, days: frozenset[date]) -> DataFrame:
    """Extracts the values in the successful requests of cells.

    They are in batches (`extraction.spark.extract_batches`).
    """
    warehouse = work.run.warehouse
    successful = read_transactions(work.run).where(
        F.col("status").between(*SUCCESSFUL) & F.expr(build_day_filter(days))
    )
    learnable = successful.join(PATH_TEMPLATES.read(warehouse), ["host", "path_shape"]).join(
        F.broadcast(cells.select(*CELL_KEY)), list(CELL_KEY[1:])
    )
    return extract_batches(name_clients(learnable, CLIENTS.read(warehouse))).localCheckpoint(
        storageLevel=StorageLevel.DISK_ONLY
    )


def learn_slices(work: Work, batches: DataFrame | None) -> tuple[DataFrame, int]:
    """Finds the outlier clients of all days, and rewrites slices.

    Slices are rewritten if their cell is fresh, or if they depend on other outlier clients or maps than before.

    Returns:
        The outlier clients, and the number of days written.
    """
    run, settings, warehouse = work.run, work.run.settings, work.run.warehouse
    sent, stored, clients = work.rows(PARAMETER_SENDERS), CLIENT_DAYS.read(warehouse), CLIENTS.read(warehouse)
    maps = find_maps(sent, settings.schemas).localCheckpoint()
    client_requests = name_clients(count_client_requests(stored), clients).localCheckpoint()
    outliers = find_outlier_clients(sent, maps, client_requests, settings.outlier_clients).localCheckpoint()
    cell_clients = find_cell_clients(
        name_clients(stored, select_by_name(clients, outliers)), PATH_TEMPLATES.read(warehouse)
    )
    current_cells = with_cell_clients(work.wanted, cell_clients, maps).localCheckpoint()
    redone = _select_cells_to_redo(run, work.choice, current_cells, work.known)
    more = redone.join(work.fresh, [*CELL_KEY], "left_anti")
    days = count_rows_by_day(redone=redone, more=more)
    if days["more"]:
        expect_shares(run, days["more"], work.size)
        reread = extract_values(work, more, frozenset(days["more"]))
        batches = reread if batches is None else batches.unionByName(reread)
    new_slices = None
    if batches is not None:
        new_slices = build_slices(
            compute_slice_states(
                mark_excluded_clients(batches, outliers), maps, settings.schemas
            ).localCheckpoint()
        )
    written = work.gone.union(days["redone"])
    work.replace(PARAMETER_SLICES, new_slices, redone, written)
    OUTLIER_CLIENTS.replace(
        outliers.withColumn("variant", F.lit(work.variant)), warehouse, f"variant = '{work.variant}'"
    )
    unchanged = work.known.join(redone, [*CELL_KEY], "left_anti").join(work.wanted, [*CELL_KEY], "left_semi")
    LEARNED_CELLS.replace(unchanged.unionByName(redone), warehouse, f"variant = '{work.variant}'")
    return outliers, len(written)


def append_schemas(work: Work, outliers: DataFrame) -> dict[str, int]:
    """Infers the schemas, appends those that changed, and returns their counts."""
    warehouse = work.run.warehouse
    inferred = infer_schemas(work.rows(PARAMETER_SLICES), work.run.settings.schemas)
    fresh = new_versions(inferred, SCHEMAS.read(warehouse)).localCheckpoint()
    changed = fresh.agg(
        F.count("*").alias("schemas"),
        F.coalesce(F.sum(F.size("parameters")), F.lit(0)).alias("parameters"),
    )
    counts = changed.crossJoin(outliers.agg(F.count("*").alias("outlier_clients"))).collect()[0].asDict()
    if counts["schemas"]:
        SCHEMAS.append(fresh, warehouse)
    return dict(counts)


def _select_cells_to_redo(run: Run, choice: DayChoice, cells: DataFrame, learned: DataFrame) -> DataFrame:
    """Selects the cells to learn again.

    They are the cells of the days that `choice` names, or else those whose input has changed.

    Cells of days whose traffic is no longer stored keep what was learned.
    """
    digests = TRANSACTIONS.digests_by_day(run.warehouse)
    if choice.is_by_hand:
        return cells.where(build_day_filter(choice.select(digests, ())))
    return select_stale_cells(cells.where(build_day_filter(digests)), learned)
