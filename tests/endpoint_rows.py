"""Endpoint slices as discovery makes them, with templates by forms alone: no rules, no classifier."""

from __future__ import annotations

from pyspark.sql import DataFrame

from pipelines.endpoints.build import by_template, candidates, client_days, listed, slices
from pipelines.endpoints.host_prior import host_days
from pipelines.paths.build import templates
from pipelines.paths.rules import PATH_RULES
from pipelines.sections import EndpointSettings
from pipelines.selection.thresholds import inventory_threshold
from pipelines.settings import SelectionSettings, Settings


def sliced(selected: DataFrame, settings: Settings) -> DataFrame:
    """Rows of `selection.select.selected` → rows of endpoint_slices."""
    days = client_days(selected, settings.paths)
    none = selected.sparkSession.createDataFrame([], PATH_RULES.schema)
    named = templates(days.select("host", "path_shape").distinct(), none, settings.paths)
    floor = settings.selection.candidate_floor
    return slices(by_template(days, named), host_days(days), settings.endpoints, floor)


def merged(slices: DataFrame, endpoints: EndpointSettings, selection: SelectionSettings) -> DataFrame:
    """Slices of any days → the inventory, where no operator decided anything."""
    return listed(candidates(slices, endpoints), inventory_threshold(selection))
