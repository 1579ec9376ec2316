"""The documents before and after the changes, for `diff -r before after`."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.changes.spark.changes import Evidence
from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.openapi.spark import WrittenDocument, write_documents
from pipelines.runtime.settings import ExportSettings
from pipelines.schemas.tables import latest
from pipelines.selection.variant import Variant

IDLE = "idle"
"""State, in a document, of an endpoint that is inactive for longer than its past makes plausible."""


def write_before_and_after(
    evidence: Evidence,
    schema_changes: DataFrame,
    idle: DataFrame,
    hosts: DataFrame,
    out: Path,
    settings: ExportSettings,
    variant: Variant,
) -> list[WrittenDocument]:
    """Writes the documents of hosts as they were published and as they are now.

    The files are `out/before/PROFILE/HOST.FORMAT` and `out/after/PROFILE/HOST.FORMAT`.

    Args:
        evidence: the published and the current state; the inventory includes the reasons.
        schema_changes: rows of `changes.find_changed_schemas`.
        idle: `ENDPOINT_KEY` of inactive endpoints, which stay in the document and are marked.
        hosts: the hosts to write, one row each (`host`).
        out: the folder.
        settings: profiles and file format.
        variant: the variant of the endpoints.

    Raises:
        OutputError: a file cannot be written.
    """
    now = evidence.inventory.join(hosts, "host", "left_semi")
    marked = now.join(idle.withColumn("is_idle", F.lit(True)), [*ENDPOINT_KEY], "left").withColumn(
        "state", F.when(F.col("is_idle"), IDLE).otherwise(F.col("state"))
    )
    before, after = (
        select_published_endpoints(evidence.published.join(hosts, "host", "left_semi"), now),
        marked.drop("is_idle"),
    )
    sides = (
        ("before", before, select_published_schemas(evidence, schema_changes)),
        ("after", after, latest(evidence.schemas)),
    )
    return [
        written
        for name, endpoints, schemas in sides
        for written in _write(endpoints, schemas, out / name, settings, variant)
    ]


def write_first_documents(
    evidence: Evidence, out: Path, settings: ExportSettings, variant: Variant
) -> list[WrittenDocument]:
    """Writes the documents of the first publication to `out/after`.

    There are none before it. The arguments are those of `write_before_and_after`.
    """
    return _write(evidence.inventory, latest(evidence.schemas), out / "after", settings, variant)


def _write(
    endpoints: DataFrame, schemas: DataFrame, out: Path, settings: ExportSettings, variant: Variant
) -> list[WrittenDocument]:
    return write_documents(
        endpoints,
        schemas,
        out,
        variant=variant,
        profiles=settings.profiles,
        file_format=settings.format,
        confidence=settings.confidence,
    )


def select_published_endpoints(published: DataFrame, inventory: DataFrame) -> DataFrame:
    """Selects the inventory's rows of published endpoints.

    Endpoints that are no longer listed are included with the counts of their publication.
    """
    still = inventory.join(published, [*ENDPOINT_KEY], "left_semi")
    lost = published.join(inventory, [*ENDPOINT_KEY], "left_anti").drop("publication", "last_day", "version")
    return still.unionByName(lost, allowMissingColumns=True)


def select_published_schemas(evidence: Evidence, schema_changes: DataFrame) -> DataFrame:
    """Selects the schemas of the published versions.

    Parameters that did not change since have the current evidence.
    """
    versions = evidence.published.select(*ENDPOINT_KEY, "version")
    stored = evidence.schemas.join(versions, [*ENDPOINT_KEY, "version"])
    changed = schema_changes.select(*ENDPOINT_KEY, F.col("compared.carried").alias("carried"))
    counts = latest(evidence.schemas).select(*ENDPOINT_KEY, F.col("requests").alias("now"))
    return (
        stored.join(changed, [*ENDPOINT_KEY], "left")
        .join(counts, [*ENDPOINT_KEY])
        .withColumns({"parameters": F.coalesce("carried", "parameters"), "requests": F.col("now")})
        .drop("carried", "now")
    )
