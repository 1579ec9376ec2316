"""Endpoints and schemas → one document per host and profile, written as they stream in: one host in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.endpoints.keys import ENDPOINT_KEY
from pipelines.openapi.document import Document, Origin, document
from pipelines.openapi.endpoint import Endpoint, endpoint_of
from pipelines.openapi.files import file_name, rendered
from pipelines.openapi.profiles import as_profile
from pipelines.runtime.files import write_atomically
from pipelines.runtime.release import package_version
from pipelines.runtime.settings import Profile
from pipelines.selection.variant import Variant


@dataclass(frozen=True, slots=True)
class Written:
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
    form: Literal["yaml", "json"],
) -> list[Written]:
    """Merged endpoints and newest schemas of one variant → `out/PROFILE/HOST.FORM`.

    Raises:
        OutputError: a file cannot be written.
    """
    written: list[Written] = []
    for host, whole in documents(endpoints, schemas, variant):
        for profile in profiles:
            file = out / profile / f"{file_name(host)}.{form}"
            write_atomically(file, rendered(as_profile(whole, profile), form))
            written.append(Written(host, profile, file))
    return written


def documents(
    endpoints: DataFrame, schemas: DataFrame, variant: Variant = "ml"
) -> Iterator[tuple[str, Document]]:
    """Merged endpoints and newest schemas of `variant` → each host with its 3.1 document, in order."""
    for host, found in _by_host(endpoints, schemas):
        yield host, document(host, found, Origin(package_version(), variant))


def _by_host(endpoints: DataFrame, schemas: DataFrame) -> Iterator[tuple[str, list[Endpoint]]]:
    """Hosts in order, each with its endpoints and their schemas."""
    key = list(ENDPOINT_KEY)
    schema = F.struct(
        "requests", "left_out", "tested", "false_alarms", "writings", "media_types", "parameters"
    )
    joined = endpoints.join(schemas.select(*key, schema.alias("schema")), key, "left")
    rows = joined.orderBy("host", "path_template", "method").toLocalIterator()
    for host, group in groupby((row.asDict(recursive=True) for row in rows), key=_host):
        yield host, [endpoint_of(row) for row in group]


def _host(row: dict[str, Any]) -> str:
    return str(row["host"])
