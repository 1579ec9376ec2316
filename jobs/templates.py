"""Path templates of the warehouse: rules inferred from evidence, published, and applied. Shared by the steps that need them."""

from __future__ import annotations

from functools import partial

from pyspark.sql import DataFrame

from jobs.model import path_model_bytes
from ml.path_score import with_variable_probability
from pipelines import cli
from pipelines.decisions.apply import operator_rules
from pipelines.endpoints.path_evidence import path_evidence
from pipelines.paths.build import templates
from pipelines.paths.infer import inferred
from pipelines.paths.publish import as_rules, hosts_to_infer, published_rules, republished
from pipelines.paths.rules import PATH_RULES


def learn_rules(run: cli.Run, client_days: DataFrame) -> dict[str, int]:
    """Infers the rules of hosts with paths that no published rule fits, and publishes them; returns the counts for the summary.

    A host whose paths all follow its rules, and of which operators said nothing new, is left alone, so a template changes only
    where there is something new.
    """
    warehouse, settings = run.warehouse, run.settings.paths
    published = PATH_RULES.read(warehouse).localCheckpoint()
    evidence = path_evidence(client_days, settings).localCheckpoint()
    said = (
        as_rules(operator_rules(run.decisions, evidence.select("host").distinct()), evidence)
        if run.decisions
        else None
    )
    hosts = hosts_to_infer(evidence, published, said).localCheckpoint()
    if not hosts.isEmpty():
        known = published_rules(published, said)
        scored = partial(with_variable_probability, model=path_model_bytes(run.settings, run.root))
        theirs = evidence.join(hosts, "host", "left_semi")
        found = inferred(theirs, settings, scored, None if known.isEmpty() else known)
        PATH_RULES.replace_all(republished(found, said, published, hosts), warehouse)
    rows = PATH_RULES.read(warehouse).groupBy("decision").count().collect()
    counts = {row["decision"]: row["count"] for row in rows}
    return {"path_rules": sum(counts.values()), "path_variables": counts.get("variable", 0)}


def path_templates(run: cli.Run, shapes: DataFrame) -> DataFrame:
    """`host, path_shape` (distinct, masked) → the same plus `path_template`, by the published rules and operators' names."""
    return templates(shapes, PATH_RULES.read(run.warehouse), run.decisions)
