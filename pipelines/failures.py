"""Failures of the JVM in the words of the user: which file, what is wrong with it, what to do."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pipelines.errors import CensusError, EnvironmentMissing, InputError, WarehouseError

UNREADABLE = re.compile(
    r"EOFException|ZipException|unexpected end|not in GZIP format|incorrect header check|"
    r"invalid (?:stored|block|distance|code|bit)|"
    r"ZstdIOException|Truncated source|Corrupted|crc error|Unknown frame descriptor|invalid literal",
    re.IGNORECASE,
)
FILE = re.compile(r"(?:reading file|file:) *'?((?:file|hdfs|s3a|abfss|gs):[^\s'\"]+?)'?[.,]?(?:\s|$)")
FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
DENIED = re.compile(
    r"Permission denied|Read-only file system|AccessControlException|Mkdirs failed", re.IGNORECASE
)


def explained(error: BaseException) -> CensusError | None:
    """The user's error behind a failure of Spark or the system, None where it is none that we know."""
    from py4j.protocol import (
        Py4JNetworkError,  # here: help and wrong usage must not load what belongs to Spark
    )

    if isinstance(error, Py4JNetworkError | ConnectionRefusedError | ConnectionResetError):
        return EnvironmentMissing(
            "Spark's Java process has ended, most likely for want of memory: raise spark.driver_memory in --settings (or "
            "--driver-memory of spark-submit). Tables hold what was committed, and running again is safe."
        )
    text = f"{error} {getattr(error, '__cause__', '') or ''}"
    place = FILE.search(text)
    if UNREADABLE.search(text):
        name = unquote(re.sub(r"^file:/+", "/", place[1])) if place else "an input file"
        return InputError(
            name,
            "the compressed data is damaged or cut short",
            "Copy the file again, or leave it out with ingest.unreadable_files: skip",
        )
    if FULL.search(text):
        return WarehouseError("no space left on the device. Free some, or give --warehouse another place.")
    if DENIED.search(text):
        return WarehouseError(
            f"permission denied ({one(text)}). Give --warehouse and --out folders that you may write."
        )
    return None


def one(text: str) -> str:
    """The first hundred characters around the denial, on one line."""
    match = DENIED.search(text)
    at = match.start() if match else 0
    return " ".join(text[max(0, at - 60) : at + 60].split())
