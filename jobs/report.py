"""Writes one HTML page about everything in the warehouse."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from collections.abc import Sequence
from datetime import UTC, datetime

from pipelines.endpoints.spark.comparison import summarise_comparison
from pipelines.endpoints.tables import COMPARISON_ENDPOINTS, COMPARISONS
from pipelines.report.facts import DocumentFact
from pipelines.report.page import render
from pipelines.report.spark import collect_facts
from pipelines.runtime.files import write_atomically
from pipelines.schemas.tables import OUTLIER_CLIENTS, SCHEMAS, latest
from pipelines.transactions.spark.identifiers import describe_client
from pipelines.transactions.tables import BATCHES, QUARANTINE
from pipelines.workflows.inventory import list_hosts_with_session_key, read_inventory, read_near_inventory
from pipelines.workflows.run import Run


def write_report(run: Run, out: Path, documents: Sequence[DocumentFact] = ()) -> Path:
    """Writes the page; if the variants were never compared, that section is empty."""
    warehouse, settings = run.warehouse, run.settings
    tables = {
        "batches": BATCHES.read(warehouse),
        "hosts": list_hosts_with_session_key(run),
        "endpoints": read_inventory(run),
        "candidates": read_near_inventory(run),
        "comparisons": COMPARISONS.read(warehouse),
        "comparison_endpoints": COMPARISON_ENDPOINTS.read(warehouse),
        "schemas": latest(SCHEMAS.read(warehouse)),
        "outlier_clients": OUTLIER_CLIENTS.read(warehouse),
        "quarantine": QUARANTINE.read(warehouse),
    }
    with run.reporter.stage("Writing the report"):
        compared = summarise_comparison(tables["comparisons"], settings.compare.histogram_edges)
        page = collect_facts(
            tables,
            title="Endpoints in the traffic",
            generated_at=datetime.now(UTC),
            compared=compared,
            documents=documents,
            notes=[describe_client(settings.privacy)],
            settings=settings.report,
        )
        write_atomically(out, render(page))
    return out
