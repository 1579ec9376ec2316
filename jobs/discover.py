"""Transactions → endpoints, by classifier, by session identifier or both."""

from __future__ import annotations

import sys
from pathlib import Path

# as a script: modules are found from the repository's root, and arguments are read before anything else is imported
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections.abc import Sequence
from functools import partial

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.inventory import listed_endpoints, near_endpoints, standings, transactions
from jobs.model import model_bytes
from jobs.templates import learn_templates
from ml.explain import with_reasons
from ml.phrases import GROUPS
from ml.score import with_probability
from pipelines import cli
from pipelines.endpoints.build import by_template, client_days, slices
from pipelines.endpoints.explained import ENDPOINT_REASONS, KEY, sampled, summed
from pipelines.endpoints.host_prior import host_days
from pipelines.endpoints.host_variables import host_variables
from pipelines.endpoints.table import ENDPOINT_SLICES
from pipelines.selection.select import KEPT, coverage, sample_hash, selected
from pipelines.selection.signals import packed_signals
from pipelines.selection.thresholds import inventory_threshold
from pipelines.selection.variant import Variant
from pipelines.transactions.first_seen import first_transactions, named_by_first

SUGGESTIONS = 20
"""Patterns of hosts that are told at most; the rest follows when these are decided."""
VARIANTS: dict[str, tuple[Variant, ...]] = {"ml": ("ml",), "session": ("session",), "both": ("ml", "session")}


def scored(transactions: DataFrame, model: bytes) -> DataFrame:
    """Adds `probability`; the header signals are packed by Catalyst, the rest happens in one Arrow pass."""
    return with_probability(transactions.withColumn("signals", packed_signals()), model, keep=KEPT)


def explain_endpoints(run: cli.Run, model: bytes, traffic: DataFrame, endpoints: DataFrame) -> None:
    """Rewrites table endpoint_reasons: why each of the `endpoints` of variant ml looks like an API, or not quite."""
    warehouse = run.warehouse
    with run.reporter.stage("Explaining endpoints") as outcome:
        rows = traffic.withColumn("sample_hash", sample_hash())
        chosen = sampled(rows, ENDPOINT_SLICES.read(warehouse), endpoints).withColumn(
            "signals", packed_signals()
        )
        # every group: what is small for each transaction may add up
        reasoned = with_reasons(chosen, model, [*KEY, "day"], len(GROUPS))
        ENDPOINT_REASONS.replace_all(summed(reasoned), warehouse)
        outcome.append(f"{ENDPOINT_REASONS.read(warehouse).count():,} days of endpoints")


def discover_endpoints(run: cli.Run, variants: Sequence[Variant]) -> dict[str, int]:
    """Rewrites the endpoint slices of `variants`; returns the counts for the summary."""
    warehouse, settings = run.warehouse, run.settings
    traffic = transactions(run)
    model = model_bytes(settings, run.root) if "ml" in variants else b""
    scorer = {"ml": partial(scored, model=model)} if "ml" in variants else {}
    with run.reporter.stage("Finding endpoints") as outcome:
        chosen = selected(traffic, variants=variants, settings=settings.selection, scored=scorer)
        names = ", ".join(f"'{variant}'" for variant in variants)
        by_client = client_days(chosen, settings.paths)
        days = named_by_first(by_client, first_transactions(traffic)).persist(StorageLevel.DISK_ONLY)
        shapes = days.select("host", "path_shape").distinct()
        rules, named = learn_templates(run, days, shapes)
        templated_days = by_template(days, named)
        floor = settings.selection.candidate_floor
        found_slices = slices(templated_days, host_days(days), settings.endpoints, floor)
        ENDPOINT_SLICES.replace(found_slices, warehouse, f"variant IN ({names})")
        days.unpersist()
        found = rules | counted(run, variants)
        outcome.extend(f"{found[f'endpoints_{variant}']:,} by {variant}" for variant in variants)
    endpoints = listed_endpoints(run)
    if "ml" in variants:
        explain_endpoints(run, model, traffic, endpoints.unionByName(near_endpoints(run)))
    suggest_host_variables(run, endpoints)
    if "session" in variants:
        covered, hosts = coverage(traffic, settings.selection.sessions)
        found |= {"hosts": hosts, "hosts_without_session_identifier": hosts - covered}
        if covered < hosts:
            run.reporter.note(
                f"  {hosts - covered:,} of {hosts:,} hosts have no session identifier (selection.sessions): "
                "variant session does not cover them"
            )
    return found


def counted(run: cli.Run, variants: Sequence[Variant]) -> dict[str, int]:
    """For the summary: endpoints of each variant, what is just below a threshold, preflights; notes say what follows."""
    rows = {row["variant"]: row for row in standings(run).collect()}
    found = {f"endpoints_{one}": rows[one]["listed"] if one in rows else 0 for one in variants}
    found["preflights"] = max((row["preflights"] for row in rows.values()), default=0)
    if "ml" in rows:
        ml, selection = rows["ml"], run.settings.selection
        found |= {"candidates": ml["near"], "endpoints_too_unsure_to_teach": ml["untaught"]}
        if ml["near"]:
            run.reporter.note(
                f"  {ml['near']:,} more are just below the threshold of {inventory_threshold(selection):.4g} "
                "(state candidate, not listed): apicensus explain PATH --host HOST says why, decide lists one all the same"
            )
    return found


def suggest_host_variables(run: cli.Run, endpoints: DataFrame) -> None:
    """Tells which hosts look like one with a variable in its name; merging them is the operator's (decisions.yaml)."""
    found = host_variables(endpoints.where(F.col("variant") == "ml"))
    rows = [row.asDict() for row in found.orderBy(F.desc("hosts"), "pattern").limit(SUGGESTIONS).collect()]
    run.summary["host_variables"] = rows
    for row in rows:
        run.reporter.note(
            f"  {row['hosts']:,} hosts look like {row['pattern']} ({row['endpoints']:,} endpoints in common, "
            f"{', '.join(row['examples'])}): if they are one, say so with host_alias (apicensus decide)"
        )
