"""Endpoint slices as discovery makes them, with templates by forms alone: no rules, no classifier."""

from __future__ import annotations

from pyspark.sql import DataFrame

from pipelines.endpoints.build import by_template, client_days, slices
from pipelines.paths.build import templates
from pipelines.paths.rules import PATH_RULES
from pipelines.settings import Settings


def sliced(selected: DataFrame, settings: Settings) -> DataFrame:
    """Rows of `selection.select.selected` → rows of endpoint_slices."""
    days = client_days(selected, settings.paths)
    none = selected.sparkSession.createDataFrame([], PATH_RULES.schema)
    named = templates(days.select("host", "path_shape").distinct(), none)
    return slices(by_template(days, named), settings.endpoints, settings.selection.candidate_floor)
