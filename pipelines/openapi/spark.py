"""Writes one document per host and profile, with one host in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.openapi.confidence import keep_confident, split_evidence
from pipelines.openapi.document import Document, Origin, build_document
from pipelines.openapi.endpoint import Endpoint, endpoint_from_row
from pipelines.openapi.files import evidence_file_name, file_name, json_bytes, render_document
from pipelines.openapi.profiles import convert_to_profile
from pipelines.runtime.files import write_atomically
from pipelines.runtime.release import package_version
from pipelines.runtime.settings import Profile
from pipelines.selection.variant import Variant


@dataclass(frozen=True, slots=True)
class WrittenDocument:
    """One written document."""

    host: str
    profile: Profile
    file: Path


def write_documents(
    endpoints: DataFrame,
    schemas: DataFrame,
    out: Path,
    *,
    variant: Variant = "ml",
    profiles: Sequence[Profile],
    file_format: Literal["yaml", "json"],
    confidence: Mapping[Profile, float],
) -> list[WrittenDocument]:
    """Writes the documents of one variant to `out/PROFILE/HOST.FORM`.

    The evidence of each is in `out/PROFILE/HOST.evidence.json`.

    Args:
        endpoints: Merged endpoints.
        schemas: Their newest schemas.
        out: The directory.
        variant: How API requests were selected.
        profiles: The profiles to write.
        file_format: The file format.
        confidence: The least confidence of the constraints that each profile has.

    Raises:
        OutputError: A file cannot be written.
    """
    written: list[WrittenDocument] = []
    for host, found in _by_host(endpoints, schemas):
        of_confidence = {
            least: _build(host, found, variant, least) for least in {confidence[one] for one in profiles}
        }
        for profile in profiles:
            document = convert_to_profile(of_confidence[confidence[profile]], profile)
            file = out / profile / f"{file_name(host)}.{file_format}"
            short, evidence = split_evidence(document)
            write_atomically(file, render_document(short, file_format))
            write_atomically(out / profile / evidence_file_name(host), json_bytes(evidence))
            written.append(WrittenDocument(host, profile, file))
    return written


def build_documents(
    endpoints: DataFrame, schemas: DataFrame, variant: Variant = "ml"
) -> Iterator[tuple[str, Document]]:
    """Yields each host, in order, with its 3.1 document and all evidence in it.

    Args:
        endpoints: Merged endpoints.
        schemas: Their newest schemas.
        variant: How API requests were selected.
    """
    for host, found in _by_host(endpoints, schemas):
        yield host, _build(host, found, variant)


def _build(host: str, endpoints: Sequence[Endpoint], variant: Variant, least: float = 0.0) -> Document:
    kept = [keep_confident(endpoint, least) for endpoint in endpoints]
    return build_document(host, kept, Origin(package_version(), variant, least_confidence=least))


def _by_host(endpoints: DataFrame, schemas: DataFrame) -> Iterator[tuple[str, list[Endpoint]]]:
    """Yields hosts in order, each with its endpoints and their schemas."""
    key = list(ENDPOINT_KEY)
    schema = F.struct(
        "requests", "left_out", "tested", "false_alarms", "path_variants", "media_types", "parameters"
    )
    joined = endpoints.join(schemas.select(*key, schema.alias("schema")), key, "left")
    rows = joined.orderBy("host", "path_template", "method").toLocalIterator()
    for host, group in groupby((row.asDict(recursive=True) for row in rows), key=_host):
        yield host, [endpoint_from_row(row) for row in group]


def _host(row: dict[str, Any]) -> str:
    return str(row["host"])
