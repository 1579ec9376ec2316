"""HAR files -> STAGED rows: one file is one task, parsed as a whole in Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from pyspark.sql import DataFrame, SparkSession

from pipelines.runtime.errors import InputError
from pipelines.runtime.settings import IngestSettings
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.sources.files import read_files
from pipelines.transactions.sources.har_entries import parse_entries
from pipelines.transactions.tables import STAGED


def read(spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
    """Returns STAGED rows of HAR files; `line` is the number of the entry.

    A file that is not a HAR, is damaged or exceeds `settings.har_max_bytes` when decompressed becomes one row whose `error`
    begins with `FILE_ERROR`.
    """
    max_bytes = settings.har_max_bytes

    def rows(plain: BinaryIO) -> Iterator[dict[str, Any]]:
        content = plain.read(max_bytes + 1)
        if len(content) > max_bytes:
            problem = f"is larger than {max_bytes} bytes when decompressed (ingest.har_max_bytes)"
            raise InputError("HAR", problem, "Split it, or raise the setting.")
        for entry in parse_entries(content):
            yield {**entry, "is_blank": False, "block_start": 0, "row_id": entry["line"] - 1}

    return read_files(spark, inputs, rows, STAGED)
