"""All formats by name.

A new one is a module with `read`, a line here, and a rule in `inputs.detection`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.runtime.settings import IngestSettings
from pipelines.transactions.inputs.detection import Format
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.sources import combined, har, logpush


class Reader(Protocol):
    """Reads files of one format -> STAGED rows.

    There is one row per record or blank line, or one with `FILE_ERROR`.
    """

    def __call__(self, spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
        """Returns the rows of `inputs`; lazy."""


@dataclass(frozen=True, slots=True)
class Source:
    """A format: its name on the command line, and its reader."""

    name: Format
    read: Reader


SOURCES: Final[Mapping[Format, Source]] = {
    source.name: source
    for source in (
        Source("har", har.read),
        Source("logpush", logpush.read),
        Source("combined", combined.read),
    )
}


def read(spark: SparkSession, inputs: Sequence[Input], settings: IngestSettings) -> DataFrame:
    """Returns STAGED rows of all `inputs`, of any formats. `inputs` must not be empty."""
    by_format = {name: [entry for entry in inputs if entry.format == name] for name in SOURCES}
    frames = [
        SOURCES[name].read(spark, entries, settings).withColumn("format", F.lit(name))
        for name, entries in by_format.items()
        if entries
    ]
    return reduce(DataFrame.unionByName, frames)
