"""Finds endpoints in transactions, by classifier, by session identifier or both."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections.abc import Sequence
from datetime import date
from functools import partial

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.explanation.phrases import GROUPS
from ml.explanation.spark import with_reasons
from ml.requests.spark import with_probability
from pipelines.endpoints.columns import count_host_days
from pipelines.endpoints.days import CHANGED_DAYS, DayChoice, build_day_filter
from pipelines.endpoints.spark.client_days import (
    build_client_days,
    find_first_days,
    find_renamed_clients,
    merge_clients,
    name_clients,
)
from pipelines.endpoints.spark.explanations import CELL, select_samples, select_transactions, sum_reasons
from pipelines.endpoints.spark.host_variables import find_host_variables
from pipelines.endpoints.spark.inventory import build_slices, group_by_template
from pipelines.endpoints.tables import CLIENT_DAYS, CLIENTS, ENDPOINT_REASONS, ENDPOINT_SLICES
from pipelines.paths.tables import PATH_TEMPLATES, find_changed_templates
from pipelines.selection.columns import packed_signals
from pipelines.selection.spark import KEPT, sample_hash, select_requests
from pipelines.selection.variant import Variant, inventory_threshold
from pipelines.transactions.tables import TRANSACTIONS
from pipelines.workflows.days import (
    choose_days_to_score,
    count_rows_by_day,
    find_unsliced_days,
    with_inputs,
    with_inputs_of,
)
from pipelines.workflows.inventory import (
    count_standings,
    list_hosts_with_session_key,
    read_listed_endpoints,
    read_near_endpoints,
    read_transactions,
)
from pipelines.workflows.model import load_model
from pipelines.workflows.run import Run
from pipelines.workflows.templates import learn_templates

SUGGESTIONS = 20
"""Host patterns suggested at once; the others follow once these are decided."""
VARIANTS: dict[str, tuple[Variant, ...]] = {"ml": ("ml",), "session": ("session",), "both": ("ml", "session")}


def add_probability(rows: DataFrame, model: bytes) -> DataFrame:
    """Adds `probability`.

    Catalyst packs the header signals; the rest happens in one Arrow pass.
    """
    return with_probability(rows.withColumn("signals", packed_signals()), model, keep=KEPT)


def discover_endpoints(
    run: Run, variants: Sequence[Variant], choice: DayChoice = CHANGED_DAYS
) -> dict[str, int]:
    """Brings the endpoint slices up to date; returns the counts for the summary.

    Only the traffic of days that changed, or that `choice` names, is read; for the other days, the stored data is used.
    """
    model = load_model(run.settings, run.root) if "ml" in variants else b""
    read = score_days(run, variants, model, choice)
    with run.reporter.stage("Finding endpoints") as outcome:
        rules, days = find_endpoints(run, read)
        counts = (
            {"days_read": len(read), "days_rewritten": len(days)} | rules | count_endpoints(run, variants)
        )
        outcome.extend(f"{counts[f'endpoints_{variant}']:,} by {variant}" for variant in variants)
    endpoints = read_listed_endpoints(run)
    if "ml" in variants:
        explain_endpoints(run, model, endpoints.unionByName(read_near_endpoints(run)))
    suggest_host_variables(run, endpoints)
    return counts | count_hosts(run) if "session" in variants else counts


def score_days(run: Run, variants: Sequence[Variant], model: bytes, choice: DayChoice) -> tuple[date, ...]:
    """Rewrites table client_days for the days that changed, and returns these days.

    This is the only pass over the traffic.
    """
    inputs, days = choose_days_to_score(run, variants, model, choice)
    with run.reporter.stage(f"Reading {len(days):,} days of traffic") as outcome:
        if days:
            run.expect(TRANSACTIONS, dict.fromkeys(days, 1.0))
            names = ", ".join(f"'{variant}'" for variant in variants)
            scorer = {"ml": partial(add_probability, model=model)} if "ml" in variants else {}
            traffic = read_transactions(run).where(F.col("day").isin(*days))
            chosen = select_requests(
                traffic, variants=variants, settings=run.settings.selection, scored=scorer
            )
            rows = with_inputs(build_client_days(chosen), inputs)
            CLIENT_DAYS.replace(rows, run.warehouse, f"variant IN ({names}) AND {build_day_filter(days)}")
        outcome.append(f"{len(inputs) - len(days):,} other days were read before")
    return days


def find_endpoints(run: Run, read: Sequence[date]) -> tuple[dict[str, int], tuple[date, ...]]:
    """Learns rules, templates and client names, and rewrites endpoint slices.

    All stored days are learned from.

    Slices are rewritten for the days `read`, and for those with other templates or names than before. The data that slices
    depend on is stored after them, so the next run repairs an interrupted one.

    Returns:
        The counts of rules, and the days whose slices were rewritten.
    """
    warehouse, settings = run.warehouse, run.settings
    stored = CLIENT_DAYS.read(warehouse)
    new = find_unsliced_days(run).union(read)
    fresh = stored.where(F.col("day").isin(*new))
    clients = merge_clients(CLIENTS.read(warehouse).unionByName(find_first_days(fresh))).persist(
        StorageLevel.DISK_ONLY
    )
    shapes = PATH_TEMPLATES.read(warehouse).select("host", "path_shape")
    shapes = shapes.unionByName(fresh.select("host", "path_shape")).distinct()
    rules, templates = learn_templates(run, name_clients(stored, clients), shapes)
    templates = templates.persist(StorageLevel.DISK_ONLY)
    days = tuple(sorted(new | find_moved_days(run, stored, clients, templates)))
    if days:
        rows = name_clients(stored.where(F.col("day").isin(*days)), clients)
        built = build_slices(
            group_by_template(rows, templates),
            count_host_days(rows),
            settings.endpoints,
            settings.selection.candidate_floor,
        )
        ENDPOINT_SLICES.replace(with_inputs_of(built, run), warehouse, build_day_filter(days))
        PATH_TEMPLATES.replace_all(templates, warehouse)
        CLIENTS.replace_all(clients, warehouse)
        run.clear_cache()
    clients.unpersist()
    templates.unpersist()
    return rules, days


def find_moved_days(run: Run, stored: DataFrame, clients: DataFrame, templates: DataFrame) -> set[date]:
    """Finds the days with a path shape or client that has changed.

    The shape has another template, or the client another name, than before.
    """
    if not PATH_TEMPLATES.exists(run.warehouse):
        return set()
    by_shape = find_changed_templates(PATH_TEMPLATES.read(run.warehouse), templates)
    by_name = find_renamed_clients(CLIENTS.read(run.warehouse), clients)
    of_templates = stored.join(by_shape, ["host", "path_shape"], "left_semi").select("day")
    moved = of_templates.unionByName(stored.join(by_name, "client", "left_semi").select("day"))
    return {row["day"] for row in moved.distinct().collect()}


def explain_endpoints(run: Run, model: bytes, endpoints: DataFrame) -> None:
    """Brings table endpoint_reasons up to date: why endpoints look like an API or not.

    For each day of an endpoint, only samples are explained that are new, or were explained by another model.
    """
    warehouse = run.warehouse
    with run.reporter.stage("Explaining endpoints") as outcome:
        samples = select_samples(ENDPOINT_SLICES.read(warehouse), endpoints).localCheckpoint()
        stored = ENDPOINT_REASONS.read(warehouse)
        fresh = samples.join(stored, [*CELL], "left_anti")
        counts = count_rows_by_day(fresh=fresh, gone=stored.join(samples, [*CELL], "left_anti"))
        days = counts["fresh"].keys() | counts["gone"].keys()
        if days:
            rows = (
                read_transactions(run)
                .where(build_day_filter(counts["fresh"]))
                .withColumn("sample_hash", sample_hash())
            )
            sampled = select_transactions(rows, fresh).withColumn("signals", packed_signals())
            # every group: what is small for each transaction may add up
            reasons = sum_reasons(with_reasons(sampled, model, [*CELL], len(GROUPS)))
            kept = stored.where(build_day_filter(days)).join(samples, [*CELL], "left_semi")
            ENDPOINT_REASONS.replace(kept.unionByName(reasons), warehouse, build_day_filter(days))
            run.clear_cache()
        outcome.append(f"{len(counts['fresh']):,} days")


def count_endpoints(run: Run, variants: Sequence[Variant]) -> dict[str, int]:
    """Counts endpoints, candidates and preflights for the summary.

    If there are candidates, a note tells how to see them.
    """
    rows = {row["variant"]: row for row in count_standings(run).collect()}
    counts = {
        f"endpoints_{variant}": rows[variant]["listed"] if variant in rows else 0 for variant in variants
    }
    counts["preflights"] = max((row["preflights"] for row in rows.values()), default=0)
    if "ml" in rows:
        ml, selection = rows["ml"], run.settings.selection
        counts |= {"candidates": ml["near"], "endpoints_too_unsure_to_teach": ml["untaught"]}
        if ml["near"]:
            run.reporter.note(
                f"  {ml['near']:,} more are just below the threshold of {inventory_threshold(selection):.4g} "
                "(state candidate, not listed): apicensus explain PATH --host HOST gives the reasons, decide lists one anyway"
            )
    return counts


def suggest_host_variables(run: Run, endpoints: DataFrame) -> None:
    """Suggests hosts that look like one host with a variable in its name.

    Merging them is up to the operator (`host_alias` in decisions.yaml).
    """
    patterns = find_host_variables(endpoints.where(F.col("variant") == "ml"))
    rows = [row.asDict() for row in patterns.orderBy(F.desc("hosts"), "pattern").limit(SUGGESTIONS).collect()]
    run.summary["host_variables"] = rows
    for row in rows:
        run.reporter.note(
            f"  {row['hosts']:,} hosts look like {row['pattern']} ({row['endpoints']:,} endpoints in common, "
            f"{', '.join(row['examples'])}): if they are one host, merge them with host_alias (apicensus decide)"
        )


def count_hosts(run: Run) -> dict[str, int]:
    """Counts the hosts, and those without a session identifier, for the summary."""
    row = (
        list_hosts_with_session_key(run)
        .agg(F.count("session_key").alias("covered"), F.count("*").alias("hosts"))
        .collect()[0]
    )
    uncovered = row["hosts"] - row["covered"]
    if uncovered:
        run.reporter.note(
            f"  {uncovered:,} of {row['hosts']:,} hosts have no session identifier (selection.sessions): "
            "variant session does not cover them"
        )
    return {"hosts": row["hosts"], "hosts_without_session_identifier": uncovered}
