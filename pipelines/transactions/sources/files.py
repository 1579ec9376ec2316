"""Reads whole files in Python, where Spark's readers cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, DataType, LongType, MapType, StringType, StructType

from pipelines.runtime.errors import InputError
from pipelines.transactions.inputs.compression import DamagedError, TooLargeError, open_decompressed
from pipelines.transactions.inputs.spark.files import Input
from pipelines.transactions.tables import FILE_ERROR

Row = dict[str, Any]
_BATCH_ROWS = 2_000
_BATCH_CHARACTERS = (
    16 << 20
)  # limit of the texts in a batch: an Arrow string column holds 2 GiB at most, and a body may be large
_TASK_BYTES = 16 << 20  # stored bytes per task: starting one costs as much as reading a few megabytes
_TASKS_PER_CORE = 4
_SKIP_BYTES = 1 << 20
_GLOB = str.maketrans({char: "\\" + char for char in "{}[]*?\\"})
_FILES = "source string, path string, start long, content binary"
_ARROW: dict[type[DataType], pa.DataType] = {
    StringType: pa.string(),
    LongType: pa.int64(),
    BooleanType: pa.bool_(),
    MapType: pa.map_(pa.string(), pa.string()),
}


def read_files(
    spark: SparkSession,
    inputs: Sequence[Input],
    rows: Callable[[BinaryIO], Iterable[Row]],
    schema: StructType,
    max_bytes: int = sys.maxsize,
) -> DataFrame:
    """Reads each file in one task and returns its rows with the columns of `schema`.

    A compressed file that exceeds `max_bytes` counts as one that cannot be read to its end. A file that cannot be read to its end
    (`rows` may raise InputError) adds one row whose `error` begins with `FILE_ERROR`.

    Args:
        spark: the session.
        inputs: the files.
        rows: makes rows of a file's plain bytes from `Input.start` on; `source` is added to them.
        schema: columns of the rows, `source` among them.
        max_bytes: limit of the decompressed bytes of a file.
    """
    arrow = pa.schema([(field.name, _ARROW[type(field.dataType)]) for field in schema.fields])

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for file in batch.to_pylist():
                for some in _batched(_rows_of(file, rows, max_bytes)):  # never an empty batch
                    yield pa.RecordBatch.from_pylist(some, schema=arrow)

    return _files(spark, inputs).mapInArrow(read, schema)


def _files(spark: SparkSession, inputs: Sequence[Input]) -> DataFrame:
    """Returns `source, path, start, content` of the files.

    Local files are given by path and opened by the task, remote ones by content.
    """
    local = sorted(
        (entry for entry in inputs if entry.path is not None), key=lambda entry: -(entry.bytes or 0)
    )
    rows = [
        (entry.uri, str(entry.path.absolute()), entry.start, None)
        for entry in local
        if entry.path is not None
    ]
    some = _TASKS_PER_CORE * spark.sparkContext.defaultParallelism
    tasks = min(len(rows), max(some, sum(entry.bytes or 0 for entry in local) // _TASK_BYTES))
    files = spark.createDataFrame(rows, _FILES).repartition(
        max(1, tasks)
    )  # round robin, so that large files go to different tasks
    remote = [escape_glob(entry.location) for entry in inputs if entry.location is not None]
    if not remote:
        return files
    content = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(remote)
    return files.unionByName(
        content.select(
            F.col("_metadata.file_path").alias("source"),
            F.lit(None).cast("string").alias("path"),
            F.lit(0).cast("long").alias("start"),
            "content",
        )
    )


def escape_glob(location: str) -> str:
    """Escapes a location for Spark's readers, which treat it as a pattern."""
    return location.translate(_GLOB)


def _rows_of(file: Row, rows: Callable[[BinaryIO], Iterable[Row]], max_bytes: int) -> Iterator[Row]:
    source = file["source"]
    try:
        with open_decompressed(file["path"], file["content"], max_bytes) as plain:
            _skip(plain, file["start"])
            for row in rows(plain):
                yield {"source": source, **row}
    except (InputError, DamagedError, TooLargeError, OSError) as error:
        yield {"source": source, "error": f"{FILE_ERROR}{_problem(error)}", "is_blank": False}


def _skip(plain: BinaryIO, size: int) -> None:
    """Skips the first `size` plain bytes."""
    if plain.seekable():
        plain.seek(size)
        return
    while size and (piece := plain.read(min(size, _SKIP_BYTES))):
        size -= len(piece)


def _problem(error: Exception) -> str:
    if isinstance(error, InputError):
        return error.problem
    return f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)


def _batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yields non-empty lists of rows, limited in number and in text.

    The limits are `_BATCH_ROWS` rows and about `_BATCH_CHARACTERS` characters.
    """
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(
            {name: list(value.items()) if isinstance(value, dict) else value for name, value in row.items()}
        )
        size += sum(_length(value) for value in row.values())
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _length(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(name) + len(text) for name, text in value.items())
    return len(value) if isinstance(value, str) else 0
