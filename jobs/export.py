"""Writes OpenAPI documents and lists of endpoints."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a script: make modules importable from the repository root, and read the arguments before other imports
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))

from typing import Literal

from pyspark.sql import functions as F

from pipelines.endpoints.spark.listing import write_listing
from pipelines.openapi.spark import WrittenDocument, write_documents
from pipelines.runtime.settings import Profile
from pipelines.schemas.tables import SCHEMAS, latest
from pipelines.workflows.inventory import read_inventory, read_near_inventory
from pipelines.workflows.run import Run


def export_documents(
    run: Run,
    out: Path,
    profiles: list[Profile],
    form: Literal["yaml", "json"],
    least_confidence: float | None = None,
) -> list[WrittenDocument]:
    """Writes one document, and its evidence, for each host and profile.

    Args:
        run: the run.
        out: the folder; each profile gets a folder in it.
        profiles: the profiles.
        form: the file format.
        least_confidence: the least confidence of the constraints; None: that of the settings, by profile.
    """
    confidence = run.settings.export.confidence
    if least_confidence is not None:
        confidence = dict.fromkeys(profiles, least_confidence)
    endpoints = read_inventory(run).where(F.col("variant") == "ml")
    schemas = latest(SCHEMAS.read(run.warehouse)).where(F.col("variant") == "ml")
    with run.reporter.stage("Writing OpenAPI documents") as outcome:
        written = write_documents(
            endpoints, schemas, out, profiles=profiles, file_format=form, confidence=confidence
        )
        outcome.append(f"{len(written):,} documents")
    return written


def export_endpoints(run: Run, out: Path, form: Literal["csv", "ndjson"]) -> tuple[Path, int]:
    """Writes the lists of endpoints and of candidates, both of all variants.

    Candidates are just below the threshold.

    Returns:
        The file of endpoints, and its number of rows.
    """
    with run.reporter.stage("Writing the endpoint list") as outcome:
        file, count = write_listing(read_inventory(run), out, form)
        _, near = write_listing(read_near_inventory(run), out, form, "candidates")
        outcome.append(f"{count:,} rows, and {near:,} candidates")
    return file, count
