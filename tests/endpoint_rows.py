"""Endpoint slices as discovery makes them.

Templates come from segment formats alone: no rules, no classifier.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.columns import count_host_days
from pipelines.endpoints.spark.client_days import build_client_days
from pipelines.endpoints.spark.inventory import (
    build_slices,
    group_by_template,
    select_candidates,
    select_listed,
)
from pipelines.paths.spark.steps import mask_path
from pipelines.paths.spark.templates import assign_templates
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings import SelectionSettings, Settings
from pipelines.runtime.settings_sections import EndpointSettings, PathSettings
from pipelines.selection.variant import inventory_threshold


def with_shapes(requests: DataFrame, settings: PathSettings) -> DataFrame:
    """Adds `path_shape` to `path, ...`, as ingest writes it."""
    return requests.withColumn("path_shape", mask_path(F.col("path"), settings))


def slice_rows(selected: DataFrame, settings: Settings) -> DataFrame:
    """Returns rows of `endpoint_slices` for rows of `selection.spark.select_requests`.

    Rows without a `path_shape` get one made from `path`.
    """
    shaped = selected if "path_shape" in selected.columns else with_shapes(selected, settings.paths)
    days = build_client_days(shaped)
    none = selected.sparkSession.createDataFrame([], PATH_RULES.schema)
    named = assign_templates(days.select("host", "path_shape").distinct(), none, settings.paths)
    floor = settings.selection.candidate_floor
    found = build_slices(group_by_template(days, named), count_host_days(days), settings.endpoints, floor)
    return found.withColumn("inputs", F.lit("0"))


def merge_slices(
    endpoint_slices: DataFrame, endpoints: EndpointSettings, selection: SelectionSettings
) -> DataFrame:
    """Merges slices of any days into an inventory without operators' decisions."""
    return select_listed(select_candidates(endpoint_slices, endpoints), inventory_threshold(selection))
