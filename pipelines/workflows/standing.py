"""Describes the endpoints of one path: state, probability, counts and reasons."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.explanation.phrases import GROUPS
from ml.explanation.spark import with_reasons as with_transaction_reasons
from pipelines.decisions.spark import is_ignored, is_saved
from pipelines.endpoints.columns import count_host_days
from pipelines.endpoints.spark.client_days import name_clients
from pipelines.endpoints.spark.explanations import (
    CELL,
    select_samples,
    select_transactions,
    sum_reasons,
    with_reasons,
)
from pipelines.endpoints.spark.inventory import build_slices, estimate_endpoints, group_by_template
from pipelines.endpoints.standing import Thresholds, explain_standing, format_reasons, without_host_adjustment
from pipelines.endpoints.tables import CLIENT_DAYS, CLIENTS, ENDPOINT_REASONS
from pipelines.paths.tables import PATH_TEMPLATES
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import sample_hash
from pipelines.selection.variant import inventory_threshold, learning_threshold
from pipelines.workflows.days import with_inputs_of
from pipelines.workflows.inventory import read_estimated_endpoints, read_transactions
from pipelines.workflows.model import load_model
from pipelines.workflows.run import Run

COUNTED = (
    "requests", "informational", "successful", "redirects", "not_modified", "client_errors", "server_errors", "preflights",
    "clients", "client_days",
)  # fmt: skip
ROUNDED = 6


def describe_standings(run: Run, host: str, path_template: str) -> list[dict[str, Any]]:
    """Describes the endpoints of one path: one row per method and variant.

    A row has state, why, figures and reasons. If discovery stored no slice of the path, they are worked out from its client-days.
    """
    here = (F.col("host") == host) & (F.col("path_template") == path_template)
    kept = read_estimated_endpoints(run).where(here)
    reasons = ENDPOINT_REASONS.read(run.warehouse).where(here)
    rows = _rows(run, kept, reasons, is_stored=True)
    if not any(row["variant"] == "ml" for row in rows):
        rows += _rows(run, *_count_from_client_days(run, host, path_template), is_stored=False)
    return sorted(rows, key=lambda row: (row["method"], row["variant"]))


def read_thresholds(run: Run) -> Thresholds:
    """Reads the thresholds from the settings."""
    selection, settings = run.settings.selection, run.settings
    return Thresholds(
        listed=inventory_threshold(selection),
        candidate=selection.candidate_probability,
        slice_kept=selection.candidate_floor,
        teaching=learning_threshold(settings.schemas),
        responses=settings.endpoints.min_answers,
    )


def _rows(run: Run, endpoints: DataFrame, reasons: DataFrame, *, is_stored: bool) -> list[dict[str, Any]]:
    rows = with_reasons(endpoints, reasons, run.settings.selection.reasons)
    rows = rows.withColumns(
        {
            "is_ignored": is_ignored(run.decisions),
            "is_saved": is_saved(run.decisions),
            "is_stored": F.lit(is_stored),
        }
    )
    # few rows: the methods of one path
    return [_describe_row(row.asDict(recursive=True), read_thresholds(run)) for row in rows.collect()]


def _describe_row(row: dict[str, Any], at: Thresholds) -> dict[str, Any]:
    state, why = explain_standing(row, at)
    probability, adjustment = row["probability"], row["host_adjustment"]
    figures = (
        {}
        if probability is None
        else {"probability": probability, "by_itself": without_host_adjustment(probability, adjustment)}
    )
    if row["variant"] == "ml":
        figures |= {"threshold": at.listed, "host_adjustment": adjustment}
    return {
        "method": row["method"],
        "variant": row["variant"],
        "state": state,
        "why": why,
        **{name: round(value, ROUNDED) for name, value in figures.items()},
        **{name: row[name] or 0 for name in COUNTED},
        "reasons": format_reasons(row["reasons"]),
    }


def _count_from_client_days(run: Run, host: str, path_template: str) -> tuple[DataFrame, DataFrame]:
    """Works out the endpoints of a path that discovery did not store.

    Returns:
        Rows of `inventory.estimate_endpoints` of variant ml, and of endpoint_reasons.
    """
    settings, warehouse = run.settings, run.warehouse
    here = (F.col("host") == host) & (F.col("variant") == "ml")
    days = name_clients(CLIENT_DAYS.read(warehouse).where(here), CLIENTS.read(warehouse)).localCheckpoint()
    ours = PATH_TEMPLATES.read(warehouse).where(
        (F.col("host") == host) & (F.col("path_template") == path_template)
    )
    slices = build_slices(group_by_template(days, ours), count_host_days(days), settings.endpoints, 0.0)
    slices = with_inputs_of(slices, run).localCheckpoint()
    estimated = estimate_endpoints(slices, settings.endpoints)
    traffic = read_transactions(run).where(F.col("host") == host).withColumn("sample_hash", sample_hash())
    chosen = select_transactions(traffic, select_samples(slices, estimated)).withColumn(
        "signals", packed_signals()
    )
    model = load_model(settings, run.root)
    return estimated, sum_reasons(with_transaction_reasons(chosen, model, [*CELL], len(GROUPS)))
