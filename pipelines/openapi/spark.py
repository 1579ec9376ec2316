"""Writes one document per host and profile, with one host in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.openapi.document import Document, Origin, build_document
from pipelines.openapi.endpoint import Endpoint, endpoint_from_row
from pipelines.openapi.files import file_name, render_document
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
) -> list[WrittenDocument]:
    """Writes the documents of one variant to `out/PROFILE/HOST.FORM`.

    Args:
        endpoints: Merged endpoints.
        schemas: Their newest schemas.
        out: The directory.
        variant: How API requests were selected.
        profiles: The profiles to write.
        file_format: The file format.

    Raises:
        OutputError: A file cannot be written.
    """
    written: list[WrittenDocument] = []
    for host, whole in build_documents(endpoints, schemas, variant):
        for profile in profiles:
            file = out / profile / f"{file_name(host)}.{file_format}"
            write_atomically(file, render_document(convert_to_profile(whole, profile), file_format))
            written.append(WrittenDocument(host, profile, file))
    return written


def build_documents(
    endpoints: DataFrame, schemas: DataFrame, variant: Variant = "ml"
) -> Iterator[tuple[str, Document]]:
    """Yields each host, in order, with its 3.1 document.

    Args:
        endpoints: Merged endpoints.
        schemas: Their newest schemas.
        variant: How API requests were selected.
    """
    for host, found in _by_host(endpoints, schemas):
        yield host, build_document(host, found, Origin(package_version(), variant))


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
