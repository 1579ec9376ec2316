"""Checks transactions against the learned schemas or OpenAPI documents."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console

from jobs.ingest import MAX_FILES_SHOWN, find_files
from pipelines.conformance.documents import Document, DocumentLimits, load_documents
from pipelines.conformance.findings import SEVERITIES
from pipelines.conformance.operations import build_routes
from pipelines.conformance.routes import Routes
from pipelines.conformance.spark import (
    RESOLVED_TEMPLATE,
    build_endpoint_table,
    check_requests,
    count_by_endpoint,
    describe_finding,
    summarise_findings,
    write_findings,
)
from pipelines.conformance.tables import VIOLATIONS, WAREHOUSE_BATCH
from pipelines.decisions.spark import with_aliases
from pipelines.openapi.spark import build_documents
from pipelines.paths.tables import PATH_TEMPLATES
from pipelines.runtime.errors import WarehouseError
from pipelines.schemas.tables import SCHEMAS, latest
from pipelines.selection.columns import NO, preflight_code
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.secret_key import load_or_create_key
from pipelines.transactions.spark.staging import stage_batch
from pipelines.workflows.inventory import read_listed_endpoints, read_transactions
from pipelines.workflows.run import Run
from pipelines.workflows.templates import assign_path_templates

FILE_WIDTH = 240
"""Width of a line if the output is not a terminal: two cells of `conformance.spark.CELL_CHARACTERS` and the counts."""


def load_given_routes(run: Run, schemas: Path) -> Routes:
    """Loads the operations of the documents in a folder."""
    settings = run.settings.conformance
    documents, others = load_documents(
        schemas, DocumentLimits(**{name: getattr(settings, name) for name in DocumentLimits._fields})
    )
    if others:
        run.reporter.note(f"  not OpenAPI documents, skipped: {len(others):,} files (first: {others[0]})")
    return build_noted_routes(run, documents)


def load_learned_routes(run: Run) -> Routes:
    """Loads the operations of the newest learned schemas.

    They come from the documents that `export` writes.

    Raises:
        WarehouseError: nothing was learned yet.
    """
    warehouse = run.warehouse
    with run.reporter.stage("Reading learned schemas"):
        endpoints = read_listed_endpoints(run).where(F.col("variant") == "ml")
        schemas = latest(SCHEMAS.read(warehouse)).where(F.col("variant") == "ml")
        learned = [
            Document(f"learned schemas of {host}", tree) for host, tree in build_documents(endpoints, schemas)
        ]
    if not learned:
        raise WarehouseError(
            f"{run.root}: has no endpoints to check against. Run `apicensus discover` and `learn` first, or give --schemas DIR."
        )
    return build_noted_routes(run, learned)


def build_noted_routes(run: Run, documents: Sequence[Document]) -> Routes:
    """Builds the routes of documents; notes report the parts that cannot be checked."""
    notes = Counter[str]()
    routes = build_routes(documents, notes)
    for reason, count in notes.most_common():
        run.reporter.note(f"  not checked: {reason} ({count:,} times)")
    if routes.duplicates:
        run.reporter.note(
            f"  {routes.duplicates:,} operations are described more than once: the first in order of file names counts"
        )
    run.summary |= {"documents": len(documents), "operations": routes.operations}
    return routes


def files_to_check(run: Run, inputs: Sequence[str], format: str) -> tuple[Input, ...]:
    """Finds the files that the arguments name, if any.

    Notes report the files that are skipped.
    """
    if not inputs:
        return ()
    located = find_files(run, inputs, format)
    for path, why in located.skipped[:MAX_FILES_SHOWN]:
        run.reporter.note(f"  skipped: {path}: {why}")
    return located.files


@contextmanager
def open_traffic(run: Run, inputs: Sequence[Input], host: str | None) -> Iterator[DataFrame]:
    """Opens the valid transactions of files, or else those of the warehouse.

    Transactions of files are not added to the warehouse.
    """
    if not inputs:
        yield read_transactions(run)
        return
    settings, warehouse = run.settings, run.warehouse
    if host:
        ingest = settings.ingest.model_copy(update={"default_host": host})
        settings = settings.model_copy(update={"ingest": ingest})
    folder, key = (
        warehouse.path(f"_staging/validate-{batch_name(inputs)}"),
        load_or_create_key(warehouse.root, settings.privacy),
    )
    with stage_batch(
        warehouse.spark, inputs, folder, key=key, now=datetime.now(UTC), settings=settings
    ) as batch:
        for problem in batch.unreadable:
            run.reporter.note(f"  unreadable, skipped: {problem}")
        is_valid = F.size("violations") == 0
        run.summary["rejected"] = batch.rows.where(~is_valid).count()
        yield with_aliases(batch.rows.where(is_valid), run.decisions)


def with_learned_templates(run: Run, rows: DataFrame, *, is_stored: bool) -> DataFrame:
    """Adds the template that learning resolves each path to.

    All rules apply, whether or not the endpoint is listed. For the warehouse's own transactions (`is_stored`), `discover` has
    stored the templates.
    """

    def resolved() -> DataFrame:
        return assign_path_templates(run, rows.select("host", "path_shape").distinct())

    known = PATH_TEMPLATES.read(run.warehouse) if is_stored else resolved()
    return rows.join(
        known.withColumnRenamed("path_template", RESOLVED_TEMPLATE), ["host", "path_shape"], "left"
    )


def batch_name(inputs: Sequence[Input]) -> str:
    """Returns the name of an input in table violations.

    It depends on the input's files only.
    """
    return (
        sha256("".join(sorted(file.checksum for file in inputs)).encode()).hexdigest()[:16]
        if inputs
        else WAREHOUSE_BATCH
    )


def count_by_severity(stored: DataFrame, least_confidence: float) -> dict[str, dict[str, int]]:
    """Counts findings by severity: all of them, and those of enforceable rules.

    A rule without a confidence is one of somebody's own document, or states what is always so: it is enforceable.
    """
    is_enforceable = F.coalesce(F.col("confidence") >= least_confidence, F.lit(True))
    counted = stored.groupBy("severity").agg(
        F.count(F.lit(1)).alias("findings"), F.count_if(is_enforceable).alias("enforceable")
    )
    rows = {row["severity"]: row for row in counted.collect()}
    return {
        kind: {name: rows[name][kind] if name in rows else 0 for name in SEVERITIES}
        for kind in ("findings", "enforceable")
    }


def check_traffic(
    run: Run, rows: DataFrame, routes: Routes, batch: str, least_confidence: float
) -> DataFrame:
    """Checks requests and rewrites their findings in table violations.

    Returns:
        The rows of the batch, as stored.

    The summary gets the counts.
    """
    settings, warehouse = run.settings, run.warehouse
    with run.reporter.stage("Checking requests") as outcome:
        calls = rows.where(preflight_code() == NO)  # preflights precede a call, and documents describe calls
        checks = check_requests(calls, routes, settings.conformance).persist(StorageLevel.DISK_ONLY)
        findings = summarise_findings(checks, settings.conformance, settings.paths).withColumn(
            "batch", F.lit(batch)
        )
        VIOLATIONS.replace(findings, warehouse, f"batch = '{batch}'")
        stored = VIOLATIONS.read(warehouse).where(F.col("batch") == batch)
        counts = {row["outcome"]: row["count"] for row in checks.groupBy("outcome").count().collect()}
        severities = count_by_severity(stored, least_confidence)
        worst = find_worst_endpoints(checks, stored, settings.conformance.shown_endpoints)
        checks.unpersist()
        run.summary |= {
            "requests": sum(counts.values()),
            **{name: counts.get(name, 0) for name in ("conform", "violate", "unknown")},
            **severities,
            "worst_endpoints": worst,
        }
        listed = ", ".join(f"{count:,} {name}" for name, count in run.summary["findings"].items())
        outcome.append(
            f"{run.summary['violate']:,} of {run.summary['requests']:,} violate a rule; findings: {listed}"
        )
    return stored


def find_worst_endpoints(checks: DataFrame, stored: DataFrame, most: int) -> list[dict[str, Any]]:
    """Finds the endpoints with the most violations, at most `most`.

    Each has its most frequent finding in words (`top`).
    """
    place = ["host", "method", "path_template"]
    violations = stored.where(F.col("severity") != "info")
    finding = F.struct("location", "name", "rule", "value_class")
    top = violations.groupBy(*place).agg(F.max_by(finding, F.struct("requests", finding)).alias("top"))
    counted = (
        count_by_endpoint(checks).where(F.col("violate") > 0).orderBy(F.desc("violate"), *place).limit(most)
    )
    rows = counted.join(F.broadcast(top), place, "left").orderBy(F.desc("violate"), *place).collect()
    each = [row.asDict(recursive=True) for row in rows]
    return [{**row, "top": describe_finding(row["top"]) if row["top"] else ""} for row in each]


def report_findings(run: Run, stored: DataFrame, out: Path | None) -> None:
    """Writes the findings to a file, if given, and shows the worst endpoints.

    With --json, nothing is shown.
    """
    if out is not None:
        run.summary["written"] = write_findings(stored, out)
    if not run.as_json and run.summary["worst_endpoints"]:
        console = Console(file=sys.stdout, highlight=False)
        table = build_endpoint_table(run.summary["worst_endpoints"])
        console.print(table, width=console.width if console.is_terminal else FILE_WIDTH)


def check_inputs(
    run: Run,
    inputs: Sequence[str],
    schemas: Path | None,
    out: Path | None,
    format: str,
    host: str | None,
    least_confidence: float | None = None,
) -> None:
    """Checks transactions against documents.

    Args:
        run: the run.
        inputs: files, directories or glob patterns; empty: the warehouse's transactions.
        schemas: a folder of OpenAPI documents; None: the learned schemas.
        out: the file for the findings, if any.
        format: the log format, or "auto".
        host: the host of logs that do not contain it.
        least_confidence: the confidence from which a rule is enforceable; None: that of the settings.
    """
    least = run.settings.schemas.confidence if least_confidence is None else least_confidence
    files = files_to_check(run, inputs, format)
    routes = load_given_routes(run, schemas) if schemas is not None else load_learned_routes(run)
    with open_traffic(run, files, host) as rows:
        of_documents = rows if schemas is not None else with_learned_templates(run, rows, is_stored=not files)
        stored = check_traffic(run, of_documents, routes, batch_name(files), least)
    report_findings(run, stored, out)
    run.finish(out=out, warehouse=run.root)
