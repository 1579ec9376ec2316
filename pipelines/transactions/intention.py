"""What is about to be published, beside the tables: by it the next ingest finds what a killed one left half done.

It is written before the first table and removed after the ledger. So a batch that the ledger does not hold is in no table,
or its files are named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import orjson
from pyspark.sql import SparkSession

from pipelines.remote_file import RemoteFile
from pipelines.whole_file import write_whole

FILE = "publishing.json"


def declare(spark: SparkSession, folder: str, source_ids: Sequence[str]) -> None:
    """Writes which files are about to be published; it is stored when this returns."""
    content = orjson.dumps({"source_ids": sorted(source_ids)})
    if "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        write_whole(Path(folder) / FILE, content)
        return
    _remote(spark, folder).write(content)


def declared(spark: SparkSession, folder: str) -> list[str]:
    """The files of a publication that did not end, in most cases none.

    A file that is cut off was never whole (some file systems show it while it is written): nothing was published yet.
    """
    content = _content(spark, folder)
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        return [str(source_id) for source_id in orjson.loads(content or b"{}")["source_ids"]]
    return []


def withdraw(spark: SparkSession, folder: str) -> None:
    """Removes it: all is published."""
    if "://" not in folder:
        (Path(folder) / FILE).unlink(missing_ok=True)
        return
    _remote(spark, folder).delete()


def _content(spark: SparkSession, folder: str) -> bytes | None:
    if "://" not in folder:
        file = Path(folder) / FILE
        return file.read_bytes() if file.is_file() else None
    return _remote(spark, folder).read()


def _remote(spark: SparkSession, folder: str) -> RemoteFile:
    return RemoteFile(spark, f"{folder.rstrip('/')}/{FILE}")
