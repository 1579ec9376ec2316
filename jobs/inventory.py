"""What steps read of the warehouse under operators' decisions: transactions, candidates, endpoints, each with its reasons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines import cli
from pipelines.decisions.apply import is_ignored, is_saved, with_aliases
from pipelines.endpoints.build import candidates, is_listed
from pipelines.endpoints.explained import ENDPOINT_REASONS, with_reasons
from pipelines.endpoints.table import ENDPOINT_SLICES
from pipelines.selection.thresholds import inventory_threshold
from pipelines.transactions.table import TRANSACTIONS

SAVED = "saved"
"""State of an endpoint that an operator wants listed."""


def transactions(run: cli.Run) -> DataFrame:
    """The valid transactions; hosts that an operator counts as one have its name."""
    return with_aliases(TRANSACTIONS.read(run.warehouse), run.decisions)


def candidate_endpoints(run: cli.Run) -> DataFrame:
    """Rows of `build.candidates` but for what operators ignore; `state` is `saved` where they want an endpoint listed."""
    found = candidates(ENDPOINT_SLICES.read(run.warehouse), run.settings.endpoints)
    state = F.when(is_saved(run.decisions), F.lit(SAVED)).otherwise(F.col("state"))
    return found.where(~is_ignored(run.decisions)).withColumn("state", state)


def listed_endpoints(run: cli.Run) -> DataFrame:
    """The inventory: candidates that pass the threshold of the settings, and what operators saved."""
    likely = is_listed(inventory_threshold(run.settings.selection))
    return candidate_endpoints(run).where(likely | (F.col("state") == SAVED))


def inventory(run: cli.Run) -> DataFrame:
    """Endpoints of both variants with `reasons`, the strongest `selection.reasons` first."""
    reasons = ENDPOINT_REASONS.read(run.warehouse)
    return with_reasons(listed_endpoints(run), reasons, run.settings.selection.reasons)
