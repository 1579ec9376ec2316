"""Learns and publishes path templates from client-days."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.paths.score import make_scorer
from pipelines.decisions.spark import select_operator_rules
from pipelines.endpoints.columns import MICRO
from pipelines.endpoints.tables import responses_without_error
from pipelines.paths.infer import infer_rules
from pipelines.paths.rules import VARIABLE
from pipelines.paths.spark.evidence import EVIDENCE, summarise_client_days
from pipelines.paths.spark.inference import create_rules_frame, infer_rules_on_spark
from pipelines.paths.spark.publication import (
    build_operator_rules,
    combine_rules,
    find_hosts_to_infer,
    select_binding_rules,
)
from pipelines.paths.spark.templates import assign_templates, fetch_up_to
from pipelines.paths.tables import PATH_RULES
from pipelines.runtime.settings_sections import PathSettings
from pipelines.workflows.model import load_path_model
from pipelines.workflows.run import Run


def collect_path_evidence(client_days: DataFrame, settings: PathSettings) -> DataFrame:
    """Collects the paths that templates are inferred from, from `CLIENT_DAYS`.

    404s of scanners are left out. Variant ml contributes only what probably is an API call, variant session everything; both
    variants get the same templates.

    Returns:
        Rows of `EVIDENCE`; of two variants, which see the same traffic, those with more calls.
    """
    mean = F.sum("any_sum") / F.sum("any_count") / MICRO
    likely = (F.col("variant") != "ml") | (F.col("probability") >= settings.evidence_probability)
    by_variant = (
        client_days.where(responses_without_error() > 0)
        .groupBy("variant", "host", "path_shape")
        .agg(
            mean.alias("probability"),
            *summarise_client_days(),
        )
    )
    paths = by_variant.where(likely & F.col("path_shape").startswith("/")).groupBy("host", "path_shape")
    return paths.agg(
        F.max("clients").alias("clients"),
        F.min("first_day").alias("first_day"),
        F.max("last_day").alias("last_day"),
        F.max("calls").alias("calls"),
    )


def learn_templates(run: Run, client_days: DataFrame, shapes: DataFrame) -> tuple[dict[str, int], DataFrame]:
    """Infers and publishes rules, and assigns templates to `shapes`.

    Rules are inferred for hosts with paths that no published rule matches. A host whose paths all match its rules, and about
    which operators decided nothing new, is left as it is, so a template changes only where there is something new.

    Returns:
        Counts for the summary, and `path_templates` of `shapes` by these rules.
    """
    rules = _learn_rules(run, client_days)
    return _count_rules(rules), assign_templates(shapes, rules, run.settings.paths, run.decisions)


def assign_path_templates(run: Run, shapes: DataFrame) -> DataFrame:
    """Assigns templates by the published rules and operators' names.

    `shapes` are distinct, masked `host, path_shape`.
    """
    return assign_templates(shapes, PATH_RULES.read(run.warehouse), run.settings.paths, run.decisions)


def _learn_rules(run: Run, client_days: DataFrame) -> DataFrame | pa.Table:
    """Returns the rules that are published now.

    They are fetched, or a frame if they are more than `paths.shared_rules`.
    """
    settings = run.settings.paths
    stored = PATH_RULES.read(run.warehouse)
    rules = fetch_up_to(stored, settings.shared_rules)
    published = stored if rules is None else create_rules_frame(rules, stored)
    collected = collect_path_evidence(client_days, settings).select(*EVIDENCE).persist(StorageLevel.DISK_ONLY)
    try:
        rows = fetch_up_to(collected, min(settings.always_whole, settings.on_driver))
        evidence = collected if rows is None else stored.sparkSession.createDataFrame(rows)
        operator_rules = (
            build_operator_rules(
                select_operator_rules(run.decisions, evidence.select("host").distinct()), evidence
            )
            if run.decisions
            else None
        )
        hosts = find_hosts_to_infer(evidence, published, operator_rules, settings)
        fetched_hosts = fetch_up_to(hosts, settings.shared_rules)
        if fetched_hosts is not None and not fetched_hosts.num_rows:
            return stored if rules is None else rules
        unmatched = (
            hosts.localCheckpoint()
            if fetched_hosts is None
            else stored.sparkSession.createDataFrame(fetched_hosts)
        )
        binding_rules = select_binding_rules(published, operator_rules)
        inferred = _infer_rules(
            run, evidence, rows, unmatched if fetched_hosts is None else fetched_hosts, binding_rules
        )
        return _publish(run, combine_rules(inferred, operator_rules, published, unmatched))
    finally:
        collected.unpersist()


def _infer_rules(
    run: Run,
    evidence: DataFrame,
    rows: pa.Table | None,
    hosts: DataFrame | pa.Table,
    binding_rules: DataFrame,
) -> DataFrame:
    """Infers the rules of `hosts`; `rows` are the evidence if it was fetched already."""
    settings, score = run.settings.paths, make_scorer(load_path_model(run.settings, run.root))
    if rows is not None and isinstance(hosts, pa.Table):
        here = rows.filter(pc.is_in(rows.column("host"), hosts.column("host").combine_chunks()))
        return create_rules_frame(infer_rules(here, binding_rules.toArrow(), settings, score), evidence)
    host_rows = evidence.sparkSession.createDataFrame(hosts) if isinstance(hosts, pa.Table) else hosts
    theirs = evidence.join(host_rows, "host", "left_semi")
    return infer_rules_on_spark(theirs, settings, score, binding_rules.localCheckpoint()).localCheckpoint()


def _publish(run: Run, rules: DataFrame) -> DataFrame | pa.Table:
    """Publishes the rules and returns them."""
    most = run.settings.paths.shared_rules
    fetched = fetch_up_to(rules, most)
    PATH_RULES.replace_all(rules if fetched is None else create_rules_frame(fetched, rules), run.warehouse)
    return PATH_RULES.read(run.warehouse) if fetched is None else fetched


def _count_rules(rules: DataFrame | pa.Table) -> dict[str, int]:
    """Counts all rules, and those of variables."""
    if isinstance(rules, pa.Table):
        variables = pc.sum(pc.equal(rules.column("decision"), VARIABLE)).as_py() or 0
        return {"path_rules": rules.num_rows, "path_variables": variables}
    variables = rules.where(rules["decision"] == VARIABLE).count()
    return {"path_rules": rules.count(), "path_variables": variables}
