"""Reads transactions, candidates and endpoints under operators' decisions."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.decisions.spark import is_ignored, is_saved, with_aliases
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.endpoints.spark.explanations import with_reasons
from pipelines.endpoints.spark.inventory import (
    CANDIDATE,
    estimate_endpoints,
    has_enough_responses,
    is_candidate,
    is_listed,
)
from pipelines.endpoints.tables import CLIENT_DAYS, ENDPOINT_REASONS, ENDPOINT_SLICES
from pipelines.paths.tables import PATH_TEMPLATES
from pipelines.selection.spark import with_session_key
from pipelines.selection.variant import inventory_threshold, learning_threshold
from pipelines.transactions.tables import TRANSACTIONS
from pipelines.workflows.run import Run

SAVED = "saved"
"""State of an endpoint that an operator wants listed."""


def read_transactions(run: Run) -> DataFrame:
    """Reads valid transactions; aliased hosts have the name of their alias."""
    return with_aliases(TRANSACTIONS.read(run.warehouse), run.decisions)


def list_hosts(run: Run) -> DataFrame:
    """Lists the hosts (`host`, distinct) of all traffic that discovery read."""
    return run.cached("hosts", lambda: _hosts(run))


def list_hosts_with_session_key(run: Run) -> DataFrame:
    """Adds `session_key` to hosts, NULL if no session identifier is configured."""
    return with_session_key(list_hosts(run), run.settings.selection.sessions)


def _hosts(run: Run) -> DataFrame:
    is_whole = any(each["variant"] == "ml" for each in CLIENT_DAYS.partitions(run.warehouse))
    # variant session leaves hosts out
    seen = PATH_TEMPLATES.read(run.warehouse) if is_whole else read_transactions(run)
    return seen.select("host").distinct()


def read_estimated_endpoints(run: Run) -> DataFrame:
    """Estimates endpoints, however few their responses.

    Rows are those of `inventory.estimate_endpoints`; `state` is `saved` if operators want the endpoint listed.
    """
    return run.cached("estimated endpoints", lambda: _estimated_with_state(run))


def _estimated_with_state(run: Run) -> DataFrame:
    endpoints = estimate_endpoints(ENDPOINT_SLICES.read(run.warehouse), run.settings.endpoints)
    state = F.when(is_saved(run.decisions), F.lit(SAVED)).otherwise(F.col("state"))
    return endpoints.withColumn("state", state)


def read_candidates(run: Run) -> DataFrame:
    """Selects candidates: endpoints with enough responses that are not ignored."""
    return read_estimated_endpoints(run).where(_is_possible(run))


def read_listed_endpoints(run: Run) -> DataFrame:
    """Selects the inventory: candidates above the threshold, and saved endpoints."""
    return read_candidates(run).where(_is_listed(run))


def read_near_endpoints(run: Run) -> DataFrame:
    """Selects endpoints just below the threshold, in state `candidate`.

    These are at most `selection.max_candidates`, the nearest to it. Only the lists, the report and `explain` use them: nothing is
    learned from them, and no document has them.
    """
    return _near(read_candidates(run), run)


def read_inventory(run: Run) -> DataFrame:
    """Returns the endpoints of both variants with their reasons.

    They have `reasons` (the strongest `selection.reasons` first), `min_to_learn` and `teaches`.
    """
    return _reasoned(run).where(_is_possible(run) & _is_listed(run))


def read_near_inventory(run: Run) -> DataFrame:
    """Returns rows of `read_near_endpoints` with the columns of `read_inventory`."""
    return _near(_reasoned(run).where(_is_possible(run)), run)


def count_standings(run: Run) -> DataFrame:
    """Counts endpoints per variant, one row each.

    `listed`; `untaught` of these, which are too uncertain to teach a schema; `near` the threshold; and requests that are
    `preflights`.
    """
    possible, passes, near = _is_possible(run), _is_listed(run), _is_near(run)
    teaches = is_listed(learning_threshold(run.settings.schemas))
    preflights = F.col("preflights") + F.when(F.col("is_preflight"), F.col("bare_options")).otherwise(0)
    return (
        read_estimated_endpoints(run)
        .groupBy("variant")
        .agg(
            F.count_if(possible & passes).alias("listed"),
            F.count_if(possible & passes & ~teaches).alias("untaught"),
            F.count_if(possible & ~passes & near).alias("near"),
            F.sum(preflights).alias("preflights"),
        )
    )


def _is_possible(run: Run) -> Column:
    return has_enough_responses(run.settings.endpoints) & ~is_ignored(run.decisions)


def _is_listed(run: Run) -> Column:
    return is_listed(inventory_threshold(run.settings.selection)) | (F.col("state") == SAVED)


def _is_near(run: Run) -> Column:
    selection = run.settings.selection
    return is_candidate(inventory_threshold(selection), selection.candidate_probability)


def _near(candidates: DataFrame, run: Run) -> DataFrame:
    near = candidates.where(~_is_listed(run) & _is_near(run))
    nearest = near.orderBy(F.desc("probability"), *ENDPOINT_KEY).limit(run.settings.selection.max_candidates)
    return nearest.withColumn("state", F.lit(CANDIDATE))


def _reasoned(run: Run) -> DataFrame:
    """Returns rows of `read_estimated_endpoints` with the columns of `read_inventory`."""

    def make() -> DataFrame:
        least, most = learning_threshold(run.settings.schemas), run.settings.selection.reasons
        endpoints = with_reasons(read_estimated_endpoints(run), ENDPOINT_REASONS.read(run.warehouse), most)
        return endpoints.withColumns(
            {"min_to_learn": F.when(F.col("variant") == "ml", F.lit(least)), "teaches": is_listed(least)}
        )

    return run.cached("endpoints with reasons", make)
