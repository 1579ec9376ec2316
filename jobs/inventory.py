"""The inventory that steps write and show: endpoints by the thresholds of the settings, each with its reasons."""

from __future__ import annotations

from pyspark.sql import DataFrame

from pipelines import cli
from pipelines.endpoints.build import merged
from pipelines.endpoints.explained import ENDPOINT_REASONS, with_reasons
from pipelines.endpoints.table import ENDPOINT_SLICES


def inventory(run: cli.Run) -> DataFrame:
    """Endpoints of both variants with `reasons`: rows of `build.merged`, the strongest `selection.reasons` first."""
    warehouse, settings = run.warehouse, run.settings
    endpoints = merged(ENDPOINT_SLICES.read(warehouse), settings.endpoints, settings.selection)
    return with_reasons(endpoints, ENDPOINT_REASONS.read(warehouse), settings.selection.reasons)
